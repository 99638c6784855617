/** Spreads large frames over time: a keyframe sent at once would fill the queue of a narrow path by itself. */

import { type Seconds, seconds } from "../base/time.ts";

/** How many times the estimate of the path video may leave. */
const PACE = 2.5;
/** Octets that may leave at once: a frame of usual size is not held back. */
export const BURST = 8000;
/** Seconds: no timer is finer, and rounding must not make one fire for nothing. */
const SHORTEST_WAIT = 0.001;

/** A bucket that video fills and the pace empties; sizes are octets. */
export class Pacer {
  #level = 0;
  #rate = 1;
  #at = 0;

  /** Whether a piece of video may leave now, while the path carries that much. */
  allows(bitrateBps: number, now: Seconds): boolean {
    this.#rate = (PACE * bitrateBps) / 8;
    this.#level = Math.max(0, this.#level - (now - this.#at) * this.#rate);
    this.#at = now;
    return this.#level < BURST;
  }

  /** A piece of that many octets has left. */
  sent(size: number): void {
    this.#level += size;
  }

  /** When `allows` will be true, if it was not. */
  get openAt(): Seconds {
    return seconds(this.#at + Math.max((this.#level - BURST) / this.#rate, SHORTEST_WAIT));
  }
}
