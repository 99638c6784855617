/** When to send an ACK, on which lane, and what stands in it (PROTOCOL.md §3.5). */

import { type Microseconds, type Seconds, seconds } from "../base/time.ts";
import { type Ack, MAX_ACKNOWLEDGED_LANES } from "../wire/path.ts";
import type { Lane } from "./lane.ts";

/** Short enough for the sender to see a queue grow, long enough to share one ACK among several frames. */
export const MAX_ACK_DELAY: Seconds = seconds(0.02);
/** So many are held because some stall. */
export const MANY_LANES = 3;
/** With that many lanes or more: the sender has to see which of them stall. */
const HASTY_ACK_DELAY: Seconds = seconds(0.012);
/** Seconds after which any lane may carry an ACK that is due: the one whose turn it is takes nothing. */
const TURN_PATIENCE = 0.01;

/**
 * Notes what arrives and says when an ACK is due.
 *
 * Lanes take turns: one that is stalled then delays one ACK, and the next one on another lane says all that it said.
 */
export class Acknowledger {
  #dueAt: Seconds | null = null;
  /** The lanes that carried the latest ones. */
  readonly #recent: number[] = [];

  /** When an ACK has to leave; null if nothing is to be acknowledged. */
  get dueAt(): Seconds | null {
    return this.#dueAt;
  }

  /** When a lane has to be asked next, later than it was asked last; null if nothing is due. */
  nextDueAfter(handledAt: number): Seconds | null {
    const dueAt = this.#dueAt;
    if (dueAt === null || handledAt >= dueAt + TURN_PATIENCE) return null;
    return handledAt < dueAt ? dueAt : seconds(dueAt + TURN_PATIENCE);
  }

  /** Something other than an ACK arrived on one of so many lanes. */
  received(laneCount: number, now: Seconds): void {
    this.#dueAt ??= seconds(now + (laneCount >= MANY_LANES ? HASTY_ACK_DELAY : MAX_ACK_DELAY));
  }

  /** The ACK that left on the lost lane may be lost too: what it said is said again. */
  laneLost(others: readonly Lane[], now: Seconds): void {
    for (const lane of others) lane.messagesReported = 0;
    if (others.some((lane) => lane.messagesReceived > 0)) this.#dueAt ??= now;
  }

  /** Whether that lane, one of so many, should carry an ACK now. */
  isDue(laneId: number, laneCount: number, now: Seconds): boolean {
    const dueAt = this.#dueAt;
    if (dueAt === null || now < dueAt) return false;
    while (this.#recent.length > Math.floor(laneCount / 2)) this.#recent.shift();
    if (this.#recent.includes(laneId) && now < dueAt + TURN_PATIENCE) return false;
    this.#recent.push(laneId);
    return true;
  }

  /** The ACK of what is news, at most `MAX_ACKNOWLEDGED_LANES` lanes; it counts as sent. */
  make(lanes: readonly Lane[], controlReceived: number, now: Seconds): Ack {
    this.#dueAt = null;
    const sentAtUs = Math.floor(now * 1e6) as Microseconds;
    const news = lanes.filter((lane) => lane.hasNews(now)).slice(0, MAX_ACKNOWLEDGED_LANES);
    return { type: "ack", controlReceived, sentAtUs, lanes: news.map((lane) => lane.receipt(sentAtUs)) };
  }
}
