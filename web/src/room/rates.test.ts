import { expect, it } from "vitest";
import { Rates } from "./rates.ts";

it("counts frames a second over the last two seconds, slow ones too", () => {
  const rates = new Rates();
  for (let at = 0; at <= 5_000; at += 250) rates.read("screen", Math.floor(at / 125), 0, at);
  expect(rates.framesPerSecond("screen")).toBe(8);
  expect(rates.framesPerSecond("nobody's")).toBe(0);
});

it("forgets what was before the window", () => {
  const rates = new Rates();
  for (let at = 0; at <= 10_000; at += 250) rates.read("camera", at < 5_000 ? at / 40 : 125, at / 1_000_000, at);
  expect(rates.framesPerSecond("camera")).toBe(0);
  expect(rates.codecTimeMs("camera")).toBeNull();
});

it("tells the mean time of a frame", () => {
  const rates = new Rates();
  rates.read("camera", 0, 0, 0);
  rates.read("camera", 30, 0.15, 1_000);
  expect(rates.codecTimeMs("camera")).toBeCloseTo(5);
});

it("begins anew with a counter that does", () => {
  const rates = new Rates();
  rates.read("camera", 1_000, 9, 0);
  rates.read("camera", 10, 0.01, 500);
  rates.read("camera", 25, 0.02, 1_000);
  expect(rates.framesPerSecond("camera")).toBe(30);
});
