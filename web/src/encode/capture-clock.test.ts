import { describe, expect, it } from "vitest";
import { CaptureClock } from "./capture-clock.ts";

const WALL_US = 1_790_000_000_000_000;

describe("CaptureClock", () => {
  it("puts two tracks with different origins on one clock", () => {
    const camera = new CaptureClock();
    const microphone = new CaptureClock();
    let cameraUs = 0;
    let microphoneUs = 0;
    for (let frame = 0; frame < 90; frame += 1) {
      const capturedUs = frame * 33_333;
      const lateUs = frame % 3 === 0 ? 0 : 7_000;
      cameraUs = camera.captureTimeUs(1_255_000_000 + capturedUs, 0, WALL_US + capturedUs + lateUs);
      microphoneUs = microphone.captureTimeUs(400 + capturedUs, 10_000, WALL_US + capturedUs + 10_000 + lateUs);
    }
    expect(Math.abs(cameraUs - microphoneUs)).toBeLessThan(500);
    expect(Math.abs(cameraUs - (WALL_US + 89 * 33_333))).toBeLessThan(500);
  });

  it("never claims that a frame was captured after it arrived", () => {
    const clock = new CaptureClock();
    for (let frame = 0; frame < 100; frame += 1) {
      const arrivalUs = WALL_US + frame * 10_000 - frame * 20;
      expect(clock.captureTimeUs(frame * 10_000, 10_000, arrivalUs)).toBeLessThanOrEqual(arrivalUs - 10_000);
    }
  });

  it("follows a device clock that runs slowly away", () => {
    const clock = new CaptureClock();
    let captureUs = 0;
    let trueUs = 0;
    for (let frame = 0; frame < 6_000; frame += 1) {
      trueUs = WALL_US + frame * 10_000;
      captureUs = clock.captureTimeUs(frame * 9_999, 0, trueUs + (frame % 5) * 1_000);
    }
    expect(Math.abs(captureUs - trueUs)).toBeLessThan(12_000);
  });

  it("forgets a first block that was stamped from another origin", () => {
    const clock = new CaptureClock();
    clock.captureTimeUs(816_000, 10_000, WALL_US);
    for (let block = 1; block < 50; block += 1) {
      const arrivalUs = WALL_US + block * 10_000;
      expect(clock.captureTimeUs(12_500 + block * 10_000, 10_000, arrivalUs)).toBe(arrivalUs - 10_000);
    }
  });

  it.each([
    [true, 2_000_000],
    [false, 12_000_000],
  ])("follows a clock that stood still (unsteady: %s) within %d µs", (unsteady, withinUs) => {
    const clock = new CaptureClock({ unsteady });
    for (let block = 0; block < 2_000; block += 1)
      clock.captureTimeUs(block * 10_000, 10_000, WALL_US + block * 10_000);
    const lostUs = 700_000;
    let errorUs = 0;
    for (let block = 2_000; block < 2_000 + withinUs / 10_000; block += 1) {
      const arrivalUs = WALL_US + lostUs + block * 10_000;
      errorUs = arrivalUs - 10_000 - clock.captureTimeUs(block * 10_000, 10_000, arrivalUs);
    }
    // What nobody sees between lips and voice.
    expect(errorUs).toBeLessThan(40_000);
  });

  it("starts anew when the device restarts with another origin", () => {
    const clock = new CaptureClock();
    clock.captureTimeUs(5_000_000_000, 0, WALL_US);
    expect(clock.captureTimeUs(0, 0, WALL_US + 1_000_000)).toBe(WALL_US + 1_000_000);
  });
});
