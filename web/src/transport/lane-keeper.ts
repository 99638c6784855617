/**
 * Keeps one lane under a session: opens WebSockets, again and again with back-off while none is up, at once when the
 * network comes back or somebody looks at the page. Belongs to one session; what it knows about success and failure
 * (`Reconnection`) is shared with the sessions before and after.
 */

import type { PortLike } from "../base/frame-port.ts";
import type { Environment } from "./environment.ts";
import type { Pump } from "./pump.ts";
import type { Reconnection } from "./reconnection.ts";
import { type LaneEvents, SUBPROTOCOL, WebSocketLane } from "./websocket-lane.ts";

/** What HELLO calls the lanes that a lane keeper opens. */
export const LANE_KIND = "websocket";

/** What a lane keeper tells the transport. */
export interface LaneKeeperEvents {
  /** No lane is up; the next attempt is under way or waits. `opened` tells whether the last carrier ever was up. */
  failed(opened: boolean): void;
  /** The gateway closed the carrier with one of the session's codes and said nothing on it. */
  refused(code: number, reason: string): void;
  /** Tried for long enough. */
  gaveUp(): void;
  /** A text message came, which no lane may carry. */
  malformed(): void;
}

/** The lane of one session. */
export class LaneKeeper<Port extends PortLike> implements LaneEvents {
  readonly #url: string;
  readonly #environment: Environment<Port>;
  readonly #pump: Pump;
  readonly #reconnection: Reconnection;
  readonly #events: LaneKeeperEvents;
  #lane: WebSocketLane | null = null;
  #nextLaneId = 0;
  #timer: number | null = null;
  #online: boolean;
  #stopped = false;

  /** @param url the session's own address. */
  constructor(
    url: string,
    environment: Environment<Port>,
    pump: Pump,
    reconnection: Reconnection,
    events: LaneKeeperEvents,
    online: boolean,
  ) {
    this.#url = url;
    this.#environment = environment;
    this.#pump = pump;
    this.#reconnection = reconnection;
    this.#events = events;
    this.#online = online;
  }

  /** Try to have a lane, after the delay that is due; offline it waits for the network instead. */
  connect(): void {
    if (this.#stopped || !this.#online || this.#lane !== null || this.#timer !== null) return;
    const delay = this.#reconnection.nextDelay(this.#environment.clock.monotonic());
    if (delay === null) {
      this.#events.gaveUp();
      return;
    }
    this.#timer = this.#environment.timers.start(() => {
      this.#timer = null;
      this.#open();
    }, delay);
  }

  /** Try at once if no lane is up or on its way. */
  hurry(): void {
    if (this.#lane !== null) return;
    this.#reconnection.encouraged(this.#environment.clock.monotonic());
    this.#stopTimer();
    this.connect();
  }

  /** The network is there or not, says the browser. */
  setOnline(online: boolean): void {
    if (online === this.#online) return;
    this.#online = online;
    if (!online) {
      this.#stopTimer();
      return;
    }
    // The old connection belongs to the old network. If it lives after all, a new one costs a round trip; if it does
    // not, waiting for its end costs many seconds.
    this.#dropLane();
    this.hurry();
  }

  /** The engine has given up on a lane. */
  laneGivenUp(laneId: number): void {
    if (this.#lane?.laneId !== laneId) return;
    this.#lane = null;
    this.#lost(true);
  }

  /** Open no more. A lane that is up is left to the pump, which closes it once CLOSE has been written. */
  stop(): void {
    this.#stopped = true;
    this.#stopTimer();
  }

  opened(laneId: number): void {
    const lane = this.#lane;
    if (lane === null || lane.laneId !== laneId) return;
    if (this.#stopped) {
      lane.close(1000, "");
      return;
    }
    this.#pump.session.openLane(laneId, LANE_KIND, this.#environment.clock.monotonic());
    this.#pump.attach(lane);
  }

  received(laneId: number, message: Uint8Array<ArrayBuffer> | null): void {
    if (message === null) this.#events.malformed();
    else this.#pump.receive(laneId, message);
  }

  writable(laneId: number): void {
    this.#pump.writable(laneId);
  }

  lost(laneId: number, code: number, reason: string, opened: boolean): void {
    if (this.#lane?.laneId !== laneId) return;
    this.#lane = null;
    if (opened && code >= 4000 && !this.#pump.session.isClosed) {
      this.#events.refused(code, reason);
      return;
    }
    this.#pump.detach(laneId);
    this.#lost(opened);
  }

  #open(): void {
    const laneId = this.#nextLaneId;
    this.#nextLaneId += 1;
    const socket = this.#environment.openSocket(this.#url, SUBPROTOCOL);
    this.#lane = new WebSocketLane(laneId, socket, this, this.#environment.timers);
  }

  #dropLane(): void {
    const lane = this.#lane;
    if (lane === null) return;
    this.#lane = null;
    lane.close(1000, "");
    this.#pump.detach(lane.laneId);
  }

  #lost(opened: boolean): void {
    if (this.#stopped) return;
    this.#reconnection.failed(this.#environment.clock.monotonic());
    this.#events.failed(opened);
    this.connect();
  }

  #stopTimer(): void {
    if (this.#timer !== null) this.#environment.timers.cancel(this.#timer);
    this.#timer = null;
  }
}
