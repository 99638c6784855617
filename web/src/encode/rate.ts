/** Which picture size a bitrate can fill, so that a poor path gives a small sharp picture and not a large smeared one. */

/** Fractions of the camera's size, largest first. */
const SCALES = [1, 0.75, 0.5, 0.375, 0.25] as const;
/** Bits per pixel below which a size looks worse than the next smaller one. */
const BITS_PER_PIXEL = 0.025;
/** A larger size must be affordable with this much to spare, and for this long. */
const HEADROOM = 1.3;
const HOLD_S = 5;

/** A picture size with even sides, as H.264 wants. */
export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

function scaled(camera: PictureSize, scale: number): PictureSize {
  const even = (length: number) => Math.max(16, Math.round((length * scale) / 2) * 2);
  return { width: even(camera.width), height: even(camera.height) };
}

function needed(camera: PictureSize, scale: number, framerate: number): number {
  return camera.width * scale * camera.height * scale * framerate * BITS_PER_PIXEL;
}

/** Chooses a size by bitrate; goes down at once and up only when it is safe. */
export class SizeChooser {
  #index = 0;
  #affordableSince: number | null = null;

  /**
   * @param camera what the camera gives.
   * @param framerate pictures per second.
   * @param bitrateBps what may be spent.
   * @param now seconds, monotonic.
   */
  choose(camera: PictureSize, framerate: number, bitrateBps: number, now: number): PictureSize {
    while (this.#index < SCALES.length - 1 && bitrateBps < needed(camera, SCALES[this.#index] ?? 1, framerate)) {
      this.#index += 1;
      this.#affordableSince = null;
    }
    const larger = SCALES[this.#index - 1];
    if (larger === undefined || bitrateBps < needed(camera, larger, framerate) * HEADROOM) this.#affordableSince = null;
    else {
      this.#affordableSince ??= now;
      if (now - this.#affordableSince >= HOLD_S) {
        this.#index -= 1;
        this.#affordableSince = null;
      }
    }
    return scaled(camera, SCALES[this.#index] ?? 1);
  }
}
