import { describe, expect, it } from "vitest";
import type { Track } from "../base/media.ts";
import { shareBitrate } from "./bitrates.ts";

const rated = (trackId: number, kind: "a" | "v", ceilingBps = Number.POSITIVE_INFINITY, muted = false) => {
  const track: Track = { trackId, codec: kind === "a" ? "opus" : "h264", source: "camera", muted };
  return { track, ceilingBps };
};
const share = (pathBps: number, ...tracks: ReturnType<typeof rated>[]) =>
  Object.fromEntries(shareBitrate(pathBps, tracks));

describe("shareBitrate", () => {
  it("gives sound what it needs and pictures the rest", () => {
    expect(share(1_000_000, rated(1, "a"), rated(2, "v"))).toEqual({ 1: 40_000, 2: 860_000 });
  });

  it("gives sound more where nobody misses it", () => {
    expect(share(4_000_000, rated(1, "a"), rated(2, "v"))).toEqual({ 1: 56_000, 2: 3_544_000 });
  });

  it("shares equally, and passes on what one cannot use", () => {
    expect(share(1_000_000, rated(1, "v"), rated(2, "v"))).toEqual({ 1: 450_000, 2: 450_000 });
    expect(share(1_000_000, rated(1, "v"), rated(2, "v", 100_000))).toEqual({ 1: 800_000, 2: 100_000 });
  });

  it("counts muted tracks for nothing but knows their share", () => {
    expect(share(1_000_000, rated(1, "v"), rated(2, "v", Number.POSITIVE_INFINITY, true))).toEqual({
      1: 900_000,
      2: 450_000,
    });
  });

  it("never asks for less than an encoder can make", () => {
    expect(share(20_000, rated(1, "a"), rated(2, "v", 0))).toEqual({ 1: 12_000, 2: 60_000 });
  });
});
