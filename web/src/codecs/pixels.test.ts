/** The conversions between pixel formats, against BT.709 written out in plain arithmetic. */

import { describe, expect, it } from "vitest";
import { H264Decoder } from "./h264-decoder.ts";
import { H264Encoder, type PixelFormat, pictureSize } from "./h264-encoder.ts";
import { builtModule } from "./testing/modules.ts";
import { i420Size, psnr, randomNumbers, scene } from "./testing/pictures.ts";

const module = builtModule("h264");
const SIZES = [
  [16, 16],
  [34, 18],
  [101, 67],
  [322, 182],
] as const;

/** A coloured picture as rows of red, green, blue: ramps with a little noise, and all corners of the colour cube. */
function colours(width: number, height: number): Uint8Array {
  const random = randomNumbers(width * height);
  const rgb = new Uint8Array(3 * width * height);
  for (let i = 0; i < width * height; i += 1) {
    const [x, y] = [i % width, Math.floor(i / width)];
    const corner = y < 4;
    rgb[3 * i] = corner ? 255 * ((x >> 1) & 1) : (x * 200) / width + random() * 20;
    rgb[3 * i + 1] = corner ? 255 * ((x >> 2) & 1) : (y * 200) / height + random() * 20;
    rgb[3 * i + 2] = corner ? 255 * ((x >> 3) & 1) : 220 - (x * 200) / width + random() * 20;
  }
  return rgb;
}

/** BT.709 in the limited range, in 1/256, chroma from the rounded mean of up to four pixels. */
function referenceI420(rgb: Uint8Array, width: number, height: number): Uint8Array {
  const out = new Uint8Array(i420Size(width, height));
  const component = (x: number, y: number, c: number) =>
    rgb[3 * (Math.min(y, height - 1) * width + Math.min(x, width - 1)) + c] as number;
  const columns = Math.ceil(width / 2);
  const [u, v] = [width * height, width * height + columns * Math.ceil(height / 2)];
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const [r, g, b] = [0, 1, 2].map((c) => component(x, y, c)) as [number, number, number];
      out[y * width + x] = 16 + ((47 * r + 157 * g + 16 * b + 128) >> 8);
      if (x % 2 !== 0 || y % 2 !== 0) continue;
      const [mr, mg, mb] = [0, 1, 2].map((c) => {
        const sum = component(x, y, c) + component(x + 1, y, c) + component(x, y + 1, c) + component(x + 1, y + 1, c);
        return (sum + 2) >> 2;
      }) as [number, number, number];
      const at = (y / 2) * columns + x / 2;
      out[u + at] = 128 + ((112 * mb - 86 * mg - 26 * mr + 128) >> 8);
      out[v + at] = 128 + ((112 * mr - 102 * mg - 10 * mb + 128) >> 8);
    }
  }
  return out;
}

/** A keyframe of one picture; equal octets show that the encoder saw equal samples. */
function encoded(format: PixelFormat, picture: Uint8Array, width: number, height: number): Uint8Array {
  const settings = { framerate: 10, bitrateBps: 20_000_000, temporalLayers: 1, content: "motion" } as const;
  const encoder = H264Encoder.create(module, { width, height, ...settings });
  const input = encoder.input(format);
  expect(input.byteLength).toBe(pictureSize(format, width, height));
  input.set(picture);
  const coded = encoder.encode(format, 0, true);
  if (coded === null) throw new Error("a keyframe was skipped");
  return coded.data;
}

/** The same picture with its components in another order, and something in the fourth octet. */
function packed(rgb: Uint8Array, order: readonly [number, number, number]): Uint8Array {
  const out = new Uint8Array((rgb.length / 3) * 4);
  for (let i = 0; i < rgb.length / 3; i += 1) {
    for (const [at, component] of order.entries()) out[4 * i + at] = rgb[3 * i + component] as number;
    out[4 * i + 3] = i & 0xff;
  }
  return out;
}

describe.each(SIZES)("into the encoder, %dx%d", (width, height) => {
  const rgb = colours(width, height);
  const i420 = referenceI420(rgb, width, height);
  const expected = encoded("I420", i420, width, height);

  it.each(["RGBA", "RGBX", "BGRA", "BGRX"] as const)("%s is taken as BT.709", (format) => {
    const order = format.startsWith("B") ? ([2, 1, 0] as const) : ([0, 1, 2] as const);
    expect(encoded(format, packed(rgb, order), width, height)).toEqual(expected);
  });

  it("NV12 is I420 in another order", () => {
    const luma = width * height;
    const count = (i420.length - luma) / 2;
    const nv12 = i420.slice();
    for (let i = 0; i < count; i += 1) {
      nv12[luma + 2 * i] = i420[luma + i] as number;
      nv12[luma + 2 * i + 1] = i420[luma + count + i] as number;
    }
    expect(encoded("NV12", nv12, width, height)).toEqual(expected);
  });

  it("another picture makes another stream", () => {
    const other = i420.slice();
    for (let i = 0; i < 64; i += 1) other[i] = 255 - (other[i] as number);
    expect(encoded("I420", other, width, height)).not.toEqual(expected);
  });
});

describe.each(SIZES)("out of the decoder, %dx%d", (width, height) => {
  it("RGBA is BT.709, to the nearest two steps", () => {
    const decoder = H264Decoder.create(module);
    const picture = decoder.decode(encoded("I420", scene(3, width, height), width, height));
    if (picture === null) throw new Error("no picture");
    const { width: columns, height: rows } = picture;
    const data = picture.data.slice();
    const rgba = decoder.rgba();
    expect(rgba.length).toBe(4 * columns * rows);
    const [u, v] = [columns * rows, columns * rows + (columns / 2) * (rows / 2)];
    const exact = new Uint8ClampedArray(rgba.length);
    for (let i = 0; i < columns * rows; i += 1) {
      const at = Math.floor(i / columns / 2) * (columns / 2) + ((i % columns) >> 1);
      const y = ((data[i] as number) - 16) * (255 / 219);
      const [cb, cr] = [(data[u + at] as number) - 128, (data[v + at] as number) - 128];
      exact.set([y + 1.7927 * cr, y - 0.2132 * cb - 0.5329 * cr, y + 2.1124 * cb, 255], 4 * i);
    }
    expect(rgba.every((octet, i) => Math.abs(octet - (exact[i] as number)) <= 2)).toBe(true);
  });

  it("a picture keeps its colours all the way", () => {
    const rgb = scene(7, width * 2, height).subarray(0, 3 * width * height - 3); // any smooth bytes
    const smooth = new Uint8Array(4 * width * height);
    for (let i = 0; i < width * height; i += 1) {
      smooth.set([200 - (rgb[i] as number) / 2, 60 + (i % width) / 4, 90, 255], 4 * i);
    }
    const decoder = H264Decoder.create(module);
    decoder.decode(encoded("RGBA", smooth, width, height));
    const [evenWidth, evenHeight] = [width & ~1, height & ~1];
    const cropped = Array.from({ length: 4 * evenWidth * evenHeight }, (_, i) => {
      const pixel = i >> 2;
      return smooth[4 * (Math.floor(pixel / evenWidth) * width + (pixel % evenWidth)) + (i & 3)] as number;
    });
    expect(psnr(decoder.rgba(), cropped)).toBeGreaterThan(30);
  });
});
