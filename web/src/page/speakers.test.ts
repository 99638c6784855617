import { expect, it } from "vitest";
import { Speakers } from "./speakers.ts";

const hear = (speakers: Speakers, from: number, to: number, levels: Record<string, number>) => {
  for (let now = from; now < to; now += 250) speakers.update(new Map(Object.entries(levels)), now);
};

it("rings at once when somebody begins, and not for a rustle", () => {
  const speakers = new Speakers();
  speakers.update(
    new Map([
      ["a", 0.5],
      ["b", 0.2],
    ]),
    0,
  );
  expect(speakers.isSpeaking("a")).toBe(true);
  expect(speakers.isSpeaking("b")).toBe(false);
});

it("does not flicker in the pauses between words, and ends with the speech", () => {
  const speakers = new Speakers();
  const rings: boolean[] = [];
  [0.5, 0.05, 0.2, 0.05, 0.05, 0.3, 0.02].forEach((level, index) => {
    speakers.update(new Map([["a", level]]), index * 250);
    rings.push(speakers.isSpeaking("a"));
  });
  expect(rings).not.toContain(false);
  hear(speakers, 2_000, 4_000, { a: 0.02 });
  expect(speakers.isSpeaking("a")).toBe(false);
});

it("gives the word to who was loudest lately, not to who coughs", () => {
  const speakers = new Speakers();
  hear(speakers, 0, 5_000, { a: 0.6, b: 0 });
  speakers.update(
    new Map([
      ["a", 0.4],
      ["b", 1],
    ]),
    5_000,
  );
  expect(speakers.loudest(["a", "b"])).toBe("a");
  hear(speakers, 5_250, 9_000, { a: 0, b: 0.7 });
  expect(speakers.loudest(["a", "b"])).toBe("b");
  expect(speakers.loudest(["a"])).toBeNull();
});

it("forgets who is gone, and takes silence for those without a level", () => {
  const speakers = new Speakers();
  speakers.update(
    new Map([
      ["a", 1],
      ["b", 1],
    ]),
    0,
  );
  speakers.forget("a");
  expect(speakers.isSpeaking("a")).toBe(false);
  hear(speakers, 250, 2_000, {});
  expect(speakers.isSpeaking("b")).toBe(false);
});
