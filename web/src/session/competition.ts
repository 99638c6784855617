/**
 * Tells whose queue is on the path: ours empties when we send less, somebody else's stays.
 *
 * A flow that fills the queue until it loses something leaves nothing to one that yields to delay. `congestion` asks here
 * whether to go on yielding, or to hold a bounded share of its own, as long as the delay shows that the queue is not ours.
 */

import type { Seconds } from "../base/time.ts";

/** Seconds for which a queue has to stay, though the estimate was cut again and again, to count as somebody else's. */
export const PATIENCE = 2;
/** So many cuts of the estimate must have changed nothing. */
export const MIN_CUTS = 3;
/** The part of what the path carried before the queue grew that we hold: there is at least one other who wants it. */
export const FAIR_SHARE = 0.5;
/** Seconds for which the queue must not have become longer: one that grows is not full yet. */
const STEADY = 1;
/** Seconds by which it may wander. */
const GROWTH = 0.01;
/** Seconds beyond which no share is held: whatever comes so late is of no use to a call. */
const MAX_QUEUE = 1;
/** Seconds by which the queue may be longer than when we began to hold: beyond that it is ours after all. */
export const MORE_DELAY = 0.05;
/** Seconds for which we yield again to a queue that turned out to be ours. */
export const PROBATION = 10;

/** The delay since the queue grew. */
export class Competition {
  /** Whether the queue is somebody else's. */
  isOn = false;
  /** What we may hold then. */
  shareBps = 0;
  #queuedSince: Seconds | null = null;
  #cuts = 0;
  #longest = 0;
  #longestSince = 0;
  #carriedBps = 0;
  #notBefore = Number.NEGATIVE_INFINITY;

  /** The path is free: the next queue is looked at afresh. */
  queueIsGone(): void {
    this.isOn = false;
    this.#queuedSince = null;
  }

  /**
   * All messages wait for so many seconds.
   *
   * @param carriedBps the most that was delivered lately.
   */
  queueStays(delay: number, carriedBps: number, now: Seconds): void {
    if (this.#queuedSince === null) {
      this.#queuedSince = now;
      this.#cuts = 0;
      this.#longest = 0;
      this.#carriedBps = carriedBps;
    }
    if (!this.isOn) {
      if (delay > this.#longest + GROWTH) {
        this.#longest = delay;
        this.#longestSince = now;
      }
      const stays = now - this.#queuedSince >= PATIENCE && this.#cuts >= MIN_CUTS && now >= this.#notBefore;
      // A queue that has become much shorter is one of ours that empties.
      const isSteady = now - this.#longestSince >= STEADY;
      this.isOn = stays && isSteady && delay > this.#longest / 2 && delay < MAX_QUEUE;
      this.shareBps = Math.floor(FAIR_SHARE * this.#carriedBps);
    } else if (delay > this.#longest + MORE_DELAY) {
      this.isOn = false;
      this.#queuedSince = null;
      this.#notBefore = now + PROBATION;
    }
  }

  /** The estimate was cut for that queue. */
  cut(): void {
    this.#cuts += 1;
  }
}
