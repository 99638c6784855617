import { describe, expect, it, vi } from "vitest";
import type { CodecBackend } from "../base/backends.ts";
import type { EncodedFrame } from "../base/media.ts";
import { microseconds } from "../base/time.ts";
import { H264Encoder } from "../codecs/h264-encoder.ts";
import { builtModule } from "../codecs/testing/modules.ts";
import { scene } from "../codecs/testing/pictures.ts";
import { DecoderSwitch } from "./decoder-switch.ts";
import type { DecodedPicture, OpenDecoder, RawImage } from "./picture-decoder.ts";
import { openWasmDecoder } from "./wasm-decoder.ts";

vi.mock("../codecs/wasm.ts", () => ({ loadWasm: async () => builtModule("h264") }));

const [WIDTH, HEIGHT] = [160, 90];

/** A clip of our own encoder's. */
function clip(pictures: number): EncodedFrame[] {
  const config = { width: WIDTH, height: HEIGHT, framerate: 30, bitrateBps: 500_000 };
  const encoder = H264Encoder.create(builtModule("h264"), { ...config, temporalLayers: 1, content: "motion" });
  return Array.from({ length: pictures }, (_, index) => {
    encoder.input("I420").set(scene(index, WIDTH, HEIGHT));
    const encoded = encoder.encode("I420", index * 33_333, index === 0);
    if (encoded === null) throw new Error("the clip wants all pictures");
    const captureTimeUs = microseconds(index * 33_333);
    return { ...encoded, rtpTimestamp: 0, captureTimeUs, audioLevel: null };
  });
}

async function opened() {
  const pictures: DecodedPicture[] = [];
  const errors: string[] = [];
  const decoder = await openWasmDecoder("h264", {
    onPicture: (picture) => void pictures.push(picture),
    onRoom: () => undefined,
    onError: (detail) => void errors.push(detail),
  });
  return { decoder, pictures, errors };
}

describe("the WebAssembly decoder", () => {
  it("gives each picture with its time, as RGBA when it is wanted", async () => {
    const { decoder, pictures } = await opened();
    for (const frame of clip(5)) decoder.decode(frame);
    expect(decoder.queueSize).toBe(5);
    await vi.waitFor(() => expect(pictures).toHaveLength(5));
    expect(pictures.map(({ captureTimeUs }) => captureTimeUs)).toEqual([0, 33_333, 66_666, 99_999, 133_332]);
    expect([decoder.queueSize, decoder.backend, decoder.codec?.slice(0, 5)]).toEqual([0, "wasm", "avc1."]);
    expect(decoder.decodeTimeS).toBeGreaterThan(0);
    const [before, image] = pictures.slice(3).map((picture) => picture.image as RawImage) as [RawImage, RawImage];
    const pixels = image.rgba().slice();
    expect([image.width, image.height, pixels.length]).toEqual([WIDTH, HEIGHT, WIDTH * HEIGHT * 4]);
    // Each has memory of its own, and is opaque.
    expect(before.rgba()).not.toEqual(pixels);
    expect(image.rgba()).toEqual(pixels);
    expect(pixels[3]).toBe(255);
  });

  it("uses a picture's memory again only when it was closed", async () => {
    const { decoder, pictures } = await opened();
    const [first, second, third] = clip(3) as [EncodedFrame, EncodedFrame, EncodedFrame];
    const planes = (index: number) => (pictures[index]?.image as RawImage | undefined)?.planes();
    decoder.decode(first);
    decoder.decode(second);
    await vi.waitFor(() => expect(pictures).toHaveLength(2));
    expect(planes(1)?.byteOffset).not.toBe(planes(0)?.byteOffset);
    pictures[0]?.close();
    pictures[0]?.close();
    decoder.decode(third);
    await vi.waitFor(() => expect(pictures).toHaveLength(3));
    expect(planes(2)?.byteOffset).toBe(planes(0)?.byteOffset);
  });

  it("leaves pictures that wait to be painted as they are, even when it is closed", async () => {
    const { decoder, pictures } = await opened();
    // As many as a track's paint queue holds.
    for (const frame of clip(8)) decoder.decode(frame);
    await vi.waitFor(() => expect(pictures).toHaveLength(8));
    const shown = pictures.map(({ image }) => (image as RawImage).rgba().slice());
    decoder.close();
    expect(pictures.map(({ image }) => (image as RawImage).rgba().slice())).toEqual(shown);
    expect(new Set(shown.map((pixels) => pixels.join())).size).toBe(8);
  });

  it("says when it cannot decode", async () => {
    const { decoder, pictures, errors } = await opened();
    const [, delta] = clip(2);
    if (delta !== undefined) decoder.decode(delta);
    await vi.waitFor(() => expect(errors).toHaveLength(1));
    expect(pictures).toEqual([]);
  });

  it("takes no more than it can hold", async () => {
    const { decoder, errors } = await opened();
    const [key] = clip(1);
    if (key !== undefined) for (let i = 0; i < 101; i += 1) decoder.decode(key);
    expect(errors).toEqual(["it is too slow"]);
    expect(decoder.queueSize).toBe(0);
  });

  it("begins with all that came while it was being loaded", async () => {
    const shown: number[] = [];
    const problems: string[] = [];
    let load = (): void => undefined;
    const loaded = new Promise<void>((resolve) => {
      load = resolve;
    });
    const events = {
      onPicture: (picture: DecodedPicture) => {
        shown.push(picture.captureTimeUs);
        picture.close();
      },
      onRoom: () => undefined,
      onKeyframeNeeded: () => void problems.push("keyframe needed"),
      onFailed: (detail: string) => void problems.push(detail),
    };
    const openers: Record<CodecBackend, OpenDecoder> = {
      webcodecs: () => Promise.reject(new Error("there is none")),
      wasm: (codec, told) => loaded.then(() => openWasmDecoder(codec, told)),
    };
    const decoders = new DecoderSwitch("h264", "auto", openers, events, () => 0);
    const frames = clip(90);
    for (const frame of frames) decoders.decode(frame);
    load();
    await vi.waitFor(() => expect(shown).toEqual(frames.map(({ captureTimeUs }) => captureTimeUs)));
    expect(problems).toEqual([]);
    decoders.close();
  });

  it("gives nothing more once it is closed", async () => {
    const { decoder, pictures } = await opened();
    const frames = clip(2);
    for (const frame of frames) decoder.decode(frame);
    decoder.close();
    const other = await opened();
    for (const frame of frames) other.decoder.decode(frame);
    await vi.waitFor(() => expect(other.pictures).toHaveLength(2));
    expect(pictures).toEqual([]);
  });

  it.each(["vp8", "vp9", "av1"] as const)("does not know %s", async (codec) => {
    const events = { onPicture: () => undefined, onRoom: () => undefined, onError: () => undefined };
    await expect(openWasmDecoder(codec, events)).rejects.toThrow(codec);
  });
});
