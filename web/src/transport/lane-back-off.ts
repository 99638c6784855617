/** When to try again for one more lane while others carry the call. No I/O: the lane keeper asks and obeys. */

import { type Seconds, seconds } from "../base/time.ts";

const FIRST_DELAY = 1;
/** A network that refuses more connections is asked this rarely whether it still does. */
const LONGEST_DELAY = 60;
/** A lane that was up for so long was a good one: its end is no sign that the network takes no more of them. */
const GOOD_LANE = 10;

/** Back-off with jitter for further lanes, all of a session together. */
export class LaneBackOff {
  readonly #random: () => number;
  #failures = 0;
  #readyAt = Number.NEGATIVE_INFINITY;

  /** @param random a number of 0 … 1, like `Math.random`. */
  constructor(random: () => number) {
    this.#random = random;
  }

  /** A lane was lost that was up for so long (0: never); the first one that was good is replaced at once. */
  lost(upFor: number, now: Seconds): void {
    if (upFor >= GOOD_LANE) {
      this.#failures = 0;
      this.#readyAt = now;
      return;
    }
    const delay = Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** this.#failures) * (0.5 + this.#random());
    this.#failures += 1;
    this.#readyAt = Math.max(this.#readyAt, now + delay);
  }

  /** How long to wait before the next attempt; 0: it may begin. */
  delay(now: Seconds): Seconds {
    return seconds(Math.max(0, this.#readyAt - now));
  }
}
