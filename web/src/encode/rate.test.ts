import { describe, expect, it } from "vitest";
import { SizeChooser } from "./rate.ts";

const CAMERA = { width: 1280, height: 720 };

describe("SizeChooser", () => {
  it("keeps the camera's size while the bitrate fills it", () => {
    expect(new SizeChooser().choose(CAMERA, 30, 1_500_000, 0)).toEqual(CAMERA);
  });

  it("goes down at once and up only after the higher bitrate has lasted", () => {
    const chooser = new SizeChooser();
    expect(chooser.choose(CAMERA, 30, 250_000, 0)).toEqual({ width: 640, height: 360 });
    expect(chooser.choose(CAMERA, 30, 1_500_000, 1)).toEqual({ width: 640, height: 360 });
    expect(chooser.choose(CAMERA, 30, 1_500_000, 5.9)).toEqual({ width: 640, height: 360 });
    expect(chooser.choose(CAMERA, 30, 1_500_000, 6)).toEqual({ width: 960, height: 540 });
    expect(chooser.choose(CAMERA, 30, 1_500_000, 12)).toEqual({ width: 960, height: 540 });
    expect(chooser.choose(CAMERA, 30, 1_500_000, 17.1)).toEqual(CAMERA);
  });

  it("does not flap around a threshold", () => {
    const chooser = new SizeChooser();
    const widths: number[] = [];
    for (let second = 0; second < 60; second += 1) {
      widths.push(chooser.choose(CAMERA, 30, second % 2 ? 700_000 : 680_000, second).width);
    }
    expect(new Set(widths)).toEqual(new Set([960]));
  });

  it("stops at the smallest size, with even sides", () => {
    const size = new SizeChooser().choose({ width: 642, height: 362 }, 30, 1, 0);
    expect(size).toEqual({ width: 160, height: 90 });
  });
});
