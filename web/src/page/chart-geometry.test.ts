import { expect, it } from "vitest";
import { linePath, scaleTop } from "./chart-geometry.ts";

it.each([
  [0, 100, 100],
  [101, 100, 150],
  [1_340_000, 100_000, 1_500_000],
  [31, 30, 40],
  [9.2, 5, 10],
  [0.012, 0.05, 0.05],
])("ends the scale of %d (at least %d) with %d", (value, least, top) => {
  expect(scaleTop(value, least)).toBeCloseTo(top, 9);
});

const FRAME = { width: 100, height: 50, slots: 5, top: 10 };

it("draws the newest value at the right end", () => {
  expect(linePath([0, 10], FRAME)).toBe("M75.0 50.0L100.0 0.0");
});

it("breaks the line where nothing was measured, and shows a lonely value as a dot", () => {
  expect(linePath([5, null, 5, 5], FRAME)).toBe("M25.0 25.0h0.1M75.0 25.0L100.0 25.0");
  expect(linePath([null, null], FRAME)).toBe("");
});

it("keeps what is off the scale inside the picture", () => {
  expect(linePath([20, -4], FRAME)).toBe("M75.0 0.0L100.0 50.0");
});
