import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { climb } from "./climb.ts";
import type { NativeRung } from "./vocabulary.ts";

const ALL: readonly NativeRung[] = ["turn-tls", "direct", "turn-tcp", "turn-udp"];

let begun: [NativeRung, number][];
let givenUp: NativeRung[];

beforeEach(() => {
  vi.useFakeTimers();
  begun = [];
  givenUp = [];
});
afterEach(() => vi.useRealTimers());

/** Rungs that answer so long after they were begun; negative: with no. Those that are not named never answer. */
function answering(times: Partial<Record<NativeRung, number>>, began = Date.now()) {
  return (rung: NativeRung, signal: AbortSignal): Promise<boolean> => {
    begun.push([rung, Date.now() - began]);
    return new Promise((resolve) => {
      const time = times[rung];
      signal.addEventListener("abort", () => {
        givenUp.push(rung);
        resolve(false);
      });
      if (time !== undefined) setTimeout(() => resolve(time >= 0), Math.abs(time));
    });
  };
}

async function climbed(times: Partial<Record<NativeRung, number>>, rungs = ALL) {
  const began = Date.now();
  let over = Number.NaN;
  const winner = climb(rungs, answering(times), new AbortController().signal).finally(() => {
    over = Date.now() - began;
  });
  await vi.advanceTimersByTimeAsync(60_000);
  return { winner: await winner, over };
}

it("begins the rungs from the top, one after the other", async () => {
  await climbed({ direct: -5_000, "turn-udp": -5_000, "turn-tcp": -5_000, "turn-tls": -5_000 });
  expect(begun).toEqual([
    ["direct", 0],
    ["turn-udp", 100],
    ["turn-tcp", 200],
    ["turn-tls", 300],
  ]);
});

it("takes the best at once when it answers, and gives up the others", async () => {
  expect(await climbed({ direct: 230 })).toEqual({ winner: "direct", over: 230 });
  expect(givenUp).toEqual(["direct", "turn-udp", "turn-tcp"]);
});

it("waits a moment for a better one, and no longer", async () => {
  expect((await climbed({ direct: 500, "turn-udp": 200 })).winner).toBe("direct");
  expect(await climbed({ direct: 700, "turn-udp": 200 })).toEqual({ winner: "turn-udp", over: 550 });
});

it("does not wait for better ones that have failed", async () => {
  expect(await climbed({ direct: -50, "turn-udp": -50, "turn-tcp": 300 })).toEqual({ winner: "turn-tcp", over: 500 });
});

it("says when none carries anything", async () => {
  expect(await climbed({ direct: -300 }, ["direct"])).toEqual({ winner: null, over: 300 });
  expect(await climbed({}, [])).toEqual({ winner: null, over: 0 });
});

it("ends when it is not wanted any more", async () => {
  const unwanted = new AbortController();
  const winner = climb(ALL, answering({}), unwanted.signal);
  await vi.advanceTimersByTimeAsync(150);
  unwanted.abort();
  expect(await winner).toBeNull();
  expect(begun.map(([rung]) => rung)).toEqual(["direct", "turn-udp"]);
});
