/**
 * How long to hold sound back, from how unevenly it arrives: a forgetful histogram of each packet's delay beyond the least
 * delay seen lately. Used by the jitter buffer; time is an argument.
 */

const BIN_MS = 5;
const BINS = 120;
/** Per packet; with 50 packets a second half of the memory is about 6 s old. */
const FORGET = 0.9977;
const QUANTILE = 0.97;
/** The sound card fetches in blocks; a packet must be there a little before its turn. */
const MARGIN_MS = 10;
const SMALLEST_MS = 20;
/** More would make a conversation worse than a gap does. */
const LARGEST_MS = 300;
const INITIAL_MS = 50;
const WINDOW_MS = 10_000;
/** What waited for the decoder to start comes in one burst; that says nothing about the network. */
const WARM_UP_MS = 400;

/** Relative delays of one source's packets. */
export class DelayEstimate {
  readonly #weights = new Float64Array(BINS);
  #total = 0;
  #startedMs: number | null = null;
  #windowStartedMs: number | null = null;
  #previousMinimumMs = Number.POSITIVE_INFINITY;
  #currentMinimumMs = Number.POSITIVE_INFINITY;

  /** The least transit (arrival minus media time) of the last 10 to 20 s, ms; only differences of it mean anything. */
  get minimumTransitMs(): number {
    return Math.min(this.#previousMinimumMs, this.#currentMinimumMs);
  }

  /** Count one packet. @param transitMs arrival minus media time, ms. @param nowMs local time, ms. */
  add(transitMs: number, nowMs: number): void {
    this.#startedMs ??= nowMs;
    this.#windowStartedMs ??= nowMs;
    if (nowMs - this.#windowStartedMs > WINDOW_MS) {
      this.#previousMinimumMs = this.#currentMinimumMs;
      this.#currentMinimumMs = Number.POSITIVE_INFINITY;
      this.#windowStartedMs = nowMs;
    }
    this.#currentMinimumMs = Math.min(this.#currentMinimumMs, transitMs);
    if (nowMs - this.#startedMs < WARM_UP_MS) return;
    const bin = Math.min(BINS - 1, Math.floor((transitMs - this.minimumTransitMs) / BIN_MS));
    for (let i = 0; i < BINS; i += 1) this.#weights[i] = (this.#weights[i] ?? 0) * FORGET;
    this.#weights[bin] = (this.#weights[bin] ?? 0) + 1;
    this.#total = this.#total * FORGET + 1;
  }

  /** How far behind the least delayed packet to play, ms. */
  get targetMs(): number {
    // Some weight on the initial guess, so that the first few packets do not swing it.
    const guess = 5;
    let needed = (this.#total + guess) * QUANTILE;
    for (let i = 0; i < BINS; i += 1) {
      needed -= this.#weights[i] ?? 0;
      if (i === INITIAL_MS / BIN_MS) needed -= guess;
      if (needed <= 0) return Math.max(SMALLEST_MS, Math.min(LARGEST_MS, (i + 1) * BIN_MS + MARGIN_MS));
    }
    return LARGEST_MS;
  }
}
