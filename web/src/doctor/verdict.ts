/**
 * From results to a verdict. `wsmedia/findings/verdict.py` judges the same; both are held to
 * `tests/vectors/doctor/verdicts.json`.
 */

import { CHECKS, type Check, type Outcome, type Result } from "./result.ts";

/** `hindered`: calls work, and the network could do better. */
export type Grade = "well" | "hindered" | "blocked";

/** What calls will use. */
export type Way = "websocket" | "http-stream" | "http-poll" | "native" | "none";

export interface Verdict {
  readonly grade: Grade;
  readonly way: Way;
  /** Whether picture and sound went that way, or it is only to be expected. */
  readonly tried: boolean;
  /** Results that an administrator could do something about, in the order of the checks. */
  readonly hindrances: readonly Result[];
}

/** The tunnel's kinds of lanes, best first: the check of media over them, and what they need at least. */
const TUNNEL: readonly { way: Way; media: Check; needs: readonly Check[] }[] = [
  { way: "websocket", media: "tunnel-websocket", needs: ["websocket"] },
  { way: "http-stream", media: "tunnel-http-stream", needs: ["buffering", "upload"] },
  { way: "http-poll", media: "tunnel-http-poll", needs: ["http", "upload"] },
];

/** The verdict over results, in any order; checks that are missing count as untested. */
export function judge(results: readonly Result[]): Verdict {
  const outcomes = new Map(results.map(({ check, outcome }) => [check, outcome]));
  const hindrances = results
    .filter(({ outcome }) => outcome === "hindered" || outcome === "blocked")
    .sort((left, right) => CHECKS.indexOf(left.check) - CHECKS.indexOf(right.check));
  const { way, tried } = wayOf(outcomes);
  if (way === "none") return { grade: "blocked", way, tried, hindrances };
  return { grade: hindrances.length > 0 ? "hindered" : "well", way, tried, hindrances };
}

function wayOf(outcomes: ReadonlyMap<Check, Outcome>): { way: Way; tried: boolean } {
  const passes = (check: Check) => outcomes.get(check) === "well" || outcomes.get(check) === "hindered";
  const untested = (check: Check) => (outcomes.get(check) ?? "untested") === "untested";
  const carried = TUNNEL.find(({ media }) => passes(media));
  if (carried !== undefined) return { way: carried.way, tried: true };
  if (passes("native")) return { way: "native", tried: true };
  // What was tried and failed is not hoped for.
  const expected = TUNNEL.find(({ media, needs }) => untested(media) && needs.every(passes));
  if (expected !== undefined) return { way: expected.way, tried: false };
  return { way: "none", tried: TUNNEL.some(({ media }) => !untested(media)) };
}
