/**
 * Makes a picture in planes (I420 or NV12) smaller without a canvas, which would convert it to RGB and back. Averages of two by two
 * pixels halve it, and bilinear interpolation does the rest. Used by the encode worker; no browser API here.
 */

import type { PictureSize } from "./rate.ts";

/** One plane of octets, rows tightly packed. */
interface Plane extends PictureSize {
  readonly data: Uint8Array;
}

const halfOf = ({ width, height }: PictureSize): PictureSize => ({
  width: Math.ceil(width / 2),
  height: Math.ceil(height / 2),
});

/** Octets of an I420 or NV12 picture, planes tightly packed. */
export function planesLength(size: PictureSize): number {
  const chroma = halfOf(size);
  return size.width * size.height + 2 * chroma.width * chroma.height;
}

/** Half the width and height; an odd last column or row is left out. */
function halve({ data, width, height }: Plane): Plane {
  const [columns, rows] = [width >> 1, height >> 1];
  const out = new Uint8Array(columns * rows);
  for (let row = 0, to = 0; row < rows; row += 1) {
    let above = 2 * row * width;
    let below = above + width;
    for (let column = 0; column < columns; column += 1, above += 2, below += 2, to += 1) {
      const sum =
        (data[above] as number) + (data[above + 1] as number) + (data[below] as number) + (data[below + 1] as number);
      out[to] = (sum + 2) >> 2;
    }
  }
  return { data: out, width: columns, height: rows };
}

/** Weights of 256 parts: where each output pixel's centre lies between two input pixels. */
function taps(from: number, to: number): { index: Int32Array; weight: Int32Array } {
  const index = new Int32Array(to);
  const weight = new Int32Array(to);
  for (let i = 0; i < to; i += 1) {
    const centre = Math.max(0, Math.min(from - 1, ((i + 0.5) * from) / to - 0.5));
    index[i] = Math.min(Math.floor(centre), Math.max(0, from - 2));
    weight[i] = Math.round((centre - (index[i] ?? 0)) * 256);
  }
  return { index, weight };
}

/** Bilinear interpolation into `out`. */
function interpolate({ data, width, height }: Plane, size: PictureSize, out: Uint8Array): void {
  const columns = taps(width, size.width);
  const rows = taps(height, size.height);
  const next = width > 1 ? 1 : 0;
  const line = height > 1 ? width : 0;
  for (let row = 0, to = 0; row < size.height; row += 1) {
    const above = (rows.index[row] as number) * width;
    const down = rows.weight[row] as number;
    for (let column = 0; column < size.width; column += 1, to += 1) {
      const at = above + (columns.index[column] as number);
      const right = columns.weight[column] as number;
      const upper = (data[at] as number) * (256 - right) + (data[at + next] as number) * right;
      const lower = (data[at + line] as number) * (256 - right) + (data[at + line + next] as number) * right;
      out[to] = (upper * (256 - down) + lower * down + 32_768) >> 16;
    }
  }
}

function scalePlane(plane: Plane, size: PictureSize, out: Uint8Array): void {
  let present = plane;
  while (present.width >= 2 * size.width && present.height >= 2 * size.height) present = halve(present);
  if (present.width === size.width && present.height === size.height) out.set(present.data);
  else interpolate(present, size, out);
}

/** Every second octet, from the first or the second on. */
function everySecond(data: Uint8Array, first: 0 | 1): Uint8Array {
  const out = new Uint8Array(data.length >> 1);
  for (let i = 0, at: number = first; i < out.length; i += 1, at += 2) out[i] = data[at] as number;
  return out;
}

/**
 * Scale a picture down.
 *
 * @param data I420 or NV12, planes tightly packed, `planesLength(from)` octets.
 * @param out for I420 of the other size, `planesLength(to)` octets.
 */
export function scalePlanes(
  format: "I420" | "NV12",
  data: Uint8Array,
  from: PictureSize,
  to: PictureSize,
  out: Uint8Array,
): void {
  const [fromChroma, toChroma] = [halfOf(from), halfOf(to)];
  const luma = from.width * from.height;
  const chroma = fromChroma.width * fromChroma.height;
  const [blue, red] =
    format === "I420"
      ? [data.subarray(luma, luma + chroma), data.subarray(luma + chroma, luma + 2 * chroma)]
      : [everySecond(data.subarray(luma), 0), everySecond(data.subarray(luma), 1)];
  const outLuma = to.width * to.height;
  const outChroma = toChroma.width * toChroma.height;
  scalePlane({ data: data.subarray(0, luma), ...from }, to, out.subarray(0, outLuma));
  scalePlane({ data: blue, ...fromChroma }, toChroma, out.subarray(outLuma, outLuma + outChroma));
  scalePlane({ data: red, ...fromChroma }, toChroma, out.subarray(outLuma + outChroma, outLuma + 2 * outChroma));
}
