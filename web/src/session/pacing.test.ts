import { describe, expect, it } from "vitest";
import { seconds } from "../base/time.ts";
import { BURST, Pacer } from "./pacing.ts";

const at = seconds;

describe("Pacer", () => {
  it("lets a frame of usual size leave at once", () => {
    const pacer = new Pacer();
    for (let size = 0; size < BURST; size += 1000) {
      expect(pacer.allows(1_000_000, at(1))).toBe(true);
      pacer.sent(1000);
    }
    expect(pacer.allows(1_000_000, at(1))).toBe(false);
  });

  it("spreads a large frame at two and a half times the estimate", () => {
    const pacer = new Pacer();
    let now = at(1);
    for (let sent = 0; sent < 100_000; sent += 1000) {
      while (!pacer.allows(1_000_000, now)) now = pacer.openAt;
      pacer.sent(1000);
    }
    expect(now - 1).toBeCloseTo(((100_000 - BURST) * 8) / 2_500_000, 1);
  });

  it("is never due at once when it was not open", () => {
    const pacer = new Pacer();
    pacer.allows(1_000_000, at(1));
    pacer.sent(BURST);
    expect(pacer.allows(1_000_000, at(1))).toBe(false);
    expect(pacer.openAt).toBeGreaterThan(1);
  });
});
