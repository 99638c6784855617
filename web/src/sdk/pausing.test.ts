import { beforeEach, expect, it } from "vitest";
import { Pausing } from "./pausing.ts";

/** One timer at most; fired by hand. */
const timers = {
  due: null as (() => void) | null,
  start(callback: () => void): number {
    timers.due = callback;
    return 1;
  },
  cancel(): void {
    timers.due = null;
  },
  pass(): void {
    const { due } = timers;
    timers.due = null;
    due?.();
  },
};

const told: boolean[] = [];
let pausing: Pausing;

beforeEach(() => {
  timers.due = null;
  told.length = 0;
  pausing = new Pausing((paused) => told.push(paused), timers);
  pausing.live = true;
});

it("pauses what has not been seen for a while, and goes on at once", () => {
  pausing.visible = false;
  expect(told).toEqual([]);
  timers.pass();
  expect(told).toEqual([true]);
  pausing.visible = true;
  expect(told).toEqual([true, false]);
  expect(pausing.paused).toBe(false);
});

it("lets a short absence pass", () => {
  pausing.visible = false;
  pausing.visible = true;
  timers.pass();
  expect(told).toEqual([]);
});

it("does not begin to wait anew with every word that it is unseen", () => {
  pausing.visible = false;
  const { due } = timers;
  pausing.visible = false;
  expect(timers.due).toBe(due);
});

it("waits for the first picture before it pauses anything", () => {
  const fresh = new Pausing((paused) => told.push(paused), timers);
  fresh.visible = false;
  timers.pass();
  expect(told).toEqual([]);
  fresh.live = true;
  timers.pass();
  expect(told).toEqual([true]);
});

it("never pauses what was taken as a track, and goes on with what was paused", () => {
  pausing.visible = false;
  timers.pass();
  pausing.take();
  expect(told).toEqual([true, false]);
  pausing.visible = false;
  timers.pass();
  expect(told).toEqual([true, false]);
});

it("says nothing after its end", () => {
  pausing.visible = false;
  pausing.close();
  timers.pass();
  expect(told).toEqual([]);
});
