import { describe, expect, it, vi } from "vitest";
import { H264Decoder } from "../codecs/h264-decoder.ts";
import { builtModule } from "../codecs/testing/modules.ts";
import { psnr, scene } from "../codecs/testing/pictures.ts";
import type { EncodedPicture, RawPicture, VideoSetting } from "./picture-encoder.ts";
import { openWasmEncoder } from "./wasm-encoder.ts";

vi.mock("../codecs/wasm.ts", () => ({ loadWasm: async () => builtModule("h264") }));

const SETTING: VideoSetting = {
  size: { width: 320, height: 180 },
  framerate: 30,
  bitrateBps: 800_000,
  content: "motion",
};

/** A picture as cameras give them. */
function cameraPicture(index: number, width = 320, height = 180): RawPicture {
  const samples = scene(index, width, height);
  return {
    displayWidth: width,
    displayHeight: height,
    visibleRect: { width, height },
    format: "I420",
    allocationSize: () => samples.length,
    copyTo: async (room: Uint8Array) => room.set(samples),
  } as unknown as RawPicture;
}

async function opened(setting = SETTING) {
  const encoded: EncodedPicture[] = [];
  const encoder = await openWasmEncoder(setting, {
    onEncoded: (picture) => void encoded.push(picture),
    onError: (detail) => expect.unreachable(detail),
  });
  return { encoder, encoded };
}

describe("the WebAssembly encoder", () => {
  it("encodes camera pictures that look like the originals, in two layers", async () => {
    const { encoder, encoded } = await opened();
    for (let i = 0; i < 8; i += 1) await encoder.encode(cameraPicture(i), i * 33_333, i === 0);
    expect([encoder.backend, encoder.codec, encoder.scalability]).toEqual(["wasm", "avc1.42e01f", "L1T2"]);
    expect(encoded.map(({ keyframe }) => keyframe).filter(Boolean)).toHaveLength(1);
    expect(new Set(encoded.map(({ temporalLayer }) => temporalLayer))).toEqual(new Set([0, 1]));
    const decoder = H264Decoder.create(builtModule("h264"));
    for (const { data, timestampUs } of encoded) {
      const picture = decoder.decode(data);
      const original = scene(Math.round(timestampUs / 33_333), 320, 180);
      expect(psnr(picture?.data ?? [], original)).toBeGreaterThan(28);
    }
  });

  it("changes bitrate and frame rate without a keyframe, and the size with one", async () => {
    const { encoder, encoded } = await opened();
    await encoder.encode(cameraPicture(0), 0, true);
    encoder.configure({ ...SETTING, bitrateBps: 300_000, framerate: 15 });
    await encoder.encode(cameraPicture(1), 66_667, false);
    const size = { width: 160, height: 90 };
    encoder.configure({ ...SETTING, size });
    await encoder.encode(cameraPicture(2, 160, 90), 133_333, false);
    expect(encoded.map(({ keyframe }) => keyframe)).toEqual([true, false, true]);
    expect(H264Decoder.create(builtModule("h264")).decode(encoded[2]?.data ?? new Uint8Array())).toMatchObject(size);
  });

  it("leaves out a picture during whose copying another size was asked for", async () => {
    const { encoder, encoded } = await opened();
    const encoding = encoder.encode(cameraPicture(0), 0, true);
    encoder.configure({ ...SETTING, size: { width: 160, height: 90 } });
    await encoding;
    expect(encoded).toEqual([]);
  });

  it("makes camera pictures smaller by itself", async () => {
    const size = { width: 160, height: 90 };
    const { encoder, encoded } = await opened({ ...SETTING, size });
    const grey = { ...cameraPicture(0), copyTo: async (room: Uint8Array) => room.fill(120) };
    await encoder.encode(grey as unknown as RawPicture, 0, true);
    const picture = H264Decoder.create(builtModule("h264")).decode(encoded[0]?.data ?? new Uint8Array());
    expect(picture).toMatchObject(size);
    expect(Math.max(...(picture?.data ?? []).map((value) => Math.abs(value - 120)))).toBeLessThan(4);
  });

  it("says what it cannot do", async () => {
    await expect(opened({ ...SETTING, size: { width: 8, height: 8 } })).rejects.toThrow("8x8");
  });
});
