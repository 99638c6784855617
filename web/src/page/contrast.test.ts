import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

type Colour = readonly [red: number, green: number, blue: number, alpha: number];
type Scheme = "light" | "dark";

const CSS = readFileSync(join(import.meta.dirname, "styles", "tokens.css"), "utf8");

/** Text must have 4.5 : 1 (WCAG 2.2 §1.4.3), what is not text but must be seen 3 : 1 (§1.4.11). */
const TEXT: readonly (readonly [front: string, back: string])[] = [
  ...["page", "surface", "raised", "sunken", "warn-surface", "accent-surface"].map((back) => ["text", back] as const),
  ...["page", "surface", "raised", "sunken"].map((back) => ["muted", back] as const),
  ["on-accent", "accent"],
  ["on-accent", "accent-strong"],
  ["on-bad", "bad"],
  ["on-warn", "warn"],
  ["on-toast", "toast"],
  ["bad", "surface"],
];
const SHAPES: readonly (readonly [front: string, back: string])[] = [
  ...["page", "surface", "raised", "sunken"].map((back) => ["accent", back] as const),
  ...["chart-1", "chart-2", "chart-3"].map((front) => [front, "sunken"] as const),
  ["edge", "surface"],
  ["edge", "page"],
  ["edge", "sunken"],
  ["good", "surface"],
  ["warn", "surface"],
  ["warn", "warn-surface"],
  ["bad", "page"],
];
const ON_PICTURES = ["on-picture", "on-picture-bad"];

function colour(name: string, scheme: Scheme): Colour {
  const value = CSS.match(new RegExp(`--${name}: ([^;]+);`))?.[1] ?? "";
  const [light, dark] = value.match(/#[0-9a-f]{6,8}/g) ?? [];
  const hex = (scheme === "dark" ? (dark ?? light) : light) ?? "";
  const [red = Number.NaN, green = Number.NaN, blue = Number.NaN, alpha = 255] = (hex.slice(1).match(/../g) ?? []).map(
    (part) => Number.parseInt(part, 16),
  );
  return [red, green, blue, alpha / 255];
}

/** What is seen of a colour that lets some of another through. */
const over = (front: Colour, back: Colour): Colour => {
  const mix = (index: 0 | 1 | 2) => front[index] * front[3] + back[index] * (1 - front[3]);
  return [mix(0), mix(1), mix(2), 1];
};

/** Relative luminance (WCAG 2.2, glossary). */
function luminance([red, green, blue]: Colour): number {
  const linear = (part: number) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
}

function contrast(front: Colour, back: Colour): number {
  const [low = 0, high = 0] = [luminance(over(front, back)), luminance(back)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

describe.each(["light", "dark"] as const)("in %s colours", (scheme) => {
  it.each(TEXT)("%s can be read on %s", (front, back) => {
    expect(contrast(colour(front, scheme), colour(back, scheme))).toBeGreaterThanOrEqual(4.5);
  });

  it.each(SHAPES)("%s can be seen on %s", (front, back) => {
    expect(contrast(colour(front, scheme), colour(back, scheme))).toBeGreaterThanOrEqual(3);
  });
});

it.each(ON_PICTURES)("%s can be read on any picture", (front) => {
  const scrim = colour("scrim", "light");
  for (const picture of [
    [255, 255, 255, 1],
    [0, 0, 0, 1],
    [255, 220, 0, 1],
  ] as const) {
    expect(contrast(colour(front, "light"), over(scrim, picture))).toBeGreaterThanOrEqual(4.5);
  }
});

it("measures as the standard does", () => {
  expect(contrast([0, 0, 0, 1], [255, 255, 255, 1])).toBeCloseTo(21, 5);
  expect(contrast([119, 119, 119, 1], [255, 255, 255, 1])).toBeCloseTo(4.48, 2);
});

it("names no colour but in the tokens", () => {
  const files = ["base", "controls", "notices", "dialogs", "lobby", "call", "tiles", "self", "drawer", "preferences"];
  for (const file of files) {
    const css = readFileSync(join(import.meta.dirname, "styles", `${file}.css`), "utf8");
    expect(css.match(/#[0-9a-f]{3,8}\b|rgb\(/g), file).toBeNull();
  }
});
