/**
 * Drives one session over its lanes: gives it bytes and time, writes what it wants written, hands out its events.
 *
 * Everything happens in the call that caused it (a message came, a lane became writable, an encoder gave a frame, a timer
 * fired), so a frame is on its way within one turn of the event loop. What throws inside ends this session only.
 */

import type { Clock, Timers } from "../base/clock.ts";
import { CloseCode } from "../base/errors.ts";
import { type Seconds, seconds } from "../base/time.ts";
import type { SessionEvent } from "../session/events.ts";
import type { Session } from "../session/session.ts";

/** The part of a lane that the pump writes to. */
export interface PumpLane {
  readonly laneId: number;
  /** False while what is written would only wait here; `Pump.writable` follows. Absent: always true. */
  readonly isReady?: boolean;
  /** Take one message; false when no other may follow until `Pump.writable`. */
  write(message: Uint8Array<ArrayBuffer>): boolean;
  close(code: number, reason: string): void;
}

type ClosedEvent = Extract<SessionEvent, { type: "closed" }>;

const GOING_AWAY = 1001; // RFC 6455 §7.4.1
// Browsers count timers in whole milliseconds; one that fires early would spin until its time has come.
const SHORTEST_TIMER = 0.001;

/** Counts what crossed the lanes; frames sent are those that the session took, dropped ones included. */
export interface PumpCounters {
  bytesSent: number;
  bytesReceived: number;
  framesSent: number;
  framesReceived: number;
}

/** Runs `session`; nobody else calls its `receiveMessage`, `nextMessage` or `handleTimeout`. */
export class Pump {
  readonly session: Session;
  readonly counters: PumpCounters = { bytesSent: 0, bytesReceived: 0, framesSent: 0, framesReceived: 0 };
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #onEvent: (event: SessionEvent) => void;
  readonly #onSettled: () => void;
  readonly #lanes = new Map<number, PumpLane>();
  readonly #blocked = new Set<number>();
  #closed: ClosedEvent | null = null;
  #timer: number | null = null;
  #timerDue = 0;
  #settling = false;
  #touched = false;

  /**
   * @param onEvent called with each event in order; it may call the session's `send…` and `close`.
   * @param onSettled called when nothing is left to be done for the moment.
   */
  constructor(
    session: Session,
    clock: Clock,
    timers: Timers,
    onEvent: (event: SessionEvent) => void,
    onSettled: () => void,
  ) {
    this.session = session;
    this.#clock = clock;
    this.#timers = timers;
    this.#onEvent = onEvent;
    this.#onSettled = onSettled;
  }

  /** Begin to write on `lane`, which the session knows already (`openLane`). */
  attach(lane: PumpLane): void {
    this.#lanes.set(lane.laneId, lane);
    this.wake();
  }

  /** The carrier of a lane is lost; unknown ids are ignored. */
  detach(laneId: number): void {
    if (!this.#lanes.delete(laneId)) return;
    this.#blocked.delete(laneId);
    this.session.laneLost(laneId, this.#now());
    this.wake();
  }

  /** Give the session one message that a lane brought. */
  receive(laneId: number, message: Uint8Array<ArrayBuffer>): void {
    this.counters.bytesReceived += message.length;
    this.#guard(() => this.session.receiveMessage(laneId, message, this.#now()));
    this.wake();
  }

  /** A lane whose `write` returned false can take another message. */
  writable(laneId: number): void {
    this.#blocked.delete(laneId);
    this.wake();
  }

  /** Do what the session wants now. Call it after every `send…` or `close` from outside `onEvent`. */
  wake(): void {
    this.#touched = true;
    if (this.#settling) return;
    this.#settling = true;
    try {
      while (this.#touched) {
        this.#touched = false;
        this.#guard(() => this.#settle());
      }
    } finally {
      this.#settling = false;
    }
    this.#onSettled();
  }

  /** Cancel the timer and close the carriers without a word to the far end. */
  stop(): void {
    this.#stopTimer();
    for (const lane of this.#lanes.values()) lane.close(GOING_AWAY, "");
    this.#lanes.clear();
  }

  #now(): Seconds {
    return this.#clock.monotonic();
  }

  #guard(action: () => void): void {
    try {
      action();
    } catch (error) {
      reportError(error);
      if (this.#closed === null) {
        this.session.close(CloseCode.INTERNAL_ERROR, "", this.#now());
        this.#touched = true;
      } else {
        this.#finish(this.#closed);
      }
    }
  }

  #settle(): void {
    let events = this.session.eventsReceived();
    for (;;) {
      this.#dispatch(events);
      this.#writeAll();
      if (this.#closed !== null) break;
      // Writing makes events too: the engine drops what has grown stale when it is asked for the next message.
      events = this.session.eventsReceived();
      if (events.length === 0) break;
    }
    if (this.#closed === null) this.#schedule();
    else this.#finish(this.#closed);
  }

  #dispatch(events: readonly SessionEvent[]): void {
    for (const event of events) {
      if (event.type === "closed") this.#closed = event;
      else if (event.type === "laneLost") this.#abandon(event.laneId);
      this.#onEvent(event);
    }
  }

  /**
   * One message from each lane in turn, lest the first one take all pieces of a frame; a pull on one lane may bring up
   * messages for lanes that had none before: go on until a whole pass wrote nothing.
   */
  #writeAll(): void {
    let written = true;
    while (written) {
      written = false;
      for (const lane of this.#lanes.values()) written = this.#write(lane) || written;
    }
  }

  #abandon(laneId: number): void {
    this.#blocked.delete(laneId);
    const lane = this.#lanes.get(laneId);
    this.#lanes.delete(laneId);
    // Not one of the session's close codes: the session lives, only this carrier is given up.
    lane?.close(GOING_AWAY, "lane given up");
  }

  /** Write one message; returns whether there was any. */
  #write(lane: PumpLane): boolean {
    if (this.#blocked.has(lane.laneId)) return false;
    // Last words need not wait for their turn.
    if (lane.isReady === false && this.#closed === null) return false;
    const message = this.session.nextMessage(lane.laneId, this.#now());
    if (message === null) return false;
    this.counters.bytesSent += message.length;
    if (!lane.write(message)) this.#blocked.add(lane.laneId);
    return true;
  }

  #schedule(): void {
    const due = this.session.nextTimeout();
    if (due === null) return;
    if (this.#timer !== null) {
      // A timer that fires too early looks again and costs less than a timer made anew for every message.
      if (this.#timerDue <= due) return;
      this.#stopTimer();
    }
    this.#timerDue = due;
    const delay = seconds(Math.max(SHORTEST_TIMER, due - this.#now()));
    this.#timer = this.#timers.start(() => this.#fire(), delay);
  }

  #fire(): void {
    this.#timer = null;
    const now = this.#now();
    const due = this.session.nextTimeout();
    if (due !== null && due <= now) this.#guard(() => this.session.handleTimeout(now));
    this.wake();
  }

  #finish(closed: ClosedEvent): void {
    // A lane that still has CLOSE to write is closed when it has become writable and taken it.
    for (const [laneId, lane] of this.#lanes) {
      if (this.#blocked.has(laneId)) continue;
      this.#lanes.delete(laneId);
      lane.close(closed.code, closed.reason);
    }
    this.#stopTimer();
  }

  #stopTimer(): void {
    if (this.#timer !== null) this.#timers.cancel(this.#timer);
    this.#timer = null;
  }
}
