/** Whether answers flow as they are written, or somebody on the way collects them first. */

import { type Result, resultOf } from "./result.ts";
import { ask, type Site } from "./site.ts";

const PIECES = 6;
/** Five quarters of a second lie between the first piece and the last. */
const SPREAD_MS = 1_250;
const LATE_MS = 400;
const BUFFERED_MS = 900;
const NEWLINE = 10;

/** Read the stream of timed pieces. */
export async function checkBuffering(site: Site): Promise<Result> {
  const arrivals: number[] = [];
  try {
    const response = await ask(site, "v1/check/stream");
    if (response.status === 429) return resultOf("buffering", "untested", "busy");
    const reader = response.body?.getReader();
    for (let read = await reader?.read(); read !== undefined && !read.done; read = await reader?.read()) {
      const pieces = read.value.filter((octet) => octet === NEWLINE).length;
      arrivals.push(...Array<number>(pieces).fill(performance.now()));
    }
  } catch {
    // What came until then is judged.
  }
  return judgeBuffering(arrivals);
}

/** @param arrivals when each piece was there, ms. */
export function judgeBuffering(arrivals: readonly number[]): Result {
  const [first] = arrivals;
  if (first === undefined) return resultOf("buffering", "blocked", "no-answer");
  if (arrivals.length !== PIECES) return resultOf("buffering", "blocked", "cut", { pieces: arrivals.length });
  const held = Math.max(0, SPREAD_MS - ((arrivals.at(-1) ?? first) - first));
  const figures = { held_ms: Math.round(held) };
  if (held > BUFFERED_MS) return resultOf("buffering", "blocked", "buffered", figures);
  return held > LATE_MS
    ? resultOf("buffering", "hindered", "late", figures)
    : resultOf("buffering", "well", "flows", figures);
}
