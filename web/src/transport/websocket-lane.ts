/**
 * A lane over a WebSocket (PROTOCOL.md §2.1): one binary WebSocket message is one tunnel message.
 *
 * A browser never says when its socket's buffer has drained, so a lane that is full looks again every few milliseconds.
 * Its bound keeps what is stale in the session, which can drop it, instead of in the socket, which cannot.
 *
 * Its id is given to it when it says HELLO: ids count up in that order, whichever handshake was quickest.
 */

import type { Timers } from "../base/clock.ts";
import { type Seconds, seconds } from "../base/time.ts";
import { type Carrier, type LaneEvents, sayable } from "./carrier.ts";

/** The subprotocol that both sides name in the handshake. */
export const SUBPROTOCOL = "wsmedia.v1";

/** Octets in the socket's own buffer above which the lane takes no message. */
const MAX_BUFFERED_BYTES = 65_536;
const DRAIN_CHECK: Seconds = seconds(0.005);
const OPEN_TIMEOUT: Seconds = seconds(10);

/** The part of `WebSocket` that a lane needs. */
export interface SocketLike {
  binaryType: string;
  readonly bufferedAmount: number;
  onopen: ((event: Event) => void) | null;
  onmessage: ((event: MessageEvent) => void) | null;
  onclose: ((event: CloseEvent) => void) | null;
  send(data: Uint8Array<ArrayBuffer>): void;
  close(code?: number, reason?: string): void;
}

/** Opens a carrier; throws if the address is impossible. */
export type OpenSocket = (url: string, subprotocol: string) => SocketLike;

/** One WebSocket. It holds no queue of its own. */
export class WebSocketLane implements Carrier {
  /** As in HELLO; -1 before. */
  laneId = -1;
  /** The browser itself closes it, and says that the page goes away. */
  readonly farewell = null;
  readonly #socket: SocketLike;
  readonly #events: LaneEvents;
  readonly #timers: Timers;
  #timer: number | null;
  #opened = false;
  #over = false;

  constructor(socket: SocketLike, events: LaneEvents, timers: Timers) {
    this.#socket = socket;
    this.#events = events;
    this.#timers = timers;
    this.#timer = timers.start(() => this.#lose(1006, "", true), OPEN_TIMEOUT);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      this.#stopTimer();
      this.#opened = true;
      events.opened();
    };
    socket.onmessage = ({ data }) => {
      events.received(data instanceof ArrayBuffer ? new Uint8Array(data) : null);
    };
    // An error is always followed by close.
    socket.onclose = (event) => this.#lose(event.code, event.reason, false);
  }

  /** Take one message. Returns false when no other may follow until `writable`. */
  write(message: Uint8Array<ArrayBuffer>): boolean {
    this.#socket.send(message);
    if (this.#socket.bufferedAmount < MAX_BUFFERED_BYTES) return true;
    this.#waitForDrain();
    return false;
  }

  /** Close the carrier once all is written; 1001 and the like become 1000, which is all that a page may say. */
  close(code: number, reason: string): void {
    if (this.#over) return;
    this.#end();
    this.#socket.close(sayable(code), reason);
  }

  #waitForDrain(): void {
    this.#timer ??= this.#timers.start(() => {
      this.#timer = null;
      if (this.#socket.bufferedAmount < MAX_BUFFERED_BYTES) this.#events.writable();
      else this.#waitForDrain();
    }, DRAIN_CHECK);
  }

  #lose(code: number, reason: string, closeSocket: boolean): void {
    this.#end();
    if (closeSocket) this.#socket.close();
    this.#events.lost(code, reason, this.#opened);
  }

  #end(): void {
    this.#over = true;
    this.#stopTimer();
    this.#socket.onopen = null;
    this.#socket.onmessage = null;
    this.#socket.onclose = null;
  }

  #stopTimer(): void {
    if (this.#timer !== null) this.#timers.cancel(this.#timer);
    this.#timer = null;
  }
}
