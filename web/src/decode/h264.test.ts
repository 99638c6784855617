import { expect, it } from "vitest";
import { codecOf } from "./h264.ts";

it("names the codec by the parameter set, wherever it stands before the slices", () => {
  expect(codecOf(Uint8Array.of(0, 0, 0, 1, 0x67, 0x42, 0xc0, 0x1f, 1, 0, 0, 1, 0x65, 1, 2, 3))).toBe("avc1.42c01f");
  expect(codecOf(Uint8Array.of(0, 0, 1, 0x09, 0xf0, 0, 0, 0, 1, 0x67, 0x64, 0x00, 0x0a, 1))).toBe("avc1.64000a");
  expect(codecOf(Uint8Array.of(0, 0, 0, 1, 0x65, 1, 2, 3, 4, 5, 6))).toBeNull();
  expect(codecOf(new Uint8Array(0))).toBeNull();
});
