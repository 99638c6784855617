/**
 * The least sound that was waiting in the last moments: what can be left out without running dry. Delay alone does not tell;
 * when a path has just become slower, or a sender's clock stands still, everything is late and yet nothing waits. Used by
 * the jitter buffer.
 */

const SLICE_SAMPLES = 4_800;

/** Of the last 100 to 200 ms. */
export class LeastWaiting {
  #before = Number.POSITIVE_INFINITY;
  #now = Number.POSITIVE_INFINITY;
  #samples = 0;

  /** ms; infinite when nothing was added since the start. */
  get ms(): number {
    return Math.min(this.#before, this.#now);
  }

  /** So much waits, and a block of that many samples is played. */
  add(waitingMs: number, samples: number): void {
    this.#now = Math.min(this.#now, waitingMs);
    this.#samples += samples;
    if (this.#samples < SLICE_SAMPLES) return;
    this.#samples = 0;
    this.#before = this.#now;
    this.#now = Number.POSITIVE_INFINITY;
  }

  /** Begin anew: what was before a gap says nothing. */
  reset(): void {
    this.#before = Number.POSITIVE_INFINITY;
    this.#now = Number.POSITIVE_INFINITY;
    this.#samples = 0;
  }
}
