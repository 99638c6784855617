/**
 * Which picture size a bitrate and this machine can fill, so that a poor path gives a small sharp picture and not a large
 * smeared one, and a slow machine a small fluent one. Time is an argument.
 */

/** Fractions of the camera's size, largest first. */
const SCALES = [1, 0.75, 0.5, 0.375, 0.25] as const;
/** Bits per pixel below which a size looks worse than the next smaller one. */
const BITS_PER_PIXEL = 0.025;
/** A larger size must be affordable with this much to spare, and for this long. */
const HEADROOM = 1.3;
const HOLD_S = 5;
/** A machine that was too slow once is not asked again so soon. */
const OVERLOAD_HOLD_S = 30;
/** How long too slow is too slow. */
const OVERLOAD_PATIENCE_S = 2;

/** Width and height in pixels. */
export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

/** A fraction of a size, with even sides as H.264's chroma wants them. */
export function scaledSize(size: PictureSize, scale: number): PictureSize {
  const even = (length: number) => Math.max(16, Math.round((length * scale) / 2) * 2);
  return { width: even(size.width), height: even(size.height) };
}

/** Chooses a fraction of the camera's size; goes down at once and up only when it is safe. */
export class ScaleChooser {
  #index = 0;
  #affordableSince: number | null = null;
  #overloadedSince: number | null = null;
  #notBefore = Number.NEGATIVE_INFINITY;

  /**
   * @param camera what the camera gives at most.
   * @param framerate pictures per second.
   * @param bitrateBps what may be spent.
   * @param overloaded the encoder takes longer than pictures come.
   * @param now seconds, monotonic.
   * @returns 1 … 0.25
   */
  choose(camera: PictureSize, framerate: number, bitrateBps: number, overloaded: boolean, now: number): number {
    const needed = (scale: number) => camera.width * camera.height * scale * scale * framerate * BITS_PER_PIXEL;
    while (this.#index < SCALES.length - 1 && bitrateBps < needed(this.#scale)) this.#step(1);
    this.#overloadedSince = overloaded ? (this.#overloadedSince ?? now) : null;
    if (this.#overloadedSince !== null && now - this.#overloadedSince >= OVERLOAD_PATIENCE_S) {
      if (this.#index < SCALES.length - 1) this.#step(1);
      this.#notBefore = now + OVERLOAD_HOLD_S;
    }
    const larger = SCALES[this.#index - 1];
    if (larger === undefined || bitrateBps < needed(larger) * HEADROOM || now < this.#notBefore) {
      this.#affordableSince = null;
    } else {
      this.#affordableSince ??= now;
      if (now - this.#affordableSince >= HOLD_S) this.#step(-1);
    }
    return this.#scale;
  }

  get #scale(): number {
    return SCALES[this.#index] ?? 1;
  }

  #step(by: 1 | -1): void {
    this.#index += by;
    this.#affordableSince = null;
    this.#overloadedSince = null;
  }
}
