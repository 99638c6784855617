import { describe, expect, it } from "vitest";
import { LoadMeter } from "./load-meter.ts";

/** A second of 30 pictures per second. */
function second(meter: LoadMeter, encodeS: number, { lateS = 0.005, skipEvery = 0 } = {}): void {
  for (let picture = 1; picture <= 30; picture += 1) {
    const skipped = skipEvery > 0 && picture % skipEvery === 0;
    meter.arrived(lateS, skipped);
    if (!skipped) meter.encoded(encodeS);
  }
}

describe("LoadMeter", () => {
  it("is low on a machine with room", () => {
    const meter = new LoadMeter();
    second(meter, 0.008);
    expect(meter.load(30, 1)).toBeCloseTo(0.267, 2);
    expect(meter.load(30, 2)).toBeCloseTo(0.133, 2);
  });

  it("is above 1 when encoding takes longer than pictures come", () => {
    const meter = new LoadMeter();
    second(meter, 0.04);
    expect(meter.load(30, 1)).toBeGreaterThan(1);
    expect(meter.load(30, 2)).toBeLessThan(1);
    expect(meter.load(15, 1)).toBeLessThan(1);
  });

  it("is above 1 when every third picture finds the encoder full", () => {
    const meter = new LoadMeter();
    second(meter, 0.005, { skipEvery: 3 });
    expect(meter.load(30, 2)).toBeGreaterThan(1);
  });

  it("is above 1 when pictures come late, although they are encoded quickly", () => {
    const meter = new LoadMeter();
    second(meter, 0.005, { lateS: 0.15 });
    expect(meter.load(30, 1)).toBeGreaterThan(1);
  });

  it("notices within a second, and forgets as quickly", () => {
    const meter = new LoadMeter();
    for (let i = 0; i < 10; i += 1) second(meter, 0.005);
    second(meter, 0.06, { lateS: 0.2 });
    expect(meter.load(30, 1)).toBeGreaterThan(1.5);
    second(meter, 0.005);
    expect(meter.load(30, 1)).toBeLessThan(0.5);
  });

  it("begins anew when the encoder's size has changed", () => {
    const meter = new LoadMeter();
    second(meter, 0.2);
    meter.reset();
    meter.encoded(0.01);
    expect(meter.load(30, 1)).toBeLessThan(0.5);
  });
});
