import { describe, expect, it } from "vitest";
import { codecString, isDiscardable } from "./h264.ts";

describe("codecString", () => {
  it.each([
    [640, 360, 30, "avc1.42e01f"],
    [1280, 720, 30, "avc1.42e01f"],
    [1280, 720, 60, "avc1.42e020"],
    [1920, 1080, 30, "avc1.42e028"],
    [3840, 2160, 30, "avc1.42e033"],
  ])("%dx%d at %d is %s", (width, height, framerate, codec) => {
    expect(codecString(width, height, framerate)).toBe(codec);
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
