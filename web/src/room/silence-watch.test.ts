import { expect, it } from "vitest";
import { SilenceWatch } from "./silence-watch.ts";

/** Readings every half a second. @returns when the silence was noticed, ms; null if never. */
function noticed(bytes: readonly number[]): number | null {
  const watch = new SilenceWatch();
  const index = bytes.findIndex((count, at) => watch.read(count, at * 500));
  return index < 0 ? null : index * 500;
}

it("notices within seconds that what came regularly has stopped", () => {
  expect(noticed([0, 10, 20, 30, 40, 50, 60, 60, 60, 60, 60, 60, 60])).toBe(5000);
});

it("says nothing of what never came regularly", () => {
  expect(noticed([0, 0, 0, 0, 0, 0, 0, 0, 0, 0])).toBeNull();
  expect(noticed([0, 1, 1, 1, 1, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3])).toBeNull();
});

it("begins anew when connections were closed", () => {
  expect(noticed([0, 10, 20, 30, 40, 50, 60, 20, 20, 20, 20, 20, 20])).toBeNull();
});
