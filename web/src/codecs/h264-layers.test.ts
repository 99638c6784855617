import { describe, expect, it } from "vitest";
import { H264Decoder } from "./h264-decoder.ts";
import { type EncodedPicture, H264Encoder } from "./h264-encoder.ts";
import { builtModule } from "./testing/modules.ts";
import { psnr, scene } from "./testing/pictures.ts";

const module = builtModule("h264");
const [WIDTH, HEIGHT, FRAMERATE] = [320, 180, 30];

interface Sent {
  readonly index: number;
  readonly picture: EncodedPicture;
}

function encode(temporalLayers: 1 | 2 | 3, content: "motion" | "detail", keyframesAt: readonly number[]): Sent[] {
  const bitrateBps = 600_000;
  const settings = { width: WIDTH, height: HEIGHT, framerate: FRAMERATE, bitrateBps, temporalLayers, content };
  const encoder = H264Encoder.create(module, settings);
  const sent: Sent[] = [];
  for (let index = 0; index < 40; index += 1) {
    encoder.input("I420").set(scene(index, WIDTH, HEIGHT));
    const picture = encoder.encode("I420", (index * 1e6) / FRAMERATE, keyframesAt.includes(index));
    if (picture !== null) sent.push({ index, picture });
  }
  return sent;
}

/** The types of an access unit's NAL units, in their order. */
function nalTypes(data: Uint8Array): number[] {
  const types: number[] = [];
  for (let i = 0; i + 3 < data.length; i += 1) {
    if (data[i] === 0 && data[i + 1] === 0 && data[i + 2] === 1) types.push((data[i + 3] ?? 0) & 0x1f);
  }
  return types;
}

describe("keyframes", () => {
  it.each(["motion", "detail"] as const)("come when asked for and at no other time: %s", (content) => {
    const sent = encode(1, content, [0, 17]);
    expect(sent.filter(({ picture }) => picture.keyframe).map(({ index }) => index)).toEqual([0, 17]);
    const decoder = H264Decoder.create(module);
    const fromSecond = sent.filter(({ index }) => index >= 17);
    for (const { index, picture } of fromSecond) {
      expect(psnr(decoder.decode(picture.data)?.data ?? [], scene(index, WIDTH, HEIGHT))).toBeGreaterThan(28);
    }
    expect(fromSecond.length).toBeGreaterThan(15);
  });

  it("bring SPS and PPS of constrained baseline, and one slice", () => {
    const keyframes = encode(3, "motion", [0, 20]).filter(({ picture }) => picture.keyframe);
    for (const { picture } of keyframes) {
      expect(nalTypes(picture.data)).toEqual([7, 8, 5]);
      const sps = picture.data.subarray(4, 8);
      expect(sps[1]).toBe(66);
      expect((sps[2] ?? 0) & 0b1100_0000).toBe(0b1100_0000);
    }
    expect(keyframes.length).toBe(2);
  });
});

describe("temporal layers", () => {
  it.each([2, 3] as const)("of %d: all that is above the first can be left out from the top", (layers) => {
    const sent = encode(layers, "motion", [0]);
    const layersSeen = new Set(sent.map(({ picture }) => picture.temporalLayer));
    expect([...layersSeen].sort()).toEqual(Array.from({ length: layers }, (_, i) => i));
    for (let kept = 0; kept < layers; kept += 1) {
      const decoder = H264Decoder.create(module);
      for (const { index, picture } of sent) {
        if (picture.temporalLayer > kept) continue;
        expect(psnr(decoder.decode(picture.data)?.data ?? [], scene(index, WIDTH, HEIGHT))).toBeGreaterThan(28);
      }
    }
  });

  it("mark the top layer, and only it, as discardable", () => {
    for (const { picture } of encode(3, "motion", [0])) expect(picture.discardable).toBe(picture.temporalLayer === 2);
    for (const { picture } of encode(1, "motion", [0])) expect(picture.discardable).toBe(false);
  });

  it("survive the loss of any discardable pictures", () => {
    const decoder = H264Decoder.create(module);
    for (const [i, { index, picture }] of encode(2, "motion", [0]).entries()) {
      if (picture.discardable && i % 3 !== 0) continue;
      expect(psnr(decoder.decode(picture.data)?.data ?? [], scene(index, WIDTH, HEIGHT))).toBeGreaterThan(28);
    }
  });
});
