import { expect, it } from "vitest";
import { cornerAfter, cornerNear } from "./corners.ts";

it("goes from corner to corner by arrow keys, and stays for others", () => {
  expect(cornerAfter("bottom-right", "ArrowUp")).toBe("top-right");
  expect(cornerAfter("top-right", "ArrowLeft")).toBe("top-left");
  expect(cornerAfter("top-left", "ArrowUp")).toBe("top-left");
  expect(cornerAfter("top-left", "Enter")).toBe("top-left");
});

it("snaps to the corner it was dropped nearest to", () => {
  expect(cornerNear(0.9, 0.2)).toBe("top-right");
  expect(cornerNear(0.3, 0.7)).toBe("bottom-left");
});
