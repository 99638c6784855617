/** The gateway that is examined, as every check is given it. */

import type { Check } from "./result.ts";

export interface Site {
  /** Base address, ends with a slash. */
  readonly url: string;
  /** Of any room, for the checks of picture and sound; null for none. */
  readonly token: string | null;
  /** For how long silent connections are watched, s. */
  readonly silenceS: number;
  /** Which checks to run. */
  readonly checks: readonly Check[];
}

const PATIENCE_MS = 10_000;

/** Ask the gateway. @throws TypeError when nobody answers, DOMException when nobody does in time. */
export function ask(site: Site, path: string, init: RequestInit = {}): Promise<Response> {
  const signal = init.signal ?? AbortSignal.timeout(PATIENCE_MS);
  return fetch(new URL(path, site.url), { cache: "no-store", redirect: "error", ...init, signal });
}

/** Where a WebSocket of the check goes. */
export function webSocketUrl(site: Site, query = ""): string {
  const url = new URL(`v1/check/ws${query}`, site.url);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url.href;
}

/** So many random octets as hexadecimal digits. */
export function randomHex(octets: number): string {
  return [...crypto.getRandomValues(new Uint8Array(octets))]
    .map((octet) => octet.toString(16).padStart(2, "0"))
    .join("");
}

/** Octets that cannot be compressed. */
export function randomOctets(count: number): Uint8Array<ArrayBuffer> {
  const octets = new Uint8Array(count);
  // The browser gives at most 65536 at once.
  for (let at = 0; at < count; at += 65_536) crypto.getRandomValues(octets.subarray(at, at + 65_536));
  return octets;
}
