/**
 * How long to hold sound back, from how unevenly it arrives: a forgetful histogram of each packet's delay beyond the least
 * delay seen lately. Everybody hears every millisecond, and few packets are late: longer is worth it only as long as enough of
 * them come in time by it, and what is missing then is concealed. A single long stall is not jitter: no delay that people
 * would bear could bridge it, so what it held up counts for nothing. Used by the jitter buffer; time is an argument.
 */

const BIN_MS = 5;
const BINS = 120;
/** Per packet; with 50 packets a second half of the memory is about 3 s old. */
const FORGET = 0.995;
/** What it is worth to have one packet more in a hundred in time. */
const MS_PER_PERCENT = 7;
/** The delay is left alone while it is up to 6 ms shorter than it should be (`pace.ts`). */
const MARGIN_MS = 8;
/** More would make a conversation worse than a gap does. */
const LARGEST_MS = 300;
const INITIAL_MS = 30;
const INITIAL_BIN = INITIAL_MS / BIN_MS;
/** The initial guess counts as so many packets, so that the first few do not swing the target, and is forgotten like them. */
const GUESS_WEIGHT = 6;
/** The least transit is that of the last 12 s: long enough to hear of the path at its best, short enough to follow a clock's drift. */
const SLICE_MS = 500;
const SLICES = 24;
/** When even the fastest packet of this many slices came later than sound is held back, the path itself has become longer. */
const SHIFT_SLICES = 4;
const SHIFT_LEAST_MS = 40;
/** What waited for the decoder to start comes in one burst; that says nothing about the network. */
const WARM_UP_MS = 400;
/** What a stall held up comes within this time, or it was no stall. */
const STALL_MS = 1_000;

/** Relative delays of one source's packets. */
export class DelayEstimate {
  readonly #weights = new Float64Array(BINS).fill(GUESS_WEIGHT, INITIAL_BIN, INITIAL_BIN + 1);
  /** The least transit of each slice of time; index 0 is the present one. */
  readonly #least = new Float64Array(SLICES).fill(Number.POSITIVE_INFINITY);
  #total = GUESS_WEIGHT;
  #minimumMs = Number.POSITIVE_INFINITY;
  #targetMs = INITIAL_MS + BIN_MS + MARGIN_MS;
  #startedMs: number | null = null;
  #sliceStartedMs = 0;
  #stallUntilMs = Number.NEGATIVE_INFINITY;

  /** The least transit (arrival minus media time) of the last 12 s, ms; only differences of it mean anything. */
  get minimumTransitMs(): number {
    return this.#minimumMs;
  }

  /** How far behind the least delayed packet to play, ms. */
  get targetMs(): number {
    return this.#targetMs;
  }

  /** Count one packet. @param transitMs arrival minus media time, ms. @param nowMs local time, ms. */
  add(transitMs: number, nowMs: number): void {
    if (this.#startedMs === null) {
      this.#startedMs = nowMs;
      this.#sliceStartedMs = nowMs;
    }
    this.#turn(nowMs);
    this.#least[0] = Math.min(this.#least[0] ?? transitMs, transitMs);
    this.#minimumMs = Math.min(this.#minimumMs, transitMs);
    if (nowMs - this.#startedMs < WARM_UP_MS) return;
    const delayMs = transitMs - this.#minimumMs;
    if (this.#isStall(delayMs, nowMs)) return;
    const bin = Math.min(BINS - 1, Math.floor(delayMs / BIN_MS));
    for (let i = 0; i < BINS; i += 1) this.#weights[i] = (this.#weights[i] ?? 0) * FORGET;
    this.#weights[bin] = (this.#weights[bin] ?? 0) + 1;
    this.#total = this.#total * FORGET + 1;
    this.#targetMs = this.#cheapestMs();
  }

  #isStall(delayMs: number, nowMs: number): boolean {
    if (delayMs <= this.#targetMs) return false;
    // Once a second at most: what is always late is no stall.
    if (delayMs > LARGEST_MS && nowMs > this.#stallUntilMs + STALL_MS) this.#stallUntilMs = nowMs + STALL_MS;
    return nowMs < this.#stallUntilMs;
  }

  #turn(nowMs: number): void {
    if (nowMs - this.#sliceStartedMs < SLICE_MS) return;
    const passed = Math.min(SLICES, Math.floor((nowMs - this.#sliceStartedMs) / SLICE_MS));
    this.#sliceStartedMs = nowMs;
    this.#noticeShift();
    this.#least.copyWithin(passed, 0);
    this.#least.fill(Number.POSITIVE_INFINITY, 0, passed);
    const least = Math.min(...this.#least);
    // After a long silence nothing is left but what was known before it.
    if (Number.isFinite(least)) this.#minimumMs = least;
  }

  #noticeShift(): void {
    const lately = this.#least.subarray(0, SHIFT_SLICES);
    if (!lately.every(Number.isFinite)) return;
    const least = Math.min(...lately);
    if (least - this.#minimumMs <= Math.max(SHIFT_LEAST_MS, this.#targetMs)) return;
    this.#least.fill(Number.POSITIVE_INFINITY, SHIFT_SLICES);
    this.#weights.fill(0);
    this.#total = 0;
  }

  #cheapestMs(): number {
    let tooLate = this.#total;
    let cheapestMs = 0;
    let least = Number.POSITIVE_INFINITY;
    for (let bin = 0; bin < BINS; bin += 1) {
      tooLate -= this.#weights[bin] ?? 0;
      const heldMs = (bin + 1) * BIN_MS;
      const cost = heldMs + (MS_PER_PERCENT * 100 * tooLate) / this.#total;
      if (cost >= least) continue;
      least = cost;
      cheapestMs = heldMs;
    }
    return Math.min(LARGEST_MS, cheapestMs + MARGIN_MS);
  }
}
