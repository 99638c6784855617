import { describe, expect, it } from "vitest";
import { seconds } from "../base/time.ts";
import { fragmentSize } from "../fec/erasure.ts";
import { MAX_SPARES } from "./blocks.ts";
import { cheapestPlan, lateProbability, Redundancy } from "./redundancy.ts";

const at = seconds;

/** After 2000 messages of which that share was late, evenly, the last at 0 and a thousand in a second. */
function measured(share: number): Redundancy {
  const redundancy = new Redundancy();
  for (let number = 1; number <= 2000; number += 1) {
    const late = Math.floor(number * share) > Math.floor((number - 1) * share);
    redundancy.acknowledged(late, at((number - 2000) / 1000));
  }
  return redundancy;
}

describe("Redundancy", () => {
  it("estimates the share that is late", () => {
    expect(measured(0).lateShare).toBe(0);
    expect(Math.abs(measured(0.2).lateShare - 0.2)).toBeLessThan(0.05);
  });

  it("wants more lanes at once, and fewer after a while", () => {
    expect([0, 0.05].map((share) => measured(share).lanes)).toEqual([2, 24]);
    const redundancy = measured(0.05);
    const lanes: number[] = [];
    for (let second = 0; second < 200; second += 1) {
      for (let count = 0; count < 50; count += 1) redundancy.acknowledged(false, at(second));
      lanes.push(redundancy.lanes);
    }
    expect([lanes[29], lanes.at(-1)]).toEqual([24, 2]);
    expect(lanes).toEqual(lanes.toSorted((a, b) => b - a));
  });

  it("sends nothing twice for a while after congestion, and takes nothing of it for loss", () => {
    const redundancy = measured(0.05);
    redundancy.congested(at(10));
    const before = redundancy.lateShare;
    expect(before).toBeGreaterThan(0.02);
    redundancy.acknowledged(true, at(10.5));
    expect(redundancy.lateShare).toBe(before);
    expect([redundancy.isCongested(at(11.4)), redundancy.isLossy(at(11.4))]).toEqual([true, false]);
    expect(redundancy.plan(5000, 8, at(11.4), false).spareCount).toBe(0);
    expect([redundancy.isCongested(at(11.6)), redundancy.isLossy(at(11.6))]).toEqual([false, true]);
  });

  it("takes what was late while the queue grew for the queue's", () => {
    const redundancy = measured(0);
    for (let step = 0; step < 20; step += 1) redundancy.acknowledged(true, at(step / 100));
    expect(redundancy.isLossy(at(0.2))).toBe(true);
    redundancy.congested(at(0.2));
    expect(redundancy.lateShare).toBe(0);
  });

  it("cuts a frame into few large pieces on a clean path, and into segments with parity on a lossy one", () => {
    expect(measured(0).plan(3000, 2, at(0), false)).toEqual({ dataCount: 1, spareCount: 0 });
    expect(measured(0).plan(40_000, 2, at(0), false)).toEqual({ dataCount: 3, spareCount: 0 });
    expect(measured(0.05).plan(5000, 1, at(0), false)).toEqual({ dataCount: 1, spareCount: 0 });
    const { dataCount, spareCount } = measured(0.03).plan(5000, 8, at(0), false);
    expect(5000 / dataCount).toBeLessThanOrEqual(1350);
    expect(spareCount).toBeGreaterThan(0);
    expect(measured(0.1).plan(5000, 8, at(0), true).spareCount).toBeLessThan(
      measured(0.1).plan(5000, 8, at(0), false).spareCount,
    );
  });

  it("plans for every size what can be carried out", () => {
    for (const share of [0.003, 0.03, 0.9]) {
      const redundancy = measured(share);
      for (let size = 1; size < 1_000_021; size = Math.ceil(size * 1.3)) {
        const { dataCount, spareCount } = redundancy.plan(size, 16, at(0), false);
        expect(fragmentSize(size, dataCount), `${size} octets`).toBeGreaterThan(0);
        expect(spareCount).toBeLessThanOrEqual(MAX_SPARES);
      }
    }
  });
});

describe("lateProbability", () => {
  it("is that of too many lanes late", () => {
    expect(lateProbability(4, 0, 4, 0.1)).toBeCloseTo(1 - 0.9 ** 4, 12);
    expect(lateProbability(3, 1, 4, 0.1)).toBeCloseTo(1 - 0.9 ** 4 - 4 * 0.1 * 0.9 ** 3, 12);
    expect(lateProbability(5, 0, 3, 0)).toBe(0);
  });

  it("knows that pieces of one lane are late together", () => {
    expect(lateProbability(3, 1, 2, 0.1)).toBeCloseTo(1 - 0.9 ** 4, 12);
    expect(lateProbability(2, 2, 2, 0.1)).toBeCloseTo(0.19 ** 2, 12);
  });
});

describe("cheapestPlan", () => {
  it("meets its target where lanes are many", () => {
    for (const size of [256, 2560, 10_240]) {
      for (const share of [0.003, 0.02, 0.1]) {
        const { dataCount, spareCount } = cheapestPlan(size, 16, share, 0.005);
        expect(lateProbability(dataCount, spareCount, 16, share)).toBeLessThanOrEqual(0.005);
      }
    }
  });
});
