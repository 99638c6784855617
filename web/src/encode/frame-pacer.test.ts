import { describe, expect, it } from "vitest";
import { FramePacer } from "./frame-pacer.ts";

/** How many pictures of a source are taken in ten seconds. */
function taken(sourceRate: number, framerate: number, jitterUs = 0): number {
  const pacer = new FramePacer();
  let count = 0;
  for (let picture = 0; picture < sourceRate * 10; picture += 1) {
    const jitter = (((picture * 7) % 5) - 2) * (jitterUs / 2);
    if (pacer.take((picture * 1_000_000) / sourceRate + jitter, framerate)) count += 1;
  }
  return count;
}

describe("FramePacer", () => {
  it.each([
    [30, 30],
    [31, 30],
    [15, 30],
    [10, 15],
  ])("lets all of %d pictures a second through when %d are wanted", (source, wanted) => {
    expect(taken(source, wanted)).toBe(source * 10);
  });

  it("is not disturbed by jitter", () => {
    expect(taken(30, 30, 6_000)).toBe(300);
  });

  it.each([
    [30, 15],
    [30, 8],
    [30, 5],
    [60, 30],
    [25, 15],
  ])("thins %d pictures a second out to about %d", (source, wanted) => {
    expect(taken(source, wanted)).toBeGreaterThanOrEqual(wanted * 10 * 0.98);
    expect(taken(source, wanted)).toBeLessThanOrEqual(wanted * 10 * 1.15);
  });

  it("takes the first picture after a gap, and does not hurry afterwards", () => {
    const pacer = new FramePacer();
    expect(pacer.take(0, 10)).toBe(true);
    expect(pacer.take(5_000_000, 10)).toBe(true);
    expect(pacer.take(5_020_000, 10)).toBe(false);
  });

  it("goes on when a source begins anew with earlier times", () => {
    const pacer = new FramePacer();
    pacer.take(9_000_000_000, 10);
    pacer.take(0, 10);
    expect(pacer.take(100_000, 10)).toBe(true);
  });
});
