/** Whole streams with and without our SIMD kernels: the same octets from the encoder, the same samples from the decoder. */

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { CodecError } from "./codec-error.ts";
import { H264Decoder } from "./h264-decoder.ts";
import { H264Encoder, type H264EncoderConfig } from "./h264-encoder.ts";
import { builtModule } from "./testing/modules.ts";
import { i420Size, randomNumbers, scene } from "./testing/pictures.ts";

const module = builtModule("h264");
const FRAMERATE = 30;

type Picture = Uint8Array<ArrayBuffer>;

/** A camera's picture: the scene as from a hand that shakes by fractions of a sample, with the noise of a sensor. */
function camera(index: number, width: number, height: number): Picture {
  const still = scene(0, width, height);
  const random = randomNumbers(index + 1);
  const right = 0.5 + 0.5 * Math.sin(index * 1.3);
  const down = 0.5 + 0.5 * Math.cos(index * 1.7);
  return still.map((sample, i) => {
    const above = sample * (1 - right) + (still[i + 1] ?? sample) * right;
    const below = (still[i + width] ?? sample) * (1 - right) + (still[i + width + 1] ?? sample) * right;
    return Math.min(255, above * (1 - down) + below * down + random() * 6);
  });
}

/** A page of text that scrolls by two lines a picture; it jumps to another page halfway. */
function text(index: number, width: number, height: number): Picture {
  const picture = new Uint8Array(i420Size(width, height)).fill(128);
  const page = index < 5 ? 1 : 2;
  for (let y = 0; y < height; y += 1) {
    const line = y + 2 * index;
    for (let x = 0; x < width; x += 1) {
      const glyph = Math.imul((x >> 2) + 97 * (line >> 3) + 7919 * page, 2654435761) >>> 16;
      const ink = (line & 7) < 6 && (x & 3) < 3 && ((glyph >> ((x & 3) + 3 * (line & 3))) & 1) === 1;
      picture[y * width + x] = ink ? 20 : 235;
    }
  }
  return picture;
}

/** Noise alone: large coefficients everywhere, and the rate control at its limit. */
function noise(index: number, width: number, height: number): Picture {
  const random = randomNumbers(1000 + index);
  return Uint8Array.from({ length: i420Size(width, height) }, () => 68 + random() * 120);
}

const contents = { camera, text, noise };

/** The pictures of a clip, made once for all the streams of it. */
function clip(content: keyof typeof contents, width: number, height: number, count: number): Picture[] {
  return Array.from({ length: count }, (_, index) => contents[content](index, width, height));
}

/** What became of the pictures: octets, or null if skipped. `failed`: openh264 refused the one after the last. */
interface Outcome {
  readonly octets: readonly (Picture | null)[];
  readonly failed: boolean;
}

/** Encodes all; two thirds on the bitrate changes to a third, and soon after a keyframe is asked for. */
function encode(config: H264EncoderConfig, pictures: readonly Picture[], kernels: boolean): Outcome {
  const encoder = H264Encoder.create(module, config, { kernels });
  const change = Math.floor((pictures.length * 2) / 3);
  const octets: (Picture | null)[] = [];
  for (const [i, picture] of pictures.entries()) {
    if (i === change) encoder.setRates(Math.ceil(config.bitrateBps / 3), FRAMERATE);
    encoder.input("I420").set(picture);
    try {
      const keyframe = i === 0 || i === change + 2;
      octets.push(encoder.encode("I420", (i * 1e6) / FRAMERATE, keyframe)?.data ?? null);
    } catch (error) {
      // Noise that many bits are spent on does not fit openh264's buffer.
      if (!(error instanceof CodecError)) throw error;
      return { octets, failed: true };
    }
  }
  encoder.close();
  return { octets, failed: false };
}

/** Decodes with and without kernels side by side; fails at the first picture that differs. Gives how many there were. */
function decodesAlike(accessUnits: Iterable<Uint8Array>): number {
  const plain = H264Decoder.create(module, { kernels: false });
  const fast = H264Decoder.create(module, { kernels: true });
  let pictures = 0;
  for (const unit of accessUnits) {
    const expected = plain.decode(unit);
    const found = fast.decode(unit);
    expect(same(expected?.data, found?.data), `decoded picture ${pictures}`).toBe(true);
    if (found !== null) pictures += 1;
  }
  plain.close();
  fast.close();
  return pictures;
}

