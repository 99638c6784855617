/**
 * How our requests arrive at the gateway. A page cannot see certificates: the gateway tells whether the TLS that reached it can be
 * this browser's.
 */

import { type Result, resultOf } from "./result.ts";
import { ask, randomHex, type Site } from "./site.ts";

const PROXY_HEADERS = ["via", "forwarded", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-real-ip"];

/** Ask how our request looked when it came. */
export async function checkArrival(site: Site): Promise<readonly Result[]> {
  const probe = randomHex(8);
  let answer: Response;
  try {
    answer = await ask(site, "v1/check/echo", { headers: { "Wsmedia-Probe": probe } });
  } catch {
    return [resultOf("http", "blocked", "no-answer"), resultOf("tls", "untested", "no-answer")];
  }
  const told: unknown = answer.ok ? await answer.json().catch(() => null) : null;
  return [judgeArrival(answer.status, told, probe, answer.headers), judgeTls(new URL(site.url).protocol, told)];
}

/** @param told what the gateway told of the request; null when the answer is not the gateway's. */
export function judgeArrival(status: number, told: unknown, probe: string, answer: Headers): Result {
  if (status === 429) return resultOf("http", "untested", "busy");
  if (status === 404 && answer.get("content-type") === "application/problem+json") {
    return resultOf("http", "untested", "not-offered");
  }
  const headers = headersOf(told);
  if (headers === null) return resultOf("http", "blocked", "not-the-gateway", { status });
  const via = headers.get("via") ?? answer.get("via") ?? "";
  if ((told as { http_version?: unknown }).http_version === "1.0") {
    return resultOf("http", "hindered", "old-version", {}, via);
  }
  if (headers.get("wsmedia-probe") !== probe) return resultOf("http", "hindered", "headers-stripped", {}, via);
  const proxied = via !== "" || PROXY_HEADERS.some((name) => headers.has(name));
  return resultOf("http", "well", proxied ? "proxied" : "direct", {}, via);
}

/** @param protocol of the page's address, as `https:`. */
export function judgeTls(protocol: string, told: unknown): Result {
  if (protocol !== "https:") return resultOf("tls", "untested", "plain");
  const tls = (told as { tls?: { client?: unknown } | null } | null)?.tls;
  if (tls?.client === "program") return resultOf("tls", "hindered", "inspected");
  if (tls?.client === "browser") return resultOf("tls", "well", "end-to-end");
  return resultOf("tls", "untested", "not-visible");
}

function headersOf(told: unknown): Map<string, string> | null {
  const headers = (told as { headers?: unknown } | null)?.headers;
  if (!Array.isArray(headers)) return null;
  const pairs = headers.filter((pair): pair is [unknown, unknown] => Array.isArray(pair) && pair.length === 2);
  return new Map(pairs.map(([name, value]) => [String(name), String(value)]));
}
