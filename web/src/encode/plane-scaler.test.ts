import { describe, expect, it } from "vitest";
import { planesLength, scalePlanes } from "./plane-scaler.ts";

const FROM = { width: 64, height: 48 };

/** A picture whose luma rises from left to right and from top to bottom, and whose chroma is even. */
function gradient(format: "I420" | "NV12", { width, height } = FROM): Uint8Array {
  const data = new Uint8Array(planesLength({ width, height }));
  for (let y = 0; y < height; y += 1) for (let x = 0; x < width; x += 1) data[y * width + x] = 2 * x + y;
  for (let i = 0; i < (width * height) / 4; i += 1) {
    const at = width * height;
    data[format === "I420" ? at + i : at + 2 * i] = 90;
    data[format === "I420" ? at + (width * height) / 4 + i : at + 2 * i + 1] = 170;
  }
  return data;
}

function scaled(format: "I420" | "NV12", to: { width: number; height: number }): Uint8Array {
  const out = new Uint8Array(planesLength(to));
  scalePlanes(format, gradient(format), FROM, to, out);
  return out;
}

describe("scalePlanes", () => {
  it.each([
    [48, 36],
    [32, 24],
    [24, 18],
    [16, 12],
    [34, 26],
    [64, 48],
  ])("keeps a picture's course at %dx%d", (width, height) => {
    const out = scaled("I420", { width, height });
    for (let y = 0; y < height; y += 1) {
      for (let x = 0; x < width; x += 1) {
        const [atX, atY] = [((x + 0.5) * FROM.width) / width - 0.5, ((y + 0.5) * FROM.height) / height - 0.5];
        expect(Math.abs((out[y * width + x] ?? 0) - (2 * atX + atY))).toBeLessThanOrEqual(1.5);
      }
    }
    const chroma = (width * height) / 4;
    expect(new Set(out.subarray(width * height, width * height + chroma))).toEqual(new Set([90]));
    expect(new Set(out.subarray(width * height + chroma))).toEqual(new Set([170]));
  });

  it("makes the same of NV12", () => {
    const to = { width: 24, height: 18 };
    expect(scaled("NV12", to)).toEqual(scaled("I420", to));
  });

  it("takes odd sizes", () => {
    const from = { width: 33, height: 17 };
    const to = { width: 8, height: 4 };
    const out = new Uint8Array(planesLength(to));
    scalePlanes("I420", new Uint8Array(planesLength(from)).fill(77), from, to, out);
    expect(new Set(out)).toEqual(new Set([77]));
  });
});
