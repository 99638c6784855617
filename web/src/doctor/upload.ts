/** How large a request may be: where WebSockets do not come through, media goes up in requests. */

import { type Result, resultOf } from "./result.ts";
import { ask, randomOctets, type Site } from "./site.ts";

const SIZES = [8_192, 24_576, 49_152, 98_304];
/** What the tunnel puts into one request at most (PROTOCOL.md §2.2). */
const BATCH_BYTES = 49_152;

/** Post ever larger bodies until one is not taken. */
export async function checkUpload(site: Site): Promise<Result> {
  let largest = 0;
  let status = 0;
  try {
    for (const size of SIZES) {
      const headers = { "Content-Type": "application/octet-stream" };
      const answer = await ask(site, "v1/check/upload", { method: "POST", body: randomOctets(size), headers });
      status = answer.status;
      if (!answer.ok || ((await answer.json()) as { octets?: unknown }).octets !== size) break;
      largest = size;
    }
  } catch {
    status = 0;
  }
  return judgeUpload(largest, status);
}

/** @param largest octets of the largest body that was taken, 0 for none. @param status of the last try, 0 without an answer. */
export function judgeUpload(largest: number, status: number): Result {
  if (status === 429) return resultOf("upload", "untested", "busy");
  const figures = { largest_bytes: largest, status };
  if (largest === SIZES.at(-1)) return resultOf("upload", "well", "whole", { largest_bytes: largest });
  if (largest >= BATCH_BYTES) return resultOf("upload", "well", "limited", figures);
  return largest > 0
    ? resultOf("upload", "hindered", "small", figures)
    : resultOf("upload", "blocked", "refused", { status });
}
