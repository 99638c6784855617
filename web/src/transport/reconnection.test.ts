import { describe, expect, it } from "vitest";
import { seconds } from "../base/time.ts";
import { Reconnection } from "./reconnection.ts";

const at = seconds;

describe("Reconnection", () => {
  it("tries at once, then ever more slowly, with jitter", () => {
    const delays = (random: number) => {
      const reconnection = new Reconnection(() => random, at(0));
      return Array.from({ length: 8 }, () => reconnection.nextDelay(at(1)));
    };
    expect(delays(0.5)).toEqual([0, 0.25, 0.5, 1, 2, 4, 5, 5]);
    expect(delays(0)[7]).toBe(2.5);
    expect(delays(1)[7]).toBe(7.5);
  });

  it("has less patience with a call that never was than with one that has run", () => {
    const reconnection = new Reconnection(() => 0.5, at(0));
    expect(reconnection.nextDelay(at(19))).not.toBeNull();
    expect(reconnection.nextDelay(at(21))).toBeNull();
    reconnection.succeeded(at(22));
    reconnection.failed(at(100));
    expect(reconnection.nextDelay(at(219))).not.toBeNull();
    expect(reconnection.nextDelay(at(221))).toBeNull();
  });

  it("begins anew after success and encouragement", () => {
    const reconnection = new Reconnection(() => 0.5, at(0));
    for (let attempt = 0; attempt < 5; attempt += 1) reconnection.nextDelay(at(0));
    reconnection.encouraged(at(30));
    expect([reconnection.nextDelay(at(40)), reconnection.nextDelay(at(41))]).toEqual([0, 0.25]);
    reconnection.succeeded(at(42));
    reconnection.failed(at(43));
    expect(reconnection.nextDelay(at(43))).toBe(0);
  });

  it("counts new sessions unless one of them held", () => {
    const reconnection = new Reconnection(() => 0.5, at(0));
    const restart = (now: number) => reconnection.mayRestart(at(now));
    reconnection.succeeded(at(0));
    expect([1, 2, 3, 4, 5, 6].map(restart)).toEqual([true, true, true, true, true, false]);
    expect(reconnection.nextDelay(at(6))).toBeGreaterThan(1);
    reconnection.succeeded(at(10));
    expect(restart(41)).toBe(true);
  });
});
