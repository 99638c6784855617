/** When to send an ACK, on which lane, and what stands in it (PROTOCOL.md §3.5). */

import { type Microseconds, type Seconds, seconds } from "../base/time.ts";
import { type Ack, MAX_ACKNOWLEDGED_LANES } from "../wire/path.ts";
import type { Lane } from "./lane.ts";

/** Short enough for the sender to see a queue grow, long enough to share one ACK among several frames. */
export const MAX_ACK_DELAY: Seconds = seconds(0.02);

/** Notes what arrives and says when an ACK is due. */
export class Acknowledger {
  #dueAt: Seconds | null = null;
  #laneId: number | null = null;

  /** When an ACK has to leave; null if nothing is to be acknowledged. */
  get dueAt(): Seconds | null {
    return this.#dueAt;
  }

  /** Something other than an ACK arrived on that lane. */
  received(laneId: number, now: Seconds): void {
    this.#laneId = laneId;
    this.#dueAt ??= seconds(now + MAX_ACK_DELAY);
  }

  /** Any other lane will do; the ACK that left on the lost one may be lost too, so all that it said is said again. */
  laneLost(laneId: number, others: readonly Lane[], now: Seconds): void {
    if (this.#laneId === laneId) this.#laneId = null;
    for (const lane of others) lane.messagesReported = 0;
    if (others.some((lane) => lane.messagesReceived > 0)) this.#dueAt ??= now;
  }

  /** Whether that lane should carry an ACK now. */
  isDue(laneId: number, now: Seconds): boolean {
    return this.#dueAt !== null && now >= this.#dueAt && (this.#laneId === null || this.#laneId === laneId);
  }

  /** The ACK of what is news, at most `MAX_ACKNOWLEDGED_LANES` lanes; it counts as sent. */
  make(lanes: readonly Lane[], controlReceived: number, now: Seconds): Ack {
    this.#dueAt = null;
    const sentAtUs = Math.floor(now * 1e6) as Microseconds;
    const news = lanes.filter((lane) => lane.hasNews(now)).slice(0, MAX_ACKNOWLEDGED_LANES);
    return { type: "ack", controlReceived, sentAtUs, lanes: news.map((lane) => lane.receipt(sentAtUs)) };
  }
}
