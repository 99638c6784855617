/** Which way the call goes and why, and what is known of the others, in words: for the bar, the drawer and its tables. */

import type { RungReading, WayReading } from "../sdk/index.ts";
import { milliseconds } from "./figures.ts";
import { strings } from "./strings.ts";

const words = strings.details;

/** The way and the reason; empty as long as there is none. */
export function wayText({ rung, why }: WayReading): string {
  if (rung === null) return "";
  return why === null ? words.rungs[rung] : words.wayBecause(words.rungs[rung], words.wayWhy[why]);
}

/** Each rung with its verdict; none where nothing was chosen among them. */
export function rungRows({ why, rungs }: WayReading): [string, string][] {
  return why === "forced" ? [] : rungs.map((reading) => [words.rungs[reading.rung], verdictOf(reading)]);
}

function verdictOf({ state, elapsedMs, failure }: RungReading): string {
  if (state === "fails" && failure !== null) return words.rungFailures[failure];
  const told = words.rungStates[state];
  return elapsedMs !== null && (state === "works" || state === "carries")
    ? words.rungAfter(told, milliseconds(elapsedMs))
    : told;
}
