import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { CanvasPainter, type PainterPort, type Pixels, PortPainter } from "./painter.ts";
import type { RawImage } from "./picture-decoder.ts";
import { createSurface } from "./surface.ts";

class FakeImageData {
  readonly data: Uint8ClampedArray;
  constructor(data: Uint8ClampedArray) {
    this.data = data;
  }
}

/** A canvas that remembers what was drawn. */
class FakeCanvas {
  width = 300;
  height = 150;
  readonly drawn: unknown[] = [];

  getContext() {
    return {
      canvas: this,
      drawImage: (image: unknown) => void this.drawn.push(image),
      putImageData: ({ data }: FakeImageData) => void this.drawn.push(data[0]),
    };
  }
}

const raw = (value: number, width = 4, height = 2): RawImage => ({
  width,
  height,
  planes: () => new Uint8Array(width * height * 1.5).fill(value),
  rgba: () => new Uint8ClampedArray(width * height * 4).fill(value),
});

beforeEach(() => vi.stubGlobal("ImageData", FakeImageData));
afterEach(() => vi.unstubAllGlobals());

describe("CanvasPainter", () => {
  it("gives the canvas the picture's size, and tells when that changes", () => {
    const canvas = new FakeCanvas();
    const painter = new CanvasPainter(canvas as unknown as OffscreenCanvas);
    expect([painter.paint(raw(1)), painter.paint(raw(2)), painter.paint(raw(3, 8, 6))]).toEqual([true, false, true]);
    expect([canvas.width, canvas.height, painter.width, painter.height]).toEqual([8, 6, 8, 6]);
    expect(canvas.drawn).toEqual([1, 2, 3]);
    const frame = { displayWidth: 8, displayHeight: 6 } as VideoFrame;
    painter.paint(frame);
    expect(canvas.drawn.at(-1)).toBe(frame);
  });
});

describe("PortPainter", () => {
  it("has one picture on its way, and keeps the newest meanwhile", () => {
    const posted: number[] = [];
    const port: PainterPort = {
      onmessage: null,
      postMessage: (image) => void posted.push((image as Pixels).rgba[0] ?? -1),
      close: () => undefined,
    };
    const painter = new PortPainter(port);
    const painted = () => port.onmessage?.({ data: "painted" } as MessageEvent);
    for (const value of [1, 2, 3]) painter.paint(raw(value));
    expect(posted).toEqual([1]);
    painted();
    expect(posted).toEqual([1, 3]);
    painted();
    expect(posted).toEqual([1, 3]);
    painter.paint(raw(4));
    expect(posted).toEqual([1, 3, 4]);
  });
});

describe("createSurface", () => {
  it("gives the canvas away where that is possible", () => {
    const far = {};
    vi.stubGlobal("OffscreenCanvas", class {});
    const element = { transferControlToOffscreen: () => far } as unknown as HTMLCanvasElement;
    expect(createSurface(element)).toEqual({ element, far });
  });

  it("lets the window paint where it is not", async () => {
    const canvas = new FakeCanvas();
    const { far } = createSurface(canvas as unknown as HTMLCanvasElement);
    const painter = new PortPainter(far as unknown as PainterPort);
    painter.paint(raw(7, 6, 4));
    painter.paint(raw(8, 6, 4));
    await vi.waitFor(() => expect(canvas.drawn).toEqual([7, 8]));
    expect([canvas.width, canvas.height]).toEqual([6, 4]);
    (far as MessagePort).close();
  });
});