/** vitest's own comparison takes seconds for a large picture. */
function same(a: Uint8Array | null | undefined, b: Uint8Array | null | undefined): boolean {
  if (a === null || a === undefined || b === null || b === undefined) return a === b;
  return Buffer.compare(a, b) === 0;
}

/** Gives the pictures that were neither skipped nor refused. */
function expectSameStreams(config: H264EncoderConfig, pictures: readonly Picture[]): number {
  const expected = encode(config, pictures, false);
  const found = encode(config, pictures, true);
  const where = JSON.stringify(config);
  expect([found.octets.length, found.failed], where).toEqual([expected.octets.length, expected.failed]);
  for (const [i, octets] of expected.octets.entries()) {
    expect(same(octets, found.octets[i]), `picture ${i} of ${where}`).toBe(true);
  }
  const sent = found.octets.filter((octets) => octets !== null);
  expect(decodesAlike(sent), where).toBe(sent.length);
  return sent.length;
}

describe("an encoder and a decoder with kernels give the bits of those without", () => {
  describe.each([
    { width: 16, height: 16, count: 12 },
    { width: 35, height: 19, count: 12 },
    { width: 98, height: 130, count: 12 },
    { width: 176, height: 144, count: 12 },
    { width: 318, height: 182, count: 9 },
  ])("$width×$height", ({ width, height, count }) => {
    it.each(["camera", "text", "noise"] as const)(
      "%s, all rates, layers and kinds",
      (content) => {
        const pictures = clip(content, width, height, count);
        let sent = 0;
        for (const bitrateBps of [50_000, 600_000, 4_000_000]) {
          for (const temporalLayers of [1, 2, 3] as const) {
            for (const kind of ["motion", "detail"] as const) {
              const config = { width, height, framerate: FRAMERATE, bitrateBps, temporalLayers, content: kind };
              sent += expectSameStreams(config, pictures);
            }
          }
        }
        // At low rates most are skipped.
        expect(sent).toBeGreaterThan(3 * count);
      },
      60_000,
    );
  });

  it.each([
    { width: 640, height: 360, count: 12, bitrateBps: 1_000_000, temporalLayers: 3, content: "motion" },
    { width: 640, height: 360, count: 9, bitrateBps: 4_000_000, temporalLayers: 1, content: "detail" },
    { width: 1280, height: 720, count: 6, bitrateBps: 2_500_000, temporalLayers: 2, content: "motion" },
    { width: 1280, height: 720, count: 6, bitrateBps: 8_000_000, temporalLayers: 1, content: "detail" },
  ] as const)(
    "$width×$height, $content",
    ({ count, ...config }) => {
      const pictures = clip(config.content === "detail" ? "text" : "camera", config.width, config.height, count);
      expect(expectSameStreams({ ...config, framerate: FRAMERATE }, pictures)).toBeGreaterThan(count / 4);
    },
    60_000,
  );
});

interface ForeignStream {
  readonly name: string;
  /** One picture each, Annex B in base64. */
  readonly access_units: readonly string[];
  /** SHA-256 of each picture's I420 octets as another decoder gives them. */
  readonly sha256: readonly string[];
}

const foreign = JSON.parse(
  readFileSync(new URL("../../../tests/vectors/h264_streams.json", import.meta.url), "utf8"),
) as { readonly streams: readonly ForeignStream[] };

/** Profiles above baseline may hold a picture back, in case that an earlier one follows. */
const HELD_BACK = 1;

describe("a decoder with kernels decodes another encoder's stream as one without, and as another decoder does", () => {
  it.each(foreign.streams)("$name", ({ access_units: units, sha256 }) => {
    const octets = units.map((unit) => new Uint8Array(Buffer.from(unit, "base64")));
    const count = decodesAlike(octets);
    expect(count).toBeGreaterThanOrEqual(octets.length - HELD_BACK);
    const decoder = H264Decoder.create(module);
    const pictures = octets.flatMap((unit) => decoder.decode(unit)?.data.slice() ?? []);
    const found = pictures.map((picture) => createHash("sha256").update(picture).digest("hex"));
    expect(found).toEqual(sha256.slice(0, count));
  });
});
