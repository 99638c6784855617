import { describe, expect, it } from "vitest";
import { OutputClock, SyncClock } from "./sync-clock.ts";

const WALL_US = 1_790_000_000_000_000;

describe("SyncClock", () => {
  it("shows a picture a little before the sound of its capture time is heard", () => {
    const output = new OutputClock();
    expect(output.heardAtUs(1)).toBeNull();
    output.set(10, WALL_US);
    const sync = new SyncClock();
    sync.report(5_000_000, output.heardAtUs(10.5), WALL_US);
    expect(sync.heardUs(5_000_000, WALL_US)).toBe(WALL_US + 500_000);
    expect(sync.dueUs(5_000_000, WALL_US)).toBe(WALL_US + 462_000);
    expect(sync.dueUs(5_040_000, WALL_US)).toBe(WALL_US + 502_000);
  });

  it("does not wait for sound that has stopped", () => {
    const sync = new SyncClock();
    expect(sync.dueUs(0, WALL_US)).toBeNull();
    sync.report(0, WALL_US, WALL_US);
    sync.report(null, WALL_US, WALL_US + 400_000);
    expect(sync.dueUs(0, WALL_US + 600_000)).toBeNull();
  });

  it("follows the play position at once, for it is moved on purpose", () => {
    const sync = new SyncClock();
    sync.report(0, 100_000, 0);
    sync.report(0, 110_000, 0);
    expect(sync.dueUs(0, 0)).toBe(72_000);
  });
});

describe("OutputClock", () => {
  it("smooths small steps of the sound card's position and follows jumps", () => {
    const output = new OutputClock();
    output.set(10, 10_100_000);
    output.set(11, 11_110_000);
    expect(output.heardAtUs(11)).toBe(11_102_000);
    output.set(12, 12_300_000);
    expect(output.heardAtUs(12)).toBe(12_300_000);
  });
});
