/** What a check has found; the same words as `wsmedia/findings/report.py`, which reads the report that they travel in. */

/** What is checked, in the order of the way from the browser to the room. */
export const CHECKS = [
  "dns",
  "tls",
  "http",
  "websocket",
  "buffering",
  "idle",
  "upload",
  "throughput",
  "stun",
  "turn-udp",
  "turn-tcp",
  "turn-tls",
  "native",
  "tunnel-websocket",
  "tunnel-http-stream",
  "tunnel-http-poll",
] as const;

export type Check = (typeof CHECKS)[number];

/** `hindered`: it works, and something is in the way. `untested`: it could not be checked, or there is nothing to check. */
export type Outcome = "well" | "hindered" | "blocked" | "untested";

/** One check's result. */
export interface Result {
  readonly check: Check;
  readonly outcome: Outcome;
  /** A word for what was found, as `stripped`; each check has its own. */
  readonly finding: string;
  /** What was measured; the unit is the name's end (`_ms`, `_bps`, `_bytes`, `_s`). */
  readonly figures: Readonly<Record<string, number>>;
  /** A name that belongs to the finding; empty for none. */
  readonly note: string;
}

/** Make a result. */
export const resultOf = (
  check: Check,
  outcome: Outcome,
  finding: string,
  figures: Readonly<Record<string, number>> = {},
  note = "",
): Result => ({ check, outcome, finding, figures, note: printable(note).slice(0, 200) });

/** One decimal is enough for everything here. */
export const rounded = (value: number): number => Math.round(value * 10) / 10;

const printable = (text: string): string => text.replaceAll(/\p{Cc}|\p{Zl}|\p{Zp}/gu, "");
