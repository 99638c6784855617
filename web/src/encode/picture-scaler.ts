/**
 * Brings pictures to the encoder's size. Encoders scale too, but in Chromium 156 one that scales answers every change of
 * bitrate with a keyframe, just when the path is poor; and a camera's own scaling is done there as well.
 */

import type { PictureSize } from "./rate.ts";

/** Scales by a canvas, when there is something to scale. */
export class PictureScaler {
  #canvas: OffscreenCanvas | null = null;
  #context: OffscreenCanvasRenderingContext2D | null = null;

  /**
   * Give a picture of that size with that timestamp (µs), to be closed by the caller as the original is.
   *
   * @param size null: as it is.
   */
  scale(picture: VideoFrame, size: PictureSize | null, timestamp: number): VideoFrame {
    const rect = picture.visibleRect;
    const fits = size === null || (rect?.width === size.width && rect.height === size.height);
    const context = fits ? null : this.#contextOf(size);
    if (fits || context === null) return new VideoFrame(picture, { timestamp });
    context.drawImage(picture, 0, 0, size.width, size.height);
    return new VideoFrame(context.canvas, { timestamp });
  }

  #contextOf({ width, height }: PictureSize): OffscreenCanvasRenderingContext2D | null {
    this.#canvas ??= new OffscreenCanvas(width, height);
    if (this.#canvas.width !== width || this.#canvas.height !== height) {
      this.#canvas.width = width;
      this.#canvas.height = height;
    }
    this.#context ??= this.#canvas.getContext("2d", { alpha: false });
    return this.#context;
  }
}
