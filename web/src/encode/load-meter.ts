/**
 * How busy this machine is with one track: 1 is just too much. A machine that is too slow shows it in one of three ways:
 * pictures take too long to encode, pictures find the encoder full, or pictures reach the worker late because it was not
 * given the processor. Used by the encode worker. Time is an argument.
 */

const SMOOTHING = 0.2;
/** The part of the time between two pictures that encoding may take. */
const ENCODE_SHARE = 0.9;
/** The part of the pictures that may find the encoder full. */
const SKIPPED_SHARE = 0.25;
/** A picture that is late by less than this was not held up by this machine. */
const LATE_S = 0.1;

const smoothed = (old: number, value: number): number => old + (value - old) * SMOOTHING;

/** Measures one track. */
export class LoadMeter {
  #encodeS: number | null = null;
  #skipped = 0;
  #lateS = 0;

  /** A picture has come. @param lateS after its capture. @param skipped it was not encoded because the encoder was full. */
  arrived(lateS: number, skipped: boolean): void {
    this.#lateS = smoothed(this.#lateS, Math.max(0, lateS));
    this.#skipped = smoothed(this.#skipped, skipped ? 1 : 0);
  }

  /** A picture was encoded. @param elapsedS from when it was given to the encoder. */
  encoded(elapsedS: number): void {
    this.#encodeS = this.#encodeS === null ? elapsedS : smoothed(this.#encodeS, elapsedS);
  }

  /** The encoder does something else from now on: forget how long it took. */
  reset(): void {
    this.#encodeS = null;
    this.#skipped = 0;
  }

  /**
   * The load of the moment.
   *
   * @param framerate pictures per second that are aimed for.
   * @param depth pictures that the encoder works on at once.
   */
  load(framerate: number, depth: number): number {
    const encoding = ((this.#encodeS ?? 0) * framerate) / (depth * ENCODE_SHARE);
    return Math.max(encoding, this.#skipped / SKIPPED_SHARE, this.#lateS / Math.max(LATE_S, 2 / framerate));
  }
}
