/**
 * One wall clock for the camera and the microphone. Browsers stamp video frames and audio data from different, undocumented
 * origins (in Chromium 156 the machine's uptime for the one, the page's start for the other), so each track's timestamps are
 * mapped by arrival: the least delayed of the recent arrivals tells the offset. Used by the encode worker.
 */

/** Recent: within the last of these, or the one before. Long enough for a busy worker to be on time once. */
const BUCKET_US = 5_000_000;
/** An audio thread that is not given the processor stands still with its clock and loses sound: what was is soon past. */
const UNSTEADY_BUCKET_US = 500_000;
/** While a clock is younger than this it follows every better estimate at once. */
const SETTLING_US = 1_000_000;
/** Afterwards the offset moves by at most this much per call, or this share of a large error, so that times do not jump. */
const SLEW_US = 100;
const SLEW_SHARE = 0.02;
/** An arrival this far from what was expected means that the device restarted with another origin. */
const RESTART_US = 2_000_000;

/** Maps one track's timestamps to microseconds since the Unix epoch. */
export class CaptureClock {
  readonly #bucketUs: number;
  #offsetUs: number | null = null;
  #startedAtUs = 0;
  #lastTimestampUs = Number.NEGATIVE_INFINITY;
  #bucketStartedAtUs = 0;
  #previousMinimumUs = Number.POSITIVE_INFINITY;
  #currentMinimumUs = Number.POSITIVE_INFINITY;

  /** @param unsteady whether timestamps are counted by a thread that may be held up, and not by a device. */
  constructor({ unsteady = false } = {}) {
    this.#bucketUs = unsteady ? UNSTEADY_BUCKET_US : BUCKET_US;
  }

  /**
   * Tell when a frame was captured.
   *
   * @param timestampUs the browser's timestamp of the frame's beginning, µs from any origin.
   * @param durationUs how long the frame lasts; it cannot have arrived before its end. 0 for a picture.
   * @param arrivalUs now, µs since the Unix epoch.
   * @returns µs since the Unix epoch, never later than `arrivalUs - durationUs`.
   */
  captureTimeUs(timestampUs: number, durationUs: number, arrivalUs: number): number {
    const seenUs = arrivalUs - durationUs - timestampUs;
    // Time that runs backwards is another origin: Chromium's first block of sound is stamped so.
    const backwards = timestampUs < this.#lastTimestampUs;
    this.#lastTimestampUs = timestampUs;
    if (this.#offsetUs === null || backwards || Math.abs(seenUs - this.#offsetUs) > RESTART_US) {
      this.#restart(seenUs, arrivalUs);
    }
    if (arrivalUs - this.#bucketStartedAtUs > this.#bucketUs) {
      this.#previousMinimumUs = this.#currentMinimumUs;
      this.#currentMinimumUs = Number.POSITIVE_INFINITY;
      this.#bucketStartedAtUs = arrivalUs;
    }
    this.#currentMinimumUs = Math.min(this.#currentMinimumUs, seenUs);
    const targetUs = Math.min(this.#previousMinimumUs, this.#currentMinimumUs);
    const offsetUs = this.#offsetUs ?? seenUs;
    const moveUs = targetUs - offsetUs;
    const settling = arrivalUs - this.#startedAtUs < SETTLING_US;
    const mostUs = Math.max(SLEW_US, Math.abs(moveUs) * SLEW_SHARE);
    this.#offsetUs = settling ? targetUs : offsetUs + Math.max(-mostUs, Math.min(mostUs, moveUs));
    return Math.min(timestampUs + this.#offsetUs, arrivalUs - durationUs);
  }

  #restart(offsetUs: number, arrivalUs: number): void {
    this.#offsetUs = offsetUs;
    this.#startedAtUs = arrivalUs;
    this.#bucketStartedAtUs = arrivalUs;
    this.#previousMinimumUs = Number.POSITIVE_INFINITY;
    this.#currentMinimumUs = Number.POSITIVE_INFINITY;
  }
}
