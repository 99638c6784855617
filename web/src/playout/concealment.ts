/**
 * What to play where sound is missing: the last pitch period over and over, fading to silence. Used by the jitter buffer,
 * inside the audio thread, so it allocates nothing after construction.
 */

const HISTORY = 2048;
const SHORTEST_PERIOD = 120;
const LONGEST_PERIOD = 960;
const COMPARED = 480;
/** Full loudness at first, nothing after 60 ms. */
const FADE_SAMPLES = 2880;

/** Remembers the last 40 ms that were played and continues them. */
export class Concealment {
  readonly #history = new Float32Array(HISTORY);
  #written = 0;
  #period = LONGEST_PERIOD;
  #continued = FADE_SAMPLES;

  /** Remember a sample that was really there. */
  remember(sample: number): void {
    this.#history[this.#written & (HISTORY - 1)] = sample;
    this.#written += 1;
  }

  /** Begin to continue from what was remembered last. */
  begin(): void {
    this.#continued = 0;
    this.#period = this.#findPeriod();
  }

  /** Whether there is nothing left to continue with. */
  get silent(): boolean {
    return this.#continued >= FADE_SAMPLES;
  }

  /** The next invented sample. */
  next(): number {
    const gain = 1 - this.#continued / FADE_SAMPLES;
    if (gain <= 0) return 0;
    const sample = this.#at(this.#written - this.#period + (this.#continued % this.#period));
    this.#continued += 1;
    return sample * gain;
  }

  #at(index: number): number {
    return this.#history[index & (HISTORY - 1)] ?? 0;
  }

  /** The lag at which the last 10 ms resemble what came before most, every other sample compared. */
  #findPeriod(): number {
    let best = LONGEST_PERIOD;
    let bestScore = 0;
    for (let lag = SHORTEST_PERIOD; lag <= LONGEST_PERIOD; lag += 2) {
      let product = 0;
      let energy = 1e-9;
      for (let i = 1; i <= COMPARED; i += 2) {
        const earlier = this.#at(this.#written - i - lag);
        product += this.#at(this.#written - i) * earlier;
        energy += earlier * earlier;
      }
      const score = product <= 0 ? 0 : (product * product) / energy;
      if (score > bestScore * 1.001) {
        bestScore = score;
        best = lag;
      }
    }
    return best;
  }
}
