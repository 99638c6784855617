/** Bytes from outside: whatever they are, the decoder decodes them or throws CodecError, and a keyframe puts it right. */

import { describe, expect, it } from "vitest";
import { CodecError } from "./codec-error.ts";
import { H264Decoder } from "./h264-decoder.ts";
import { type EncodedPicture, H264Encoder } from "./h264-encoder.ts";
import { builtModule } from "./testing/modules.ts";
import { psnr, randomNumbers, scene } from "./testing/pictures.ts";

const module = builtModule("h264");
const [WIDTH, HEIGHT] = [176, 144];

const stream: EncodedPicture[] = (() => {
  const settings = { width: WIDTH, height: HEIGHT, framerate: 30, bitrateBps: 1_000_000, temporalLayers: 1 } as const;
  const encoder = H264Encoder.create(module, { ...settings, content: "motion" });
  return Array.from({ length: 12 }, (_, i) => {
    encoder.input("I420").set(scene(i, WIDTH, HEIGHT));
    const picture = encoder.encode("I420", i * 33_333, i === 0 || i === 11);
    if (picture === null) throw new Error("a picture was skipped");
    return picture;
  });
})();
const keyframe = (stream[11] as EncodedPicture).data;

/** Whether the decoder took the octets; any other error than CodecError is a bug. */
function takes(decoder: H264Decoder, octets: Uint8Array): boolean {
  try {
    decoder.decode(octets);
    return true;
  } catch (error) {
    if (!(error instanceof CodecError)) throw error;
    return false;
  }
}

function expectRecovery(decoder: H264Decoder): void {
  const quality = psnr(decoder.decode(keyframe)?.data ?? [], scene(11, WIDTH, HEIGHT));
  expect(quality).toBeGreaterThan(28);
}

describe("damage", () => {
  it("of every kind is refused or decoded, and a keyframe recovers", () => {
    const random = randomNumbers(20_260);
    const below = (limit: number) => Math.floor(random() * limit);
    const damages: ((octets: Uint8Array<ArrayBuffer>) => Uint8Array)[] = [
      (octets) => octets.subarray(0, 1 + below(octets.length - 1)),
      (octets) => {
        for (let i = 0; i < 1 + below(8); i += 1) octets[below(octets.length)] = below(256);
        return octets;
      },
      (octets) => {
        octets[5 + below(Math.min(30, octets.length - 5))] = below(256); // parameter sets and slice headers
        return octets;
      },
      (octets) => octets.map((octet, i) => (i < 5 ? octet : below(256))),
      () => Uint8Array.from({ length: 1 + below(3000) }, () => below(256)),
      (octets) => new Uint8Array([...octets, ...octets.subarray(below(octets.length))]),
      (octets) => octets.subarray(below(octets.length)),
    ];
    const decoder = H264Decoder.create(module);
    let refused = 0;
    for (let round = 0; round < 400; round += 1) {
      decoder.decode((stream[0] as EncodedPicture).data);
      for (let i = 1; i < 5; i += 1) {
        const { data } = stream[below(11)] as EncodedPicture;
        const damage = damages[below(damages.length)] as (typeof damages)[number];
        if (!takes(decoder, damage(data.slice()))) refused += 1;
      }
      if (round % 10 === 0) expectRecovery(decoder);
      else takes(decoder, keyframe);
    }
    expectRecovery(decoder);
    expect(refused).toBeGreaterThan(400);
  });

  it("makes everything up to the next keyframe be refused", () => {
    const decoder = H264Decoder.create(module);
    expect(takes(decoder, (stream[1] as EncodedPicture).data)).toBe(false);
    for (const { data } of stream.slice(0, 3)) expect(takes(decoder, data)).toBe(true);
    const cut = (stream[3] as EncodedPicture).data;
    expect(takes(decoder, cut.subarray(0, cut.length >> 1))).toBe(false);
    for (const { data } of stream.slice(4, 11)) expect(takes(decoder, data)).toBe(false);
    expectRecovery(decoder);
  });

  it("of a missing picture is noticed", () => {
    const decoder = H264Decoder.create(module);
    for (const { data } of stream.slice(0, 4)) expect(takes(decoder, data)).toBe(true);
    expect(takes(decoder, (stream[6] as EncodedPicture).data)).toBe(false);
    expectRecovery(decoder);
  });

  it("leaves other decoders alone", () => {
    const [broken, whole] = [H264Decoder.create(module), H264Decoder.create(module)];
    for (const [i, { data }] of stream.entries()) {
      takes(broken, data.subarray(0, data.length - 20 * i));
      expect(psnr(whole.decode(data)?.data ?? [], scene(i, WIDTH, HEIGHT))).toBeGreaterThan(28);
    }
  });

  it("refuses nothing at all, and far too much", () => {
    const decoder = H264Decoder.create(module);
    expect(takes(decoder, new Uint8Array())).toBe(false);
    expect(takes(decoder, new Uint8Array((8 << 20) + 1))).toBe(false);
    expectRecovery(decoder);
  });

  it("cannot reach a decoder that was closed", () => {
    const decoder = H264Decoder.create(module);
    decoder.decode(keyframe);
    decoder.close();
    expect(takes(decoder, keyframe)).toBe(false);
    expect(() => decoder.rgba()).toThrow(CodecError);
  });
});
