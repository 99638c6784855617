import { describe, expect, it } from "vitest";
import { LaneCount } from "./lane-count.ts";

describe("LaneCount", () => {
  it("wants two on a clean path, and tells nothing", () => {
    const count = new LaneCount(16);
    expect([count.wanted, count.takeChange()]).toEqual([2, null]);
  });

  it("follows the larger wish and tells it once", () => {
    const count = new LaneCount(16);
    count.wish(4);
    expect([count.takeChange(), count.takeChange()]).toEqual([4, null]);
    count.remoteWish(8);
    expect(count.takeChange()).toBe(8);
    count.remoteWish(1);
    expect(count.takeChange()).toBe(4);
  });

  it("stays within both bounds, and wants always one", () => {
    const count = new LaneCount(8);
    count.wish(16);
    expect(count.wanted).toBe(8);
    count.limit(5);
    count.limit(7);
    expect(count.takeChange()).toBe(5);
    expect(new LaneCount(1).takeChange()).toBe(1);
  });

  it("keeps a fixed number whatever is measured", () => {
    const count = new LaneCount(16, 6);
    count.wish(2);
    count.remoteWish(16);
    expect(count.takeChange()).toBe(6);
    count.limit(4);
    expect(count.wanted).toBe(4);
  });
});
