/**
 * CONTROL over lanes that come and go: numbered, in order, once, and never lost (PROTOCOL.md §3.3).
 *
 * The sender keeps every message until it is acknowledged, and knows which lane carried it, so that the loss of a lane
 * sends exactly its unacknowledged messages again. The receiver drops what it has seen and holds back what came early.
 */

import { CloseCode, RemoteProtocolError } from "../base/errors.ts";
import { type Control, encodeControl } from "../wire/codec.ts";
import type { ControlMessage, KnownControl } from "../wire/control.ts";

/** A sender whose application queues more has a far end that does not keep up; the session ends with `overloaded`. */
export const MAX_UNACKNOWLEDGED = 1024;
/** How far above the last number in order another may be, sent or received; bounds what the receiver holds back. */
export const MAX_AHEAD = 256;

interface Entry {
  readonly sequenceNumber: number;
  readonly data: Uint8Array<ArrayBuffer>;
  laneId: number | null;
}

/** Our direction: messages from the application until the far end acknowledges them. */
export class ControlSender {
  #acknowledged = 0;
  #highestSent = 0;
  #lastQueued = 0;
  readonly #kept: Entry[] = [];
  #toSend: Entry[] = [];

  /**
   * Queue one message.
   *
   * @throws RemoteProtocolError too many are unacknowledged: the promise to deliver cannot be kept; `overloaded`.
   */
  send(message: KnownControl): void {
    if (this.#kept.length >= MAX_UNACKNOWLEDGED) {
      throw new RemoteProtocolError("the far end does not take our CONTROL messages", CloseCode.OVERLOADED);
    }
    this.#lastQueued += 1;
    const data = encodeControl(this.#lastQueued, message);
    const entry: Entry = { sequenceNumber: this.#lastQueued, data, laneId: null };
    this.#kept.push(entry);
    this.#toSend.push(entry);
  }

  /** Whether a message waits for a lane. */
  get isWaiting(): boolean {
    return this.#toSend.length > 0;
  }

  /** The next message for that lane, or null. */
  nextMessage(laneId: number): Uint8Array<ArrayBuffer> | null {
    for (;;) {
      const entry = this.#toSend[0];
      if (entry === undefined || entry.sequenceNumber > this.#acknowledged + MAX_AHEAD) return null;
      this.#toSend.shift();
      // WELCOME may have acknowledged what a lost lane made us want to repeat.
      if (entry.sequenceNumber > this.#acknowledged) {
        entry.laneId = laneId;
        this.#highestSent = Math.max(this.#highestSent, entry.sequenceNumber);
        return entry.data;
      }
    }
  }

  /** The far end has everything up to this number. @throws RemoteProtocolError the number was never sent. */
  acknowledge(controlReceived: number): void {
    if (controlReceived > this.#highestSent) {
      throw new RemoteProtocolError("CONTROL acknowledged that was never sent");
    }
    this.#acknowledged = Math.max(this.#acknowledged, controlReceived);
    for (let first = this.#kept[0]; first !== undefined; first = this.#kept[0]) {
      if (first.sequenceNumber > this.#acknowledged) break;
      this.#kept.shift();
    }
  }

  /** Queue again, in order, what only that lane carried. */
  laneLost(laneId: number): void {
    for (const entry of this.#kept) if (entry.laneId === laneId) entry.laneId = null;
    this.#toSend = this.#kept.filter((entry) => entry.laneId === null);
  }
}

/** The far end's direction. */
export class ControlReceiver {
  #received = 0;
  readonly #early = new Map<number, ControlMessage>();

  /** The highest number below which nothing is missing. */
  get received(): number {
    return this.#received;
  }

  /**
   * Take one CONTROL from any lane.
   *
   * @returns what the application gets now, in order: nothing for a repetition or an early one.
   * @throws RemoteProtocolError the number is too far ahead.
   */
  receive({ sequenceNumber, message }: Control): ControlMessage[] {
    if (sequenceNumber <= this.#received || this.#early.has(sequenceNumber)) return [];
    if (sequenceNumber > this.#received + MAX_AHEAD) throw new RemoteProtocolError("CONTROL too far ahead");
    this.#early.set(sequenceNumber, message);
    const ready: ControlMessage[] = [];
    for (;;) {
      const next = this.#early.get(this.#received + 1);
      if (next === undefined) return ready;
      this.#received += 1;
      this.#early.delete(this.#received);
      ready.push(next);
    }
  }
}
