/**
 * When a picture is due: shortly before the sound of the same capture time is heard. Fed by the audio thread's
 * reports; one per participant. Time is an argument.
 */

/** A report older than this says nothing any more: the microphone is muted, or the sound is suspended. */
const STALE_US = 500_000;
/** The browser tells the sound card's position with some jitter; follow by this share. */
const SMOOTHING = 0.2;
/** A step larger than this is another sound card, or one that fell asleep: to be followed at once. */
const JUMP_US = 40_000;
/** Sound that is so little behind its picture is not noticed (EBU R 37 bears 60 ms), and the picture is that much sooner. */
const LEAD_US = 38_000;

/** Where the audio context's clock stands on the wall clock, as heard. */
export class OutputClock {
  #offsetUs: number | null = null;

  /** What the context plays at `contextTime` (s) is heard at `wallUs`. */
  set(contextTime: number, wallUs: number): void {
    const offsetUs = wallUs - contextTime * 1e6;
    const old = this.#offsetUs;
    this.#offsetUs = old === null || Math.abs(offsetUs - old) > JUMP_US ? offsetUs : old + (offsetUs - old) * SMOOTHING;
  }

  /** When what the context plays at `contextTime` is heard, µs since the Unix epoch; null before the first `set`. */
  heardAtUs(contextTime: number): number | null {
    return this.#offsetUs === null ? null : contextTime * 1e6 + this.#offsetUs;
  }
}

/** Maps one participant's capture times to the moments at which they are heard. */
export class SyncClock {
  #offsetUs: number | null = null;
  #reportedAtUs = 0;

  /**
   * The sound captured at `captureTimeUs` is heard at `heardAtUs`; null: nothing is playing. Reports are exact, and while
   * time is stretched each is right only until the next: they are followed at once.
   */
  report(captureTimeUs: number | null, heardAtUs: number | null, nowUs: number): void {
    if (captureTimeUs === null || heardAtUs === null) return;
    this.#offsetUs = heardAtUs - captureTimeUs;
    this.#reportedAtUs = nowUs;
  }

  /** When to show a picture of that capture time, µs since the Unix epoch; null: there is no sound to wait for. */
  dueUs(captureTimeUs: number, nowUs: number): number | null {
    const heardUs = this.heardUs(captureTimeUs, nowUs);
    return heardUs === null ? null : heardUs - LEAD_US;
  }

  /** When the sound of that capture time is heard, µs since the Unix epoch; null: nothing is playing. */
  heardUs(captureTimeUs: number, nowUs: number): number | null {
    if (this.#offsetUs === null || nowUs - this.#reportedAtUs > STALE_US) return null;
    return captureTimeUs + this.#offsetUs;
  }
}
