/**
 * Decoded pictures that wait for their moment. Bounded: a seventh makes the oldest due at once, an eighth lets it go. After a
 * stall the newest due picture is shown and the older ones are skipped. Time is an argument.
 */

const MOST_WAITING = 6;
/** No picture waits longer than this, whatever its sound does. */
const LONGEST_WAIT_US = 250_000;
/** A screen shows a new picture every 8 to 17 ms; earlier than due by less than this is on time. */
const EARLY_US = 4_000;

interface Waiting<Picture> {
  readonly picture: Picture;
  readonly captureTimeUs: number;
  readonly decodedAtUs: number;
}

/** Pictures of one track, in decode order. */
export class PaintQueue<Picture extends { close(): void }> {
  readonly #dueUs: (captureTimeUs: number, nowUs: number) => number | null;
  #waiting: Waiting<Picture>[] = [];

  /** @param dueUs when a picture is due, null for at once; asked again every time, since sound may speed up or stop. */
  constructor(dueUs: (captureTimeUs: number, nowUs: number) => number | null) {
    this.#dueUs = dueUs;
  }

  /** Take a decoded picture; the queue closes what it does not give back. */
  push(picture: Picture, captureTimeUs: number, nowUs: number): void {
    this.#waiting.push({ picture, captureTimeUs, decodedAtUs: nowUs });
    if (this.#waiting.length > MOST_WAITING + 1) this.#waiting.shift()?.picture.close();
  }

  /** The newest picture that is due, for the caller to paint and close; null: nothing is due yet. */
  take(nowUs: number): { picture: Picture; captureTimeUs: number } | null {
    let newest = -1;
    for (const [index, waiting] of this.#waiting.entries()) {
      if (this.#momentUs(waiting, nowUs) <= nowUs + EARLY_US) newest = index;
    }
    // Were they only let go while sound is far behind, each would go before its moment, and none would be seen.
    if (newest < 0 && this.#isFull) newest = 0;
    if (newest < 0) return null;
    const taken = this.#waiting[newest];
    for (const skipped of this.#waiting.slice(0, newest)) skipped.picture.close();
    this.#waiting = this.#waiting.slice(newest + 1);
    return taken ?? null;
  }

  /** How long until something is due, ms; null: nothing is waiting. */
  nextInMs(nowUs: number): number | null {
    if (this.#waiting.length === 0) return null;
    if (this.#isFull) return 0;
    const soonest = Math.min(...this.#waiting.map((waiting) => this.#momentUs(waiting, nowUs)));
    return Math.max(0, (soonest - nowUs) / 1000);
  }

  /** Let everything go. */
  clear(): void {
    for (const { picture } of this.#waiting) picture.close();
    this.#waiting = [];
  }

  get #isFull(): boolean {
    return this.#waiting.length > MOST_WAITING;
  }

  #momentUs(waiting: Waiting<Picture>, nowUs: number): number {
    const dueUs = this.#dueUs(waiting.captureTimeUs, nowUs) ?? waiting.decodedAtUs;
    return Math.min(dueUs, waiting.decodedAtUs + LONGEST_WAIT_US);
  }
}
