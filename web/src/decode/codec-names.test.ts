import { describe, expect, it } from "vitest";
import { codecNameOf } from "./codec-names.ts";

describe("codecNameOf", () => {
  it("reads H.264's parameter set, and knows what to say without one", () => {
    expect(codecNameOf("h264", Uint8Array.of(0, 0, 0, 1, 0x67, 0x42, 0xc0, 0x1f, 1))).toBe("avc1.42c01f");
    expect(codecNameOf("h264", Uint8Array.of(0, 0, 0, 1, 0x65, 1))).toBe("avc1.42e01f");
  });

  it("has one name for VP8", () => {
    expect(codecNameOf("vp8", Uint8Array.of(0x10, 2, 0, 0x9d, 1, 0x2a))).toBe("vp8");
  });

  it("reads VP9's profile", () => {
    expect(codecNameOf("vp9", Uint8Array.of(0x82, 0x49, 0x83, 0x42))).toBe("vp09.00.41.08");
    expect(codecNameOf("vp9", Uint8Array.of(0x92, 0x49, 0x83, 0x42))).toBe("vp09.02.41.10");
    expect(codecNameOf("vp9", new Uint8Array(0))).toBe("vp09.00.41.08");
  });

  it("reads AV1's profile and level, past a temporal delimiter", () => {
    // OBU header 0x12 0x00: temporal delimiter of no octets; 0x0a: sequence header with its size.
    const unit = Uint8Array.of(0x12, 0x00, 0x0a, 0x05, 0x00, 0x00, 0x00, 0x2d, 0x4c, 0x32, 0x01, 0x10);
    expect(codecNameOf("av1", unit)).toBe("av01.0.05M.08");
    expect(codecNameOf("av1", Uint8Array.of(0x12, 0x00, 0x32, 0x01, 0x10))).toBe("av01.0.09M.08");
    expect(codecNameOf("av1", Uint8Array.of(0x0a))).toBe("av01.0.09M.08");
  });
});
