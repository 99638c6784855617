/** How much the way carries, and how long an answer takes. Run by itself: it would disturb the other checks. */

import { type Result, resultOf, rounded } from "./result.ts";
import { ask, randomOctets, type Site } from "./site.ts";

const SMALL_BYTES = 150_000;
const LARGE_BYTES = 2_000_000;
const POST_BYTES = 49_152;
const POSTS = 12;
const AT_ONCE = 3;
const PATIENCE_MS = 6_000;
const ENOUGH_BPS = 1_000_000;
const NARROW_BPS = 200_000;
const FAR_MS = 400;

class Busy extends Error {}

/** Measure the round trip, then down, then up; some seconds at most. */
export async function checkThroughput(site: Site): Promise<Result> {
  try {
    const trips: number[] = [];
    for (let count = 0; count < 4; count += 1) {
      const began = performance.now();
      await expect(await ask(site, "v1/check")).text();
      trips.push(performance.now() - began);
    }
    let down = await download(site, SMALL_BYTES);
    if (down > ENOUGH_BPS) down = await download(site, LARGE_BYTES);
    return judgeThroughput(down, await upload(site), Math.min(...trips));
  } catch (error) {
    if (error instanceof Busy) return resultOf("throughput", "untested", "busy");
    return resultOf("throughput", "hindered", "broken");
  }
}

/** The result, from bits per second and ms. */
export function judgeThroughput(downBps: number, upBps: number, roundTripMs: number): Result {
  const figures = { down_bps: Math.round(downBps), up_bps: Math.round(upBps), round_trip_ms: rounded(roundTripMs) };
  const least = Math.min(downBps, upBps);
  if (least < NARROW_BPS) return resultOf("throughput", "hindered", "very-narrow", figures);
  if (least < ENOUGH_BPS) return resultOf("throughput", "hindered", "narrow", figures);
  return roundTripMs > FAR_MS
    ? resultOf("throughput", "hindered", "far", figures)
    : resultOf("throughput", "well", "enough", figures);
}

async function download(site: Site, octets: number): Promise<number> {
  const began = performance.now();
  const stop = new AbortController();
  const response = expect(await ask(site, `v1/check/download?octets=${octets}`, { signal: stop.signal }));
  const reader = response.body?.getReader();
  let count = 0;
  for (let read = await reader?.read(); read !== undefined && !read.done; read = await reader?.read()) {
    count += read.value.length;
    if (performance.now() - began > PATIENCE_MS) {
      stop.abort();
      break;
    }
  }
  return (count * 8000) / Math.max(1, performance.now() - began);
}

async function upload(site: Site): Promise<number> {
  const body = randomOctets(POST_BYTES);
  const headers = { "Content-Type": "application/octet-stream" };
  const began = performance.now();
  let left = POSTS;
  let taken = 0;
  const post = async () => {
    while (left > 0 && performance.now() - began < PATIENCE_MS) {
      left -= 1;
      await expect(await ask(site, "v1/check/upload", { method: "POST", body, headers })).text();
      taken += POST_BYTES;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, post));
  return (taken * 8000) / Math.max(1, performance.now() - began);
}

function expect(answer: Response): Response {
  if (answer.status === 429) throw new Busy();
  if (!answer.ok) throw new Error(String(answer.status));
  return answer;
}
