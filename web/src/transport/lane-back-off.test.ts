import { describe, expect, it } from "vitest";
import { seconds } from "../base/time.ts";
import { LaneBackOff } from "./lane-back-off.ts";

describe("LaneBackOff", () => {
  it("waits ever longer, up to a minute, and with jitter", () => {
    const delays = (random: number) => {
      const backOff = new LaneBackOff(() => random);
      let now = 0;
      return Array.from({ length: 8 }, () => {
        backOff.lost(0, seconds(now));
        const delay = backOff.delay(seconds(now));
        now += delay;
        return delay;
      });
    };
    expect(delays(0.5)).toEqual([1, 2, 4, 8, 16, 32, 60, 60]);
    expect(delays(0)[7]).toBe(30);
    expect(delays(1)[7]).toBe(90);
  });

  it("replaces a lane that was good at once, and forgets what was before", () => {
    const backOff = new LaneBackOff(() => 0.5);
    for (let failure = 0; failure < 6; failure += 1) backOff.lost(0, seconds(100));
    backOff.lost(600, seconds(101));
    expect(backOff.delay(seconds(101))).toBe(0);
    backOff.lost(1, seconds(102));
    expect(backOff.delay(seconds(102))).toBe(1);
  });
});
