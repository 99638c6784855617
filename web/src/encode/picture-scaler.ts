/**
 * Brings pictures to the encoder's size. Encoders scale too, but in Chromium 156 one that scales answers every change of
 * bitrate with a keyframe, just when the path is poor; and a camera's own scaling is done there as well. Camera pictures are
 * scaled plane by plane, which takes half as long as a canvas without a graphics card; all others by a canvas.
 */

import type { RawPicture } from "./picture-encoder.ts";
import { planesLength, scalePlanes } from "./plane-scaler.ts";
import type { PictureSize } from "./rate.ts";

/** Whether a picture's samples lie in memory as they are to be seen: not turned round. */
function isUpright(picture: RawPicture): picture is VideoFrame {
  const { rotation = 0, flip = false } = picture as { rotation?: number; flip?: boolean };
  return "visibleRect" in picture && rotation === 0 && !flip;
}

/** Whether a picture's samples, as they lie in memory, are what is to be seen at that size. */
export function fits(picture: RawPicture, size: PictureSize): picture is VideoFrame {
  if (!isUpright(picture)) return false;
  const rect = picture.visibleRect;
  return rect?.width === size.width && rect.height === size.height;
}

/** Scales for one encoder. */
export class PictureScaler {
  readonly #readable: boolean;
  #context: OffscreenCanvasRenderingContext2D | null = null;
  #original = new Uint8Array(0);
  #scaled = new Uint8Array(0);

  /** @param readable whether `pixels` will be asked for: such a canvas lies in main memory. */
  constructor({ readable = false } = {}) {
    this.#readable = readable;
  }

  /** A picture of that size with that timestamp, to be closed by the caller as the original is. */
  async frame(picture: RawPicture, size: PictureSize, timestamp: number): Promise<VideoFrame> {
    if (fits(picture, size)) return new VideoFrame(picture, { timestamp });
    const planes = await this.planes(picture, size);
    if (planes === null || !isUpright(picture)) return new VideoFrame(this.#draw(picture, size).canvas, { timestamp });
    const { width: codedWidth, height: codedHeight } = size;
    const colorSpace = picture.colorSpace.toJSON();
    return new VideoFrame(planes, { format: "I420", codedWidth, codedHeight, timestamp, colorSpace });
  }

  /** The picture at that size as I420, valid until the next call; null when it does not come in planes that can be read. */
  async planes(picture: RawPicture, size: PictureSize): Promise<Uint8Array<ArrayBuffer> | null> {
    if (!isUpright(picture) || (picture.format !== "I420" && picture.format !== "NV12")) return null;
    const { format, visibleRect } = picture;
    if (visibleRect === null) return null;
    const { width, height } = visibleRect;
    const length = planesLength({ width, height });
    if (picture.allocationSize() !== length) return null;
    if (this.#original.length !== length) this.#original = new Uint8Array(length);
    if (this.#scaled.length !== planesLength(size)) this.#scaled = new Uint8Array(planesLength(size));
    try {
      await picture.copyTo(this.#original);
    } catch {
      // They lie where they cannot be read, on a graphics card mostly.
      return null;
    }
    scalePlanes(format, this.#original, { width, height }, size, this.#scaled);
    return this.#scaled;
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
