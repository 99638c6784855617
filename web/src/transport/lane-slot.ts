/**
 * The life of one lane, from its carrier's first request to its end. The lane keeper makes a slot for every attempt, says
 * when it may greet, and throws it away when it is over.
 *
 *     opening ──open──> waiting ──greet──> greeted ──WELCOME──> up
 *
 * A slot waits with HELLO until the keeper lets it: only one lane at a time may begin or resume a session, and the others
 * join what that one has brought about.
 */

import type { Seconds } from "../base/time.ts";
import type { Carrier, LaneEvents } from "./carrier.ts";
import type { LaneKind } from "./lane-kinds.ts";
import type { Pump } from "./pump.ts";

/** How far a lane has come. */
export type SlotState = "opening" | "waiting" | "greeted" | "up";

/** What a slot tells its keeper. Nothing comes after `lost`, or after the keeper's `close`. */
export interface SlotEvents {
  /** The carrier is there: HELLO may follow. */
  opened(slot: LaneSlot): void;
  /** The carrier is gone; see `LaneEvents.lost`. The session has not been told yet. */
  lost(slot: LaneSlot, code: number, reason: string, opened: boolean): void;
  /** A text message came, which no lane may carry. */
  malformed(): void;
}

/** One attempt at a lane. */
export class LaneSlot implements LaneEvents {
  state: SlotState = "opening";
  readonly kind: LaneKind;
  readonly begunAt: Seconds;
  readonly #pump: Pump;
  readonly #events: SlotEvents;
  readonly #lane: Carrier;
  #upSince: Seconds | null = null;

  /** @param open begins to open the carrier. */
  constructor(kind: LaneKind, open: (events: LaneEvents) => Carrier, pump: Pump, events: SlotEvents, now: Seconds) {
    this.kind = kind;
    this.begunAt = now;
    this.#pump = pump;
    this.#events = events;
    this.#lane = open(this);
  }

  /** The id that HELLO gave the lane; -1 before. */
  get laneId(): number {
    return this.#lane.laneId;
  }

  /** See `Carrier`. */
  get farewell(): string | null {
    return this.#lane.farewell;
  }

  /** Say HELLO. */
  greet(laneId: number, now: Seconds): void {
    this.state = "greeted";
    this.#lane.laneId = laneId;
    this.#pump.session.openLane(laneId, this.kind, now);
    this.#pump.attach(this.#lane);
  }

  /** The gateway has welcomed the lane. */
  welcomed(now: Seconds): void {
    this.state = "up";
    this.#upSince = now;
  }

  /** Seconds since it was welcomed; 0 if it never was. */
  upFor(now: Seconds): number {
    return this.#upSince === null ? 0 : now - this.#upSince;
  }

  /** Close the carrier and take the lane out of the session, which goes on. */
  close(): void {
    this.#lane.close(1000, "");
    this.detach();
  }

  /** The session has this lane no more. */
  detach(): void {
    if (this.laneId >= 0) this.#pump.detach(this.laneId);
  }

  opened(): void {
    this.state = "waiting";
    this.#events.opened(this);
  }

  received(message: Uint8Array<ArrayBuffer> | null): void {
    // A gateway that has waited for HELLO for too long says so before it closes; that concerns no session.
    if (this.laneId < 0) return;
    if (message === null) this.#events.malformed();
    else this.#pump.receive(this.laneId, message);
  }

  writable(): void {
    this.#pump.writable(this.laneId);
  }

  lost(code: number, reason: string, opened: boolean): void {
    this.#events.lost(this, code, reason, opened);
  }
}
