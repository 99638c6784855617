/**
 * Brings pictures to the encoder's size. Encoders scale too, but in Chromium 156 one that scales answers every change of
 * bitrate with a keyframe, just when the path is poor; and a camera's own scaling is done there as well.
 */

import type { RawPicture } from "./picture-encoder.ts";
import type { PictureSize } from "./rate.ts";

/** Whether a picture's samples, as they lie in memory, are what is to be seen at that size. */
export function fits(picture: RawPicture, size: PictureSize): picture is VideoFrame {
  if (!("visibleRect" in picture)) return false;
  const { rotation = 0, flip = false } = picture as { rotation?: number; flip?: boolean };
  const rect = picture.visibleRect;
  return rotation === 0 && !flip && rect?.width === size.width && rect.height === size.height;
}

/** Scales by a canvas, when there is something to scale. */
export class PictureScaler {
  readonly #readable: boolean;
  #context: OffscreenCanvasRenderingContext2D | null = null;

  /** @param readable whether `pixels` will be asked for: such a canvas lies in main memory. */
  constructor({ readable = false } = {}) {
    this.#readable = readable;
  }

  /** A picture of that size with that timestamp, to be closed by the caller as the original is. */
  frame(picture: RawPicture, size: PictureSize, timestamp: number): VideoFrame {
    if (fits(picture, size)) return new VideoFrame(picture, { timestamp });
    return new VideoFrame(this.#draw(picture, size).canvas, { timestamp });
  }

  /** The picture at that size as RGBA, 4 octets a pixel, row by row. */
  pixels(picture: RawPicture, size: PictureSize): Uint8ClampedArray<ArrayBuffer> {
    const { data } = this.#draw(picture, size).getImageData(0, 0, size.width, size.height);
    return data as Uint8ClampedArray<ArrayBuffer>;
  }

  #draw(picture: RawPicture, { width, height }: PictureSize): OffscreenCanvasRenderingContext2D {
    this.#context ??= new OffscreenCanvas(width, height).getContext("2d", {
      alpha: false,
      willReadFrequently: this.#readable,
    });
    if (this.#context === null) throw new Error("no canvas to scale pictures with");
    const { canvas } = this.#context;
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
    }
    this.#context.drawImage(picture, 0, 0, width, height);
    return this.#context;
  }
}
