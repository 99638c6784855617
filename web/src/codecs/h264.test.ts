import { describe, expect, it } from "vitest";
import { CodecError } from "./codec-error.ts";
import { H264Decoder } from "./h264-decoder.ts";
import { type EncodedPicture, H264Encoder, type H264EncoderConfig } from "./h264-encoder.ts";
import { builtModule } from "./testing/modules.ts";
import { psnr, scene } from "./testing/pictures.ts";

const module = builtModule("h264");
const FRAMERATE = 30;

const config = (changes: Partial<H264EncoderConfig> = {}): H264EncoderConfig => ({
  width: 320,
  height: 180,
  framerate: FRAMERATE,
  bitrateBps: 600_000,
  temporalLayers: 1,
  content: "motion",
  ...changes,
});

/** Encodes the scene's pictures `from` to `to`; skipped ones are null. */
function encodeScene(encoder: H264Encoder, { width, height }: H264EncoderConfig, from: number, to: number) {
  const pictures: (EncodedPicture | null)[] = [];
  for (let i = from; i < to; i += 1) {
    encoder.input("I420").set(scene(i, width, height));
    pictures.push(encoder.encode("I420", (i * 1e6) / FRAMERATE, i === 0));
  }
  return pictures;
}

const bitrateOf = (pictures: readonly (EncodedPicture | null)[]): number =>
  (pictures.reduce((sum, picture) => sum + (picture?.data.byteLength ?? 0), 0) * 8 * FRAMERATE) / pictures.length;

describe("encoding and decoding", () => {
  it.each([
    [16, 16],
    [64, 48],
    [322, 182],
    [640, 360],
    [1280, 720],
  ])("a clip of %dx%d looks like the original", (width, height) => {
    const settings = config({ width, height, bitrateBps: 200_000 + width * height * 3 });
    const encoder = H264Encoder.create(module, settings);
    const decoder = H264Decoder.create(module);
    const pictures = encodeScene(encoder, settings, 0, 15);
    for (const [i, picture] of pictures.entries()) {
      if (picture === null) continue;
      const decoded = decoder.decode(picture.data);
      expect(decoded).toMatchObject({ width, height });
      expect(psnr(decoded?.data ?? [], scene(i, width, height))).toBeGreaterThan(30);
    }
    expect(pictures.filter((picture) => picture !== null).length).toBeGreaterThanOrEqual(14);
  });

  it("keeps the even part of an odd size", () => {
    const settings = config({ width: 101, height: 67 });
    const encoder = H264Encoder.create(module, settings);
    const [picture] = encodeScene(encoder, settings, 0, 1);
    const decoded = H264Decoder.create(module).decode(picture?.data ?? new Uint8Array());
    expect(decoded).toMatchObject({ width: 100, height: 66 });
    const luma = scene(0, 101, 67);
    const cropped = Array.from({ length: 100 * 66 }, (_, i) => luma[Math.floor(i / 100) * 101 + (i % 100)] as number);
    expect(psnr(decoded?.data.subarray(0, 6600) ?? [], cropped)).toBeGreaterThan(30);
  });

  it("refuses sizes and rates beyond its limits", () => {
    for (const changes of [
      { width: 8 },
      { height: 14 },
      { width: 4098 },
      { width: 4096, height: 4096 },
      { width: 320.5 },
      { framerate: 0 },
      { framerate: Number.NaN },
      { bitrateBps: 10 },
      { bitrateBps: Number.POSITIVE_INFINITY },
    ]) {
      expect(() => H264Encoder.create(module, config(changes)), JSON.stringify(changes)).toThrow(CodecError);
    }
  });
});

describe("pictures that are taken", () => {
  const small = config({ width: 64, height: 48 });
  const units = (count: number): Uint8Array[] =>
    encodeScene(H264Encoder.create(module, small), small, 0, count).map((picture) => {
      if (picture === null) throw new Error("all pictures are wanted");
      return picture.data;
    });

  it("stay as they were decoded until they are closed, and then make room", () => {
    const decoder = H264Decoder.create(module);
    const taken = [];
    for (const unit of units(12)) {
      const decoded = decoder.decode(unit)?.data.slice();
      taken.push({ decoded, picture: decoder.take() });
    }
    for (const { decoded, picture } of taken) expect(picture.planes()).toEqual(decoded);
    const [key] = units(1) as [Uint8Array];
    expect(() => decoder.decode(key)).toThrow("memory");
    taken[5]?.picture.close();
    expect(decoder.decode(key)?.width).toBe(small.width);
  });

  it("outlive their decoder", () => {
    const decoder = H264Decoder.create(module);
    const decoded = decoder.decode(units(1)[0] as Uint8Array)?.data.slice();
    const picture = decoder.take();
    decoder.close();
    expect(picture.planes()).toEqual(decoded);
    expect(picture.rgba()).toHaveLength(4 * small.width * small.height);
  });

  it("are only those that there are", () => {
    expect(() => H264Decoder.create(module).take()).toThrow(CodecError);
  });
});

describe("bits", () => {
  it("follow a new bitrate without a keyframe", () => {
    const settings = config({ width: 640, height: 360, bitrateBps: 800_000 });
    const encoder = H264Encoder.create(module, settings);
    expect(bitrateOf(encodeScene(encoder, settings, 0, 60))).toBeLessThan(800_000 * 1.25);
    encoder.setRates(250_000, FRAMERATE);
    const low = encodeScene(encoder, settings, 60, 150);
    expect(low.some((picture) => picture?.keyframe)).toBe(false);
    expect(bitrateOf(low.slice(30))).toBeLessThan(250_000 * 1.2);
    encoder.setRates(1_500_000, FRAMERATE);
    const high = encodeScene(encoder, settings, 150, 240);
    expect(high.some((picture) => picture?.keyframe)).toBe(false);
    expect(bitrateOf(high.slice(30))).toBeGreaterThan(bitrateOf(low.slice(30)) * 2);
  });
});
