/** Where time comes from. Engines take time as an argument; only I/O code asks a clock. */

import type { Microseconds, Seconds } from "./time.ts";

/** Two readings: a monotonic one for timers and a wall clock for capture times. */
export interface Clock {
  /** Seconds that never run backwards, from an arbitrary origin. */
  monotonic(): Seconds;
  /** Microseconds since the Unix epoch; the same in every worker of a page. */
  wallUs(): Microseconds;
}

/** The browser's clocks. */
export const systemClock: Clock = {
  monotonic: () => (performance.now() / 1000) as Seconds,
  wallUs: () => Math.round((performance.timeOrigin + performance.now()) * 1000) as Microseconds,
};

/** Calls back later; tests put a virtual clock behind it. */
export interface Timers {
  /** Call `callback` once after `delay`. */
  start(callback: () => void, delay: Seconds): number;
  /** Forget a timer; one that has fired is ignored. */
  cancel(timer: number): void;
}

/** The browser's timers; the number is `setTimeout`'s. */
export const systemTimers: Timers = {
  start: (callback, delay) => Number(setTimeout(callback, Math.max(0, delay * 1000))),
  cancel: (timer) => clearTimeout(timer),
};
