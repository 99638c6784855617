import { expect, it } from "vitest";
import { FreezeMeter } from "./freeze-meter.ts";

/** Paint so many pictures at even intervals; gives the time of the next. */
function run(meter: FreezeMeter, from: number, pictures: number, intervalS = 1 / 30): number {
  for (let i = 0; i < pictures; i += 1) meter.painted(from + i * intervalS);
  return from + pictures * intervalS;
}

it("counts no freeze while pictures come evenly, however rarely", () => {
  const meter = new FreezeMeter();
  run(meter, 0, 90);
  expect([meter.freezes, meter.freezeTimeS]).toEqual([0, 0]);
  const slow = new FreezeMeter();
  run(slow, 0, 20, 1);
  expect(slow.freezes).toBe(0);
});

it("counts an interval of more than the average and 150 ms as one freeze of that length", () => {
  const meter = new FreezeMeter();
  const stalled = run(meter, 0, 30);
  meter.painted(stalled - 1 / 30 + 0.18);
  expect(meter.freezes).toBe(0);
  const next = run(meter, stalled + 0.2, 30);
  meter.painted(next + 0.7);
  expect(meter.freezes).toBe(1);
  expect(meter.freezeTimeS).toBeCloseTo(0.7 + 1 / 30, 3);
});

it("does not take a pause for a freeze", () => {
  const meter = new FreezeMeter();
  const paused = run(meter, 0, 30);
  meter.paused();
  run(meter, paused + 60, 30);
  expect(meter.freezes).toBe(0);
});
