import { describe, expect, it } from "vitest";
import { codecNameFor, codecNameOf, isDiscardable, nalUnits } from "./h264.ts";

describe("nalUnits", () => {
  it("finds what follows start codes of three and of four octets", () => {
    expect([...nalUnits(Uint8Array.of(0, 0, 0, 1, 0x67, 1, 0, 0, 1, 0x68, 0, 0, 1, 0x65))]).toEqual([4, 9, 13]);
    expect([...nalUnits(Uint8Array.of(0, 0, 1))]).toEqual([]);
  });
});

describe("codecNameFor", () => {
  it.each([
    [640, 360, 30, "avc1.42e01f"],
    [1280, 720, 30, "avc1.42e01f"],
    [1280, 720, 60, "avc1.42e020"],
    [1920, 1080, 30, "avc1.42e028"],
    [3840, 2160, 30, "avc1.42e033"],
  ])("%dx%d at %d is %s", (width, height, framerate, codec) => {
    expect(codecNameFor(width, height, framerate)).toBe(codec);
  });
});

describe("codecNameOf", () => {
  it("reads the parameter set, wherever it stands before the slices", () => {
    expect(codecNameOf(Uint8Array.of(0, 0, 0, 1, 0x67, 0x42, 0xc0, 0x1f, 1, 0, 0, 1, 0x65, 1, 2, 3))).toBe(
      "avc1.42c01f",
    );
    expect(codecNameOf(Uint8Array.of(0, 0, 1, 0x09, 0xf0, 0, 0, 0, 1, 0x67, 0x64, 0x00, 0x0a, 1))).toBe("avc1.64000a");
    expect(codecNameOf(Uint8Array.of(0, 0, 0, 1, 0x65, 1, 2, 3, 4, 5, 6))).toBeNull();
    expect(codecNameOf(Uint8Array.of(0, 0, 1, 0x67, 0x42))).toBeNull();
    expect(codecNameOf(new Uint8Array(0))).toBeNull();
  });
});

describe("isDiscardable", () => {
  it("looks at the first slice, past parameter sets", () => {
    expect(isDiscardable(Uint8Array.of(0, 0, 0, 1, 0x67, 1, 2, 0, 0, 0, 1, 0x68, 1, 0, 0, 0, 1, 0x65, 9))).toBe(false);
    expect(isDiscardable(Uint8Array.of(0, 0, 0, 1, 0x61, 9))).toBe(false);
    expect(isDiscardable(Uint8Array.of(0, 0, 1, 0x01, 9))).toBe(true);
    expect(isDiscardable(Uint8Array.of(0, 0, 0, 1, 0x06, 5, 0, 0, 1, 0x01, 9))).toBe(true);
    expect(isDiscardable(Uint8Array.of(1, 2, 3))).toBe(false);
  });
});
