import { describe, expect, it } from "vitest";
import { microseconds, seconds } from "../base/time.ts";
import type { VideoMessage } from "../wire/media.ts";
import { EarlyFrames, MAX_EARLY_BYTES, MAX_EARLY_FRAMES, MAX_EARLY_TIME } from "./early-frames.ts";

const at = seconds;

const video = (trackId: number, frameNumber: number, size = 10): VideoMessage => ({
  type: "video",
  trackId,
  frameNumber,
  referenceDistance: Math.min(frameNumber, 1),
  frame: {
    data: new Uint8Array(size),
    rtpTimestamp: 0,
    captureTimeUs: microseconds(0),
    keyframe: frameNumber === 0,
    discardable: false,
    temporalLayer: 0,
    audioLevel: null,
  },
});

const taken = (early: EarlyFrames, trackId: number, now: number): number[] =>
  early.take(trackId, at(now)).map(({ frameNumber }) => frameNumber);

describe("EarlyFrames", () => {
  it("gives an announced track its own frames, in the order they came and once", () => {
    const early = new EarlyFrames();
    for (const [trackId, number] of [
      [1, 0],
      [2, 0],
      [1, 1],
    ] as const) {
      early.keep(video(trackId, number), at(1));
    }
    expect(taken(early, 1, 1.1)).toEqual([0, 1]);
    expect(taken(early, 1, 1.1)).toEqual([]);
    expect(taken(early, 2, 1.1)).toEqual([0]);
  });

  it("forgets what waited too long", () => {
    const early = new EarlyFrames();
    early.keep(video(1, 0), at(1));
    early.keep(video(1, 1), at(1.5));
    expect(taken(early, 1, 1.01 + MAX_EARLY_TIME)).toEqual([1]);
  });

  it("keeps nothing of a track that has ended: that is late and not early", () => {
    const early = new EarlyFrames();
    early.take(1, at(1));
    early.keep(video(1, 7), at(2));
    expect(taken(early, 1, 2)).toEqual([]);
  });

  it("drops the newest when there are too many, and not the keyframe in front", () => {
    const early = new EarlyFrames();
    for (let number = 0; number <= MAX_EARLY_FRAMES; number += 1) early.keep(video(1, number), at(1));
    const numbers = taken(early, 1, 1);
    expect(numbers).toHaveLength(MAX_EARLY_FRAMES);
    expect(numbers[0]).toBe(0);
  });

  it("drops what is too much, and has room again when the rest was taken or forgotten", () => {
    const early = new EarlyFrames();
    early.keep(video(1, 0, MAX_EARLY_BYTES), at(1));
    early.keep(video(1, 1), at(1));
    expect(taken(early, 1, 1)).toEqual([0]);
    early.keep(video(2, 0, MAX_EARLY_BYTES), at(2));
    early.keep(video(3, 0, MAX_EARLY_BYTES), at(2.01 + MAX_EARLY_TIME));
    expect(taken(early, 2, 3.1)).toEqual([]);
    expect(taken(early, 3, 3.1)).toEqual([0]);
  });
});
