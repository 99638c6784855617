import { describe, expect, it } from "vitest";
import {
  type Area,
  arrange,
  featuredRects,
  gridCapacity,
  gridRects,
  MOST_TILES,
  makeWay,
  type Rect,
  stripCapacity,
} from "./tile-layout.ts";

const GAP = 10;
const STAGES: readonly Area[] = [
  { width: 1280, height: 640 },
  { width: 390, height: 640 },
  { width: 304, height: 480 },
  { width: 660, height: 290 },
  { width: 800, height: 800 },
];

const inside = (rect: Rect, area: Area) =>
  rect.x >= 0 && rect.y >= 0 && rect.x + rect.width <= area.width && rect.y + rect.height <= area.height;
const apart = (a: Rect, b: Rect) =>
  a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;
const allApart = (rects: readonly Rect[]) => rects.every((a, i) => rects.every((b, j) => i >= j || apart(a, b)));

describe("the grid", () => {
  it("puts two side by side on a wide screen and one above the other on a phone", () => {
    expect(arrange(2, { width: 1280, height: 640 }, GAP).columns).toBe(2);
    expect(arrange(2, { width: 390, height: 700 }, GAP).columns).toBe(1);
  });

  it.each(STAGES)("never leaves %j, never overlaps, and keeps faces whole", (area) => {
    for (let count = 1; count <= MOST_TILES + 1; count += 1) {
      const rects = gridRects(count, area, GAP);
      expect(rects).toHaveLength(count);
      expect(rects.every((rect) => inside(rect, area))).toBe(true);
      expect(allApart(rects)).toBe(true);
      for (const { width, height } of rects) {
        expect(width / height).toBeGreaterThan(0.97);
        expect(width / height).toBeLessThan(1.85);
      }
    }
  });

  it("has room for sixteen on a desk, for fewer on a small phone, and never for none", () => {
    expect(gridCapacity({ width: 1280, height: 640 }, GAP)).toBe(MOST_TILES);
    const small = gridCapacity({ width: 304, height: 300 }, GAP);
    expect(small).toBeGreaterThanOrEqual(6);
    expect(small).toBeLessThan(MOST_TILES);
    expect(gridCapacity({ width: 10, height: 10 }, GAP)).toBe(1);
  });
});

describe("making way for what floats in a corner", () => {
  const area = { width: 780, height: 606 };
  const own = (x: number): Rect => ({ x, y: 511, width: 148, height: 83 });
  const rects = gridRects(2, area, GAP);

  it.each([
    ["right", own(620)],
    ["left", own(12)],
  ])("moves tiles off the %s corner where there is room beside them", (_, floating) => {
    expect(allApart([floating, ...rects])).toBe(false);
    const moved = makeWay(rects, floating, area, GAP);
    expect(allApart([floating, ...moved])).toBe(true);
    expect(moved.every((rect) => inside(rect, area))).toBe(true);
    expect(moved.map(({ width, height, y }) => [width, height, y])).toEqual(
      rects.map(({ width, height, y }) => [width, height, y]),
    );
  });

  it.each([471, 12])("moves two that fill the width up or down, off %i", (y) => {
    const desk = { width: 1164, height: 606 };
    const floating: Rect = { x: 931, y, width: 221, height: 123 };
    const two = gridRects(2, desk, GAP);
    expect(allApart([floating, ...two])).toBe(false);
    const moved = makeWay(two, floating, desk, GAP);
    expect(allApart([floating, ...moved])).toBe(true);
    expect(moved.every((rect) => inside(rect, desk))).toBe(true);
  });

  it("leaves tiles where they are that hide nothing or have nowhere to go", () => {
    const lastRowIsShort = gridRects(3, { width: 1164, height: 606 }, GAP);
    const beside: Rect = { x: 931, y: 471, width: 221, height: 124 };
    expect(makeWay(lastRowIsShort, beside, { width: 1164, height: 606 }, GAP)).toEqual(lastRowIsShort);
    const full = gridRects(2, { width: 304, height: 438 }, GAP);
    const phone: Rect = { x: 188, y: 287, width: 104, height: 139 };
    expect(makeWay(full, phone, { width: 304, height: 438 }, GAP)).toEqual(full);
  });
});

describe("something large", () => {
  it("leaves places for two and ourselves on the smallest phone", () => {
    expect(stripCapacity({ width: 304, height: 438 }, GAP)).toBe(3);
  });

  it.each(STAGES)("gets most of %j, and the strip stays beside or below it", (area) => {
    for (let count = 1; count <= stripCapacity(area, GAP); count += 1) {
      const { feature, strip } = featuredRects(count, area, GAP);
      const rects = [feature, ...strip];
      expect(rects.every((rect) => inside(rect, area))).toBe(true);
      expect(allApart(rects)).toBe(true);
      expect(feature.width * feature.height).toBeGreaterThan(0.55 * area.width * area.height);
    }
  });

  it("fills the stage when nobody else is there", () => {
    expect(featuredRects(0, { width: 100, height: 50 }, GAP).feature).toEqual({ x: 0, y: 0, width: 100, height: 50 });
  });
});
