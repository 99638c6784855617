/** When to try again, and when to give up. No I/O: the transport asks and obeys. */

import { type Seconds, seconds } from "../base/time.ts";

const FIRST_DELAY = 0.25;
const LONGEST_DELAY = 5;
/** How long a call that has run is tried to be brought back; someone may be in a lift. */
const PATIENCE_AFTER_SUCCESS = 120;
/** How long a call that never was is tried to be set up; someone looks at the page. */
const PATIENCE_AT_FIRST = 20;
/** New sessions in a row that did not hold. */
const MAX_RESTARTS = 5;
/** A session that held so long was a good one. */
const GOOD_SESSION = 30;

/** Back-off with jitter, so that a gateway's restart is not followed by everybody at once. */
export class Reconnection {
  readonly #random: () => number;
  #failures = 0;
  #restarts = 0;
  #everUp = false;
  #upSince: Seconds | null = null;
  #downSince: Seconds;

  /** @param random a number of 0 … 1, like `Math.random`. */
  constructor(random: () => number, now: Seconds) {
    this.#random = random;
    this.#downSince = now;
  }

  /** A lane was admitted. */
  succeeded(now: Seconds): void {
    this.#failures = 0;
    this.#everUp = true;
    this.#upSince ??= now;
  }

  /** The last lane was lost, or an attempt failed. */
  failed(now: Seconds): void {
    if (this.#upSince !== null) this.#downSince = now;
    this.#upSince = null;
  }

  /** Somebody said that it is worth trying at once: the network is back, the page is looked at. Patience starts anew. */
  encouraged(now: Seconds): void {
    this.#failures = 0;
    if (this.#upSince === null) this.#downSince = now;
  }

  /** The session ended and another one is wanted; false if too many did not hold. */
  mayRestart(now: Seconds): boolean {
    if (this.#upSince !== null && now - this.#upSince >= GOOD_SESSION) this.#restarts = 0;
    this.#restarts += 1;
    this.failed(now);
    // The first new session may begin at once; when it ends too, the gateway needs a rest.
    this.#failures = Math.max(this.#failures, this.#restarts - 1);
    return this.#restarts <= MAX_RESTARTS;
  }

  /** How long to wait before the next attempt; null: give up. At first not at all, then up to about 5 s. */
  nextDelay(now: Seconds): Seconds | null {
    const patience = this.#everUp ? PATIENCE_AFTER_SUCCESS : PATIENCE_AT_FIRST;
    if (this.#upSince === null && now - this.#downSince > patience) return null;
    const exponent = this.#failures - 1;
    this.#failures += 1;
    if (exponent < 0) return seconds(0);
    const delay = Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** exponent);
    return seconds(delay * (0.5 + this.#random()));
  }
}
