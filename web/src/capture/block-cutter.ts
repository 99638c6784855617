/**
 * Cuts what the audio thread hears of a microphone, 128 samples at a time, into blocks of 10 ms for the encode worker. Used
 * by the capture worklet. Queues: at most 50 blocks (half a second) that the reader has not taken; more are dropped, the
 * newest first, and the reader sees the gap in their times.
 */

import type { SoundBlock } from "../base/sound-port.ts";

const BLOCKS_PER_SECOND = 100;
const MOST_UNTAKEN = 50;

/** Cuts one microphone's sound. */
export class BlockCutter {
  readonly #sampleRate: number;
  readonly #give: (block: SoundBlock) => void;
  #samples: Float32Array<ArrayBuffer>;
  #filled = 0;
  #untaken = 0;
  #dropped = 0;

  /** @param give takes a block; its buffer may be transferred. */
  constructor(sampleRate: number, give: (block: SoundBlock) => void) {
    this.#sampleRate = sampleRate;
    this.#give = give;
    this.#samples = this.#empty();
  }

  /** Blocks that the reader was too slow for. */
  get dropped(): number {
    return this.#dropped;
  }

  /** The reader has taken one. */
  taken(): void {
    this.#untaken = Math.max(0, this.#untaken - 1);
  }

  /**
   * Hear more.
   *
   * @param samples mono; null: the microphone gives nothing, which is silence.
   * @param count how many.
   * @param frame the audio context's count of samples at the first of them.
   */
  hear(samples: Float32Array | null, count: number, frame: number): void {
    for (let from = 0; from < count; ) {
      const length = Math.min(count - from, this.#samples.length - this.#filled);
      if (samples !== null) this.#samples.set(samples.subarray(from, from + length), this.#filled);
      this.#filled += length;
      from += length;
      if (this.#filled === this.#samples.length) this.#cut(frame + from - this.#filled);
    }
  }

  #cut(firstFrame: number): void {
    this.#filled = 0;
    if (this.#untaken >= MOST_UNTAKEN) {
      this.#dropped += 1;
      this.#samples.fill(0);
      return;
    }
    this.#untaken += 1;
    const samples = this.#samples;
    this.#samples = this.#empty();
    this.#give({ samples, sampleRate: this.#sampleRate, timestampUs: (firstFrame * 1e6) / this.#sampleRate });
  }

  #empty(): Float32Array<ArrayBuffer> {
    return new Float32Array(Math.round(this.#sampleRate / BLOCKS_PER_SECOND));
  }
}
