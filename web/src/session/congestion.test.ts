import { describe, expect, it } from "vitest";
import { seconds } from "../base/time.ts";
import { CongestionController } from "./congestion.ts";

/**
 * A second is cut into acknowledgements every 20 ms, each of `bps`'s share, while messages are delayed by `delay(time)`
 * beyond the least.
 */
function run(
  controller: CongestionController,
  from: number,
  duration: number,
  bps: number,
  delay: (time: number) => number,
) {
  for (let step = 1; step <= duration * 50; step += 1) {
    const now = seconds(from + step * 0.02);
    controller.allowsVideo(Number.POSITIVE_INFINITY);
    const octets = (bps / 8) * 0.02;
    controller.acknowledged(
      { octets, delay: 7 + delay(now - from), roundTrip: 0.04, at: seconds(now + 50), manyLanes: false },
      now,
    );
  }
}

describe("CongestionController", () => {
  it("grows while the path is free, as far as what was delivered shows", () => {
    const controller = new CongestionController();
    const { window } = controller;
    run(controller, 0, 5, 2_000_000, () => 0);
    expect(controller.window).toBeGreaterThan(window);
    expect(controller.bitrateBps).toBeGreaterThan(2_000_000);
    expect(controller.bitrateBps).toBeLessThanOrEqual(1.5 * 2_100_000 + 200_000);
  });

  it("cuts when every message is late", () => {
    const controller = new CongestionController();
    run(controller, 0, 2, 800_000, () => 0);
    const { window, bitrateBps } = controller;
    run(controller, 2, 1, 400_000, () => 0.15);
    expect(controller.window).toBeLessThan(window);
    expect(controller.bitrateBps).toBeLessThan(bitrateBps * 0.7);
    expect(controller.bitrateBps).toBeGreaterThan(300_000);
  });

  it("does not take a repaired loss for a full path", () => {
    const controller = new CongestionController();
    run(controller, 0, 2, 800_000, () => 0);
    const { bitrateBps } = controller;
    // Twice a second something is late by 120 ms and catches up.
    run(controller, 2, 3, 800_000, (time) => Math.max(0, 0.12 - (time % 0.5)));
    expect(controller.bitrateBps).toBeGreaterThanOrEqual(bitrateBps);
  });

  it("stays within what the far end accepts", () => {
    const controller = new CongestionController();
    controller.setMaxBitrate(500_000);
    expect(controller.bitrateBps).toBe(500_000);
    run(controller, 0, 3, 2_000_000, () => 0);
    expect(controller.bitrateBps).toBe(500_000);
    expect(controller.takeChange(1)).toBe(500_000);
    expect(controller.takeChange(1)).toBeNull();
    expect(controller.takeChange(1.25)).toBe(400_000);
  });

  it("begins again on another path", () => {
    const controller = new CongestionController();
    run(controller, 0, 5, 8_000_000, () => 0);
    controller.pathChanged();
    expect([controller.window, controller.roundTrip]).toEqual([30_000, null]);
  });
});
