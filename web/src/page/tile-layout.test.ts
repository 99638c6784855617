import { describe, expect, it } from "vitest";
import { arrange } from "./tile-layout.ts";

describe("arrange", () => {
  it("puts two side by side on a wide screen and one above the other on a phone", () => {
    expect(arrange(2, 1280, 640, 12).columns).toBe(2);
    expect(arrange(2, 390, 700, 12).columns).toBe(1);
  });

  it("never leaves the area and keeps tiles between 1:1 and 16:9", () => {
    for (let count = 1; count <= 30; count += 1) {
      for (const [width, height] of [
        [1280, 640],
        [390, 700],
        [800, 800],
      ] as const) {
        const layout = arrange(count, width, height, 8);
        const rows = Math.ceil(count / layout.columns);
        expect(layout.columns * layout.width + (layout.columns - 1) * 8).toBeLessThanOrEqual(width);
        expect(rows * layout.height + (rows - 1) * 8).toBeLessThanOrEqual(height);
        expect(layout.width / layout.height).toBeGreaterThan(0.97);
        expect(layout.width / layout.height).toBeLessThan(1.85);
      }
    }
  });
});
