import { expect, it } from "vitest";
import { loudness } from "./vocabulary.ts";

it("makes RFC 6464 levels visible: silence is nothing, a shout is all", () => {
  expect(loudness(127)).toBe(0);
  expect(loudness(60)).toBe(0);
  expect(loudness(35)).toBeCloseTo(0.5);
  expect(loudness(0)).toBe(1);
});
