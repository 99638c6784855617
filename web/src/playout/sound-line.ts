/**
 * Decoded sound around the moment of playing: a little of what was heard and what comes next. Time is stretched here by
 * splicing, which neither clicks nor changes the pitch. Used by the jitter buffer; allocates nothing after construction.
 */

const CAPACITY = 32_768;
/** What stays of the past; the longest splice backwards. */
const KEPT = 1_920;

/** A line of samples with a reading position in it. */
export class SoundLine {
  readonly #samples = new Float32Array(CAPACITY);
  #start = 0;
  #read = 0;
  #end = 0;

  /** Samples that wait to be heard. */
  get ahead(): number {
    return this.#end - this.#read;
  }

  /** Samples that were heard and are still here. */
  get behind(): number {
    return this.#read - this.#start;
  }

  /** One sample, relative to the reading position: from `-behind` to `ahead - 1`. */
  at(offset: number): number {
    return this.#samples[this.#read + offset] ?? 0;
  }

  /** Put samples at the end. */
  append(samples: Float32Array): void {
    if (this.#end + samples.length > CAPACITY) this.#makeRoom();
    const taken = samples.subarray(0, CAPACITY - this.#end);
    this.#samples.set(taken, this.#end);
    this.#end += taken.length;
  }

  /** The same, over the last `overlap` samples of what waits, which fade into them. */
  join(samples: Float32Array, overlap: number): void {
    const over = Math.min(overlap, this.ahead, samples.length);
    const from = this.#end - over;
    for (let i = 0; i < over; i += 1) {
      const share = (i + 1) / (over + 1);
      this.#samples[from + i] = (this.#samples[from + i] ?? 0) * (1 - share) + (samples[i] ?? 0) * share;
    }
    this.append(samples.subarray(over));
  }

  /** Move the next samples to a block. @param output gets `count` samples from `offset` on. */
  take(output: Float32Array, offset: number, count: number): void {
    const taken = Math.min(count, this.ahead);
    output.set(this.#samples.subarray(this.#read, this.#read + taken), offset);
    if (taken < count) output.fill(0, offset + taken, offset + count);
    this.#read += taken;
    this.#start = Math.max(this.#start, this.#read - KEPT);
  }

  /**
   * Go on reading `lag` samples later (a part is left out) or, if negative, earlier (a part is heard again), with a
   * crossfade whose loudness stays even.
   *
   * @param lag within `behind` and `ahead - overlap`.
   * @param overlap length of the crossfade, at most |lag|.
   * @param similarity −1 … 1: how alike the sound here and there is.
   */
  splice(lag: number, overlap: number, similarity: number): void {
    const likeness = Math.max(0, similarity);
    for (let i = 0; i < overlap; i += 1) {
      const share = (i + 1) / (overlap + 1);
      const rest = 1 - share;
      // Two unlike sounds of equal power add up to less than one of them in the middle of the fade.
      const power = share * share + rest * rest + 2 * likeness * share * rest;
      const here = this.#read + i;
      const there = here + lag;
      const mixed = (this.#samples[here] ?? 0) * rest + (this.#samples[there] ?? 0) * share;
      this.#samples[there] = mixed / Math.sqrt(power);
    }
    this.#read += lag;
  }

  #makeRoom(): void {
    this.#samples.copyWithin(0, this.#start, this.#end);
    this.#read -= this.#start;
    this.#end -= this.#start;
    this.#start = 0;
  }
}
