import { describe, expect, it } from "vitest";
import type { EncodedFrame } from "../base/media.ts";
import { microseconds } from "../base/time.ts";
import { FrameSchedule } from "./frame-schedule.ts";

const frame = (captureTimeUs: number, options: Partial<EncodedFrame> = {}): EncodedFrame => ({
  data: new Uint8Array(1),
  rtpTimestamp: 0,
  captureTimeUs: microseconds(captureTimeUs),
  keyframe: false,
  discardable: false,
  temporalLayer: 0,
  audioLevel: null,
  ...options,
});

const at = (delayUs: number) => new FrameSchedule((captureTimeUs) => captureTimeUs + delayUs);

/** Capture times of all that can be taken now. */
function taken(schedule: FrameSchedule, nowUs: number): number[] {
  const times: number[] = [];
  for (let next = schedule.take(nowUs); next !== null; next = schedule.take(nowUs)) times.push(next.captureTimeUs);
  return times;
}

describe("FrameSchedule", () => {
  it("lets everything through at once when there is no sound to wait for", () => {
    const schedule = new FrameSchedule(() => null);
    for (let i = 0; i < 5; i += 1) schedule.push(frame(i * 33_000), 10_000);
    expect(taken(schedule, 10_000)).toHaveLength(5);
    expect(schedule.nextInMs(10_000)).toBeNull();
  });

  it("holds frames back until shortly before their picture is due", () => {
    const schedule = at(300_000);
    schedule.push(frame(0), 20_000);
    schedule.push(frame(33_000), 53_000);
    expect(taken(schedule, 53_000)).toEqual([]);
    expect(schedule.nextInMs(53_000)).toBe(147);
    expect(taken(schedule, 200_000)).toEqual([0]);
    expect(taken(schedule, 233_000)).toEqual([33_000]);
  });

  it("holds nothing back for longer than 1.2 s", () => {
    const schedule = at(60_000_000);
    schedule.push(frame(0), 0);
    expect(taken(schedule, 1_199_000)).toEqual([]);
    expect(taken(schedule, 1_200_000)).toEqual([0]);
  });

  it("goes straight to the newest keyframe that is due after a stall", () => {
    const schedule = at(0);
    for (let i = 0; i < 20; i += 1) schedule.push(frame(i * 33_000, { keyframe: i === 3 || i === 10 }), 700_000);
    expect(taken(schedule, 700_000)[0]).toBe(330_000);
  });

  it("does not skip to a keyframe that is still to come", () => {
    const schedule = at(0);
    for (let i = 0; i < 4; i += 1) schedule.push(frame(i * 33_000, { keyframe: i === 3 }), 0);
    expect(taken(schedule, 0)).toEqual([0, 33_000, 66_000, 99_000]);
  });

  it("leaves out late frames that no other refers to, but never the newest", () => {
    const schedule = at(0);
    for (let i = 0; i < 6; i += 1) schedule.push(frame(i * 33_000, { discardable: i % 2 === 1 }), 500_000);
    expect(taken(schedule, 500_000)).toEqual([0, 66_000, 132_000, 165_000]);
  });

  it("drops everything when frames should have been decoded more than a second ago", () => {
    const schedule = new FrameSchedule(() => null);
    expect(schedule.push(frame(0), 0)).toBe(true);
    expect(schedule.push(frame(1), 1_000_000)).toBe(true);
    expect(schedule.push(frame(2), 1_100_000)).toBe(false);
    expect(schedule.length).toBe(0);
  });

  it("finds the next keyframe after something was lost", () => {
    const schedule = at(10_000_000);
    for (let i = 0; i < 4; i += 1) schedule.push(frame(i, { keyframe: i === 2 }), 0);
    expect([schedule.skipToKeyframe(), schedule.length]).toEqual([true, 2]);
    schedule.clear();
    schedule.push(frame(0), 0);
    expect([schedule.skipToKeyframe(), schedule.length]).toEqual([false, 0]);
  });

  it("drops everything when it is full, and begins again with a keyframe", () => {
    const schedule = at(10_000_000);
    for (let i = 0; i < 96; i += 1) expect(schedule.push(frame(i), 0)).toBe(true);
    expect(schedule.push(frame(96), 0)).toBe(false);
    expect(schedule.length).toBe(0);
    for (let i = 0; i < 96; i += 1) schedule.push(frame(i), 0);
    expect(schedule.push(frame(96, { keyframe: true }), 0)).toBe(true);
    expect(schedule.length).toBe(1);
  });
});
