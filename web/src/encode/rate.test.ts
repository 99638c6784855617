import { describe, expect, it } from "vitest";
import { ScaleChooser, scaledSize } from "./rate.ts";

const CAMERA = { width: 1280, height: 720 };

describe("ScaleChooser", () => {
  it("keeps the camera's size while the bitrate fills it", () => {
    expect(new ScaleChooser().choose(CAMERA, 30, 1_500_000, false, 0)).toBe(1);
  });

  it("goes down at once and up only after the higher bitrate has lasted", () => {
    const chooser = new ScaleChooser();
    const choose = (bitrateBps: number, now: number) => chooser.choose(CAMERA, 30, bitrateBps, false, now);
    expect(choose(250_000, 0)).toBe(0.5);
    expect(choose(1_500_000, 1)).toBe(0.5);
    expect(choose(1_500_000, 5.9)).toBe(0.5);
    expect(choose(1_500_000, 6)).toBe(0.75);
    expect(choose(1_500_000, 12)).toBe(0.75);
    expect(choose(1_500_000, 17.1)).toBe(1);
  });

  it("does not flap around a threshold", () => {
    const chooser = new ScaleChooser();
    const scales = new Set<number>();
    for (let second = 0; second < 60; second += 1) {
      scales.add(chooser.choose(CAMERA, 30, second % 2 ? 700_000 : 680_000, false, second));
    }
    expect(scales).toEqual(new Set([0.75]));
  });

  it("makes a slow machine's pictures smaller, and does not try again soon", () => {
    const chooser = new ScaleChooser();
    const choose = (overloaded: boolean, now: number) => chooser.choose(CAMERA, 30, 3_000_000, overloaded, now);
    expect(choose(true, 0)).toBe(1);
    expect(choose(false, 1)).toBe(1);
    expect(choose(true, 2)).toBe(1);
    expect(choose(true, 4)).toBe(0.75);
    expect(choose(false, 20)).toBe(0.75);
    choose(false, 35);
    expect(choose(false, 40)).toBe(1);
  });

  it("stops at the smallest size", () => {
    expect(new ScaleChooser().choose(CAMERA, 30, 1, false, 0)).toBe(0.25);
  });
});

it("scales to even sides", () => {
  expect(scaledSize({ width: 642, height: 362 }, 0.25)).toEqual({ width: 160, height: 90 });
  expect(scaledSize(CAMERA, 0.375)).toEqual({ width: 480, height: 270 });
});
