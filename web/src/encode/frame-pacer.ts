/**
 * Which of a source's pictures to take so that no more than a wanted number per second is encoded. Used by the encode
 * worker. Time is an argument.
 */

/** A source that is faster than wanted by less than this is left alone. */
const SLACK = 0.9;

/** Thins out one source evenly. */
export class FramePacer {
  #dueUs = Number.NEGATIVE_INFINITY;

  /** Whether to take the picture of that time (µs); to be asked once for each. */
  take(timestampUs: number, framerate: number): boolean {
    const intervalUs = (1_000_000 * SLACK) / framerate;
    if (this.waitUs(timestampUs, framerate) > 0) return false;
    // One that came early does not bring the next one forward; after a gap nothing is made up for.
    this.#dueUs = Math.max(this.#dueUs, timestampUs) + intervalUs;
    return true;
  }

  /** How long from that time (µs) until a picture would be taken, µs; 0 or less: now. */
  waitUs(timestampUs: number, framerate: number): number {
    const intervalUs = (1_000_000 * SLACK) / framerate;
    // A clock that was set back must not hold pictures up.
    if (this.#dueUs - timestampUs > 2 * intervalUs) this.#dueUs = timestampUs;
    return this.#dueUs - intervalUs / 2 - timestampUs;
  }
}
