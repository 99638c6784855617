import { describe, expect, it } from "vitest";
import { DelayEstimate } from "./delay-estimate.ts";

/** Packets of 20 ms, each so late. @returns the target after them. */
function learn(estimate: DelayEstimate, packets: number, lateMs: (packet: number) => number, from = 0): number {
  for (let packet = from; packet < from + packets; packet += 1) {
    const transitMs = 40 + lateMs(packet);
    estimate.add(transitMs, packet * 20 + transitMs);
  }
  return estimate.targetMs;
}

/** One packet in `every` is late. */
const nowAndThen = (every: number, lateMs: number) => (packet: number) => (packet % every === every - 1 ? lateMs : 0);

describe("DelayEstimate", () => {
  it("holds sound back for hardly longer than an even path needs, within three seconds", () => {
    expect(learn(new DelayEstimate(), 150, () => 0)).toBeLessThan(15);
  });

  it("does not let everything wait for one packet in a hundred", () => {
    expect(learn(new DelayEstimate(), 600, nowAndThen(100, 55))).toBeLessThan(20);
  });

  it("waits for as many as would be missed", () => {
    const target = learn(new DelayEstimate(), 600, nowAndThen(8, 55));
    expect(target).toBeGreaterThan(60);
    expect(target).toBeLessThan(75);
  });

  it("waits a little longer for fewer of them", () => {
    const target = learn(new DelayEstimate(), 600, nowAndThen(25, 16));
    expect(target).toBeGreaterThan(20);
    expect(target).toBeLessThan(30);
  });

  it("forgets a bad time within ten seconds", () => {
    const estimate = new DelayEstimate();
    expect(learn(estimate, 300, nowAndThen(5, 90))).toBeGreaterThan(90);
    expect(learn(estimate, 500, () => 0, 300)).toBeLessThan(15);
  });
});
