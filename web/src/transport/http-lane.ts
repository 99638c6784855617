/**
 * A lane over HTTP requests (PROTOCOL.md §2.2, §2.3), with a download of one kind or the other behind one interface:
 * `http-stream.ts` reads one long response, `http-poll.ts` asks again and again.
 *
 * A stream says HELLO only when its marker has come: before, nobody knows whether something on the way keeps the response
 * back, and the gateway would write what no one gets to see.
 */

import { CloseCode } from "../base/errors.ts";
import { type Seconds, seconds } from "../base/time.ts";
import { BatchReader } from "../wire/batch.ts";
import { type Carrier, type LaneEvents, sayable } from "./carrier.ts";
import { HttpPolls } from "./http-poll.ts";
import { HttpStream } from "./http-stream.ts";
import { ABNORMAL, HttpUpload, type LaneEnd, type UploadWorld } from "./http-upload.ts";

/** What a gateway may send; no session has begun that could know better. */
const MAX_MESSAGE_BYTES = 16_777_216;
const OPEN_TIMEOUT: Seconds = seconds(10);
/** How long after another request's answer the marker of a stream may come. */
const MARKER_PATIENCE: Seconds = seconds(0.8);
const PADDING = 0x80;

/** What fetches messages. */
export interface Download {
  start(): void;
  stop(): void;
}

/** What a download tells its lane. */
export interface DownloadEvents {
  received(octets: Uint8Array<ArrayBuffer>): void;
  ended(end: LaneEnd): void;
}

/** One carrier of HTTP requests. */
export class HttpLane implements Carrier {
  /** As in HELLO; -1 before. */
  laneId = -1;
  readonly farewell: string;
  readonly #events: LaneEvents;
  readonly #world: UploadWorld;
  readonly #upload: HttpUpload;
  readonly #download: Download;
  readonly #reader = new BatchReader(MAX_MESSAGE_BYTES);
  #timer: number | null = null;
  #opened = false;
  #over = false;

  /** @param url the carrier's own address. */
  constructor(kind: "http-stream" | "http-poll", url: string, events: LaneEvents, world: UploadWorld) {
    this.farewell = `${url}/end/${CloseCode.LEFT}`;
    this.#events = events;
    this.#world = world;
    this.#upload = new HttpUpload(url, world, {
      writable: () => events.writable(),
      answered: () => this.#answered(),
      lost: (end) => this.#lose(end),
    });
    const heard: DownloadEvents = {
      received: (octets) => this.#received(octets),
      ended: (end) => this.#lose(end),
    };
    this.#download = kind === "http-stream" ? new HttpStream(url, world, heard) : new HttpPolls(url, world, heard);
    this.#expect(OPEN_TIMEOUT);
    this.#download.start();
    if (kind === "http-stream") this.#upload.knock();
    else queueMicrotask(() => this.#open());
  }

  get isReady(): boolean {
    return this.#upload.isReady;
  }

  write(message: Uint8Array<ArrayBuffer>): boolean {
    this.#upload.write(message);
    return true;
  }

  close(code: number): void {
    if (this.#over) return;
    this.#end();
    this.#upload.close(sayable(code));
  }

  #received(octets: Uint8Array<ArrayBuffer>): void {
    let messages: Uint8Array<ArrayBuffer>[];
    try {
      messages = this.#reader.read(octets);
    } catch {
      // Something on the way answers in the gateway's place.
      this.#lose(ABNORMAL);
      return;
    }
    for (const message of messages) {
      if (this.#over) return;
      if (!this.#opened && message[0] === PADDING) this.#open();
      else this.#events.received(message);
    }
  }

  /** Another request came through: the marker has nothing to wait for. */
  #answered(): void {
    if (this.#opened) return;
    this.#expect(MARKER_PATIENCE);
  }

  #open(): void {
    if (this.#over) return;
    this.#opened = true;
    this.#stopTimer();
    this.#events.opened();
  }

  #lose(end: LaneEnd): void {
    if (this.#over) return;
    this.#end();
    this.#upload.abort();
    this.#events.lost(end.code, end.reason, this.#opened);
  }

  #end(): void {
    this.#over = true;
    this.#stopTimer();
    this.#download.stop();
  }

  #expect(within: Seconds): void {
    this.#stopTimer();
    this.#timer = this.#world.timers.start(() => this.#lose(ABNORMAL), within);
  }

  #stopTimer(): void {
    if (this.#timer !== null) this.#world.timers.cancel(this.#timer);
    this.#timer = null;
  }
}
