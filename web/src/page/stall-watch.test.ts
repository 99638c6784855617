import { expect, it } from "vitest";
import { StallWatch } from "./stall-watch.ts";

it("finds a picture stalled after four seconds without a new frame, and not before", () => {
  const watch = new StallWatch();
  expect(watch.isStalled("p-1", 10, 0)).toBe(false);
  expect(watch.isStalled("p-1", 10, 4_000)).toBe(false);
  expect(watch.isStalled("p-1", 10, 4_001)).toBe(true);
  expect(watch.isStalled("p-1", 11, 5_000)).toBe(false);
});

it("expects nothing of a camera that is off", () => {
  const watch = new StallWatch();
  watch.isStalled("p-1", 10, 0);
  expect(watch.isStalled("p-1", null, 9_000)).toBe(false);
  expect(watch.isStalled("p-1", 10, 9_500)).toBe(false);
});
