import { expect, it } from "vitest";
import { hueOf, initialsOf } from "./initials.ts";

it.each([
  ["Alice", "A"],
  ["alice b. cooper", "AC"],
  ["Åsa Öberg", "ÅÖ"],
  ["(bot) 7", "B7"],
  ["  ", "?"],
  ["李 雷", "李雷"],
])("%s has the initials %s", (name, initials) => {
  expect(initialsOf(name)).toBe(initials);
});

it("gives every name a hue of its own, always the same", () => {
  expect(hueOf("Alice")).toBe(hueOf("Alice"));
  expect(new Set(["Alice", "Bob", "Carol", "Dave", "Eve"].map(hueOf)).size).toBe(5);
});
