/**
 * Which kind of lane to try, and when: WebSockets where they work, else HTTP requests (PROTOCOL.md §2). No I/O: the lane
 * keeper asks and obeys. Outlives sessions, for what a network lets through does not depend on them.
 */

import { type Seconds, seconds } from "../base/time.ts";

/** From the best to the worst, as HELLO calls them. */
export const LANE_KINDS = ["websocket", "http-stream", "http-poll"] as const;

/** What carries a lane. */
export type LaneKind = (typeof LANE_KINDS)[number];

/** What may be asked for; `auto`: the best that works. */
export type LaneChoice = "auto" | LaneKind;

/** Seconds that a kind has for itself before the next one is begun beside it. Those that fail are not waited for. */
const PATIENCE: Readonly<Record<LaneKind, number>> = {
  websocket: 0.4,
  "http-stream": 2.5,
  "http-poll": Number.POSITIVE_INFINITY,
};
/** Seconds from the time that a worse kind carries the session to each new attempt at a better one; then the last again. */
const PROBE_DELAYS = [10, 30, 60, 120];
/** A lane that was up for less was cut by something on the way, if that happens so often in a row. */
const STEADY_TIME = 15;
const MOST_CUTS = 3;
/** Seconds for which a kind that is always cut is not tried where there is another one. */
const SHUN_TIME = 120;

/** Whether `kind` is better than `other`. */
export const isBetter = (kind: LaneKind, other: LaneKind): boolean =>
  LANE_KINDS.indexOf(kind) < LANE_KINDS.indexOf(other);

/** The choice among kinds. */
export class KindLadder {
  readonly #allowed: readonly LaneKind[];
  #favourite: LaneKind | null;
  #carrying: LaneKind | null = null;
  #probes = 0;
  #probeAt: Seconds | null = null;
  readonly #cuts = new Map<LaneKind, number>();
  readonly #shunnedUntil = new Map<LaneKind, Seconds>();

  /**
   * @param forced nothing but this; null: what works best.
   * @param favourite what worked the last time, begun at once beside the best.
   */
  constructor(forced: LaneKind | null, favourite: LaneKind | null) {
    this.#allowed = forced === null ? LANE_KINDS : [forced];
    this.#favourite = favourite;
  }

  /** What an attempt begins with, the best first. */
  first(now: Seconds): LaneKind[] {
    const usable = this.#usable(now);
    return usable.filter((kind, place) => place === 0 || kind === this.#favourite);
  }

  /** What is begun beside those that have been begun; null: nothing is left. */
  next(begun: ReadonlySet<LaneKind>, now: Seconds): LaneKind | null {
    return this.#usable(now).find((kind) => !begun.has(kind)) ?? null;
  }

  /** How long to wait, after `kind` has been begun, before the next one is. */
  patience(kind: LaneKind): number {
    return PATIENCE[kind];
  }

  /** This kind carries the session now. */
  carries(kind: LaneKind, now: Seconds): void {
    if (kind === this.#carrying) return;
    this.#carrying = kind;
    this.#favourite = kind;
    this.#probes = 0;
    this.#planProbe(now);
  }

  /** The last lane was lost, one of that kind that was up for so long (0: never). */
  lost(kind: LaneKind, upFor: number, now: Seconds): void {
    this.#carrying = null;
    this.#probeAt = null;
    if (upFor === 0) return;
    const cuts = upFor < STEADY_TIME ? (this.#cuts.get(kind) ?? 0) + 1 : 0;
    this.#cuts.set(kind, cuts);
    if (cuts < MOST_CUTS) return;
    this.#cuts.set(kind, 0);
    this.#shunnedUntil.set(kind, seconds(now + SHUN_TIME));
  }

  /** The network is another one: what was seen of the old one says nothing. */
  forget(): void {
    this.#carrying = null;
    this.#probeAt = null;
    this.#cuts.clear();
    this.#shunnedUntil.clear();
  }

  /** When a better kind is to be tried again; null: the best carries. */
  get probeAt(): Seconds | null {
    return this.#probeAt;
  }

  /** The better kinds that are due; plans the next time. */
  probe(now: Seconds): LaneKind[] {
    const carrying = this.#carrying;
    if (carrying === null || this.#probeAt === null || now < this.#probeAt) return [];
    this.#probes += 1;
    this.#planProbe(now);
    return this.#usable(now).filter((kind) => isBetter(kind, carrying));
  }

  #planProbe(now: Seconds): void {
    const delay = PROBE_DELAYS[Math.min(this.#probes, PROBE_DELAYS.length - 1)] as number;
    this.#probeAt = this.#carrying === this.#allowed[0] ? null : seconds(now + delay);
  }

  #usable(now: Seconds): readonly LaneKind[] {
    const steady = this.#allowed.filter((kind) => (this.#shunnedUntil.get(kind) ?? now) <= now);
    return steady.length > 0 ? steady : this.#allowed;
  }
}
