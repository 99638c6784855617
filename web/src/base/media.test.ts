import { describe, expect, it } from "vitest";
import { CloseCode, isCloseCode, reasonOf } from "./errors.ts";
import { clockRateOf, kindOf, rtpTimestampOf } from "./media.ts";
import { microseconds, microsecondsOf, milliseconds, millisecondsOf, seconds, secondsOf } from "./time.ts";

describe("vocabulary", () => {
  it("knows kinds and clock rates", () => {
    expect([kindOf("opus"), kindOf("h264"), clockRateOf("opus"), clockRateOf("h264")]).toEqual([
      "audio",
      "video",
      48_000,
      90_000,
    ]);
  });

  it.each([
    [0, "opus", 0],
    [20_000, "opus", 960],
    [33_333, "h264", 2999],
    [1_700_000_000_000_000, "h264", Number((1_700_000_000_000n * 90n) % 2n ** 32n)],
    [1_700_000_000_020_000, "opus", Number((1_700_000_000_020n * 48n) % 2n ** 32n)],
  ] as const)("%i µs of %s is %i", (time, codec, ticks) => {
    expect(rtpTimestampOf(microseconds(time), codec)).toBe(ticks);
  });

  it("converts units", () => {
    expect(secondsOf(milliseconds(1500))).toBe(1.5);
    expect(millisecondsOf(seconds(1.5))).toBe(1500);
    expect(microsecondsOf(seconds(1.0000005))).toBe(1_000_001);
  });

  it("names close codes as the wire does", () => {
    expect(reasonOf(CloseCode.VERSION_UNSUPPORTED)).toBe("version_unsupported");
    expect(reasonOf(4999)).toBeNull();
    expect([isCloseCode(4404), isCloseCode(1006)]).toEqual([true, false]);
  });
});
