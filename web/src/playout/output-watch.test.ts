import { describe, expect, it } from "vitest";
import { OutputWatch } from "./output-watch.ts";

/** Reads twice a second for so long; @returns the times at which too much was lost. */
function watch(watched: OutputWatch, contextOf: (now: number) => number, from: number, to: number): number[] {
  const told: number[] = [];
  for (let now = from; now <= to; now += 0.5) if (watched.read(contextOf(now), now)) told.push(now);
  return told;
}

describe("OutputWatch", () => {
  it("finds nothing wrong with a sound card's clock", () => {
    const inBlocks = (now: number) => Math.floor(now * 1.0002 * 100) / 100;
    expect(watch(new OutputWatch(), inBlocks, 3, 120)).toEqual([]);
  });

  it("says so when a fiftieth of the time nothing was played", () => {
    expect(watch(new OutputWatch(), (now) => now * 0.98, 3, 9)).toEqual([8]);
  });

  it("bears a single hiccup", () => {
    expect(watch(new OutputWatch(), (now) => (now < 20 ? now : now - 0.04), 3, 60)).toEqual([]);
  });

  it("takes sleep and suspension for what they are", () => {
    const watched = new OutputWatch();
    watch(watched, (now) => now, 3, 20);
    expect(watch(watched, (now) => now - 10, 30, 60)).toEqual([]);
    watched.pause();
    expect(watch(watched, (now) => now - 11, 61, 90)).toEqual([]);
  });
});
