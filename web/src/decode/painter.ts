/**
 * Puts decoded pictures on the surface that a track was given: a canvas of the window's in this worker's hands or, where
 * browsers cannot give it away, the window itself (`surface.ts`). Used by the decode worker. Queues: one picture on its way to
 * the window; while it is, only the newest waits.
 */

import { type RawImage, sizeOf } from "./picture-decoder.ts";

/** What can be painted. */
export type Image = VideoFrame | RawImage;

/** One track's surface. */
export interface Painter {
  readonly width: number;
  readonly height: number;
  /** Show a picture; the caller closes it afterwards. @returns whether its size is another than that of the one before. */
  paint(image: Image): boolean;
  close(): void;
}

/** A picture's pixels: 4 octets each, row by row. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly rgba: Uint8ClampedArray<ArrayBuffer>;
}

/** Worker → window, where the window paints. It answers each with anything when it has painted. */
export type PaintMessage = VideoFrame | Pixels;

/** The part of a canvas context, the window's or a worker's, that painting needs. */
export interface DrawingContext {
  readonly canvas: { width: number; height: number };
  drawImage(image: VideoFrame, x: number, y: number): void;
  putImageData(image: ImageData, x: number, y: number): void;
}

/** Draw a picture at its own size. @returns whether the canvas had another. */
export function drawOn(context: DrawingContext, image: VideoFrame | Pixels): boolean {
  const { canvas } = context;
  const { width, height } = "rgba" in image ? image : sizeOf(image);
  const resized = canvas.width !== width || canvas.height !== height;
  if (resized) {
    canvas.width = width;
    canvas.height = height;
  }
  if ("rgba" in image) context.putImageData(new ImageData(image.rgba, width, height), 0, 0);
  else context.drawImage(image, 0, 0);
  return resized;
}

/**
 * As RGBA also where there are VideoFrame and WebGL: without a graphics card a canvas takes an I420 frame in twice the time, and
 * WebGL costs many times as much.
 */
const pixelsOf = (image: RawImage): Pixels => ({ width: image.width, height: image.height, rgba: image.rgba() });

/** Paints on a canvas that the window has given away. */
export class CanvasPainter implements Painter {
  readonly #context: OffscreenCanvasRenderingContext2D | null;
  width = 0;
  height = 0;

  constructor(canvas: OffscreenCanvas) {
    this.#context = canvas.getContext("2d", { alpha: false });
  }

  paint(image: Image): boolean {
    const first = this.width === 0;
    const { width, height } = sizeOf(image);
    this.width = width;
    this.height = height;
    const resized = this.#context !== null && drawOn(this.#context, "rgba" in image ? pixelsOf(image) : image);
    return first || resized;
  }

  close(): void {
    // The canvas belongs to the page, which may want to keep the last picture.
  }
}

/** The part of `MessagePort` that this needs. */
export interface PainterPort {
  onmessage: ((event: MessageEvent) => void) | null;
  postMessage(message: unknown, transfer: Transferable[]): void;
  close(): void;
}

function copyOf(image: Image): PaintMessage {
  if (!("rgba" in image)) return image.clone();
  const pixels = pixelsOf(image);
  return { ...pixels, rgba: pixels.rgba.slice() };
}

const letGo = (image: PaintMessage | null): void => {
  if (image !== null && !("rgba" in image)) image.close();
};

/** Lets the window paint. */
export class PortPainter implements Painter {
  readonly #port: PainterPort;
  #painting = false;
  #next: PaintMessage | null = null;
  width = 0;
  height = 0;

  constructor(port: PainterPort) {
    this.#port = port;
    port.onmessage = () => {
      this.#painting = false;
      const next = this.#next;
      this.#next = null;
      if (next !== null) this.#send(next);
    };
  }

  paint(image: Image): boolean {
    const { width, height } = sizeOf(image);
    const resized = this.width !== width || this.height !== height;
    this.width = width;
    this.height = height;
    const copy = copyOf(image);
    if (this.#painting) {
      letGo(this.#next);
      this.#next = copy;
    } else this.#send(copy);
    return resized;
  }

  close(): void {
    letGo(this.#next);
    this.#next = null;
    this.#port.onmessage = null;
    this.#port.close();
  }

  #send(image: PaintMessage): void {
    this.#painting = true;
    this.#port.postMessage(image, ["rgba" in image ? image.rgba.buffer : image]);
  }
}
