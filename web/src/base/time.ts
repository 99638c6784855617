/**
 * Branded units of time, so that a millisecond is never taken for a second. Every floor uses these; a value becomes a
 * unit by one of the functions below and stays a plain number at run time.
 */

declare const unit: unique symbol;

/** Seconds on a monotonic clock, or a duration in seconds: what engines calculate with. */
export type Seconds = number & { readonly [unit]: "s" };

/** Milliseconds: what timers, `performance.now()` and most configuration speak. */
export type Milliseconds = number & { readonly [unit]: "ms" };

/** Microseconds: what WebCodecs, capture times and the wire speak. Exact up to the year 2255 (2^53). */
export type Microseconds = number & { readonly [unit]: "us" };

/** Take a plain number as seconds. */
export const seconds = (value: number): Seconds => value as Seconds;

/** Take a plain number as milliseconds. */
export const milliseconds = (value: number): Milliseconds => value as Milliseconds;

/** Take a plain number as microseconds. */
export const microseconds = (value: number): Microseconds => value as Microseconds;

/** Seconds of so many milliseconds. */
export const secondsOf = (value: Milliseconds): Seconds => (value / 1000) as Seconds;

/** Milliseconds of so many seconds. */
export const millisecondsOf = (value: Seconds): Milliseconds => (value * 1000) as Milliseconds;

/** Whole microseconds of so many seconds. */
export const microsecondsOf = (value: Seconds): Microseconds => Math.round(value * 1e6) as Microseconds;
