/**
 * What a network has to allow for calls with one gateway. `wsmedia/findings/allowlist.py` writes the same text; both are held to
 * `tests/vectors/doctor/allowlists.json`. Nothing private is in it. The words are given by the page.
 */

import type { IceServersByCheck } from "./relays.ts";

/** One thing to allow. */
export interface Allowed {
  readonly host: string;
  /** One port or a range. */
  readonly ports: string;
  readonly protocol: "TCP" | "UDP";
  /** What runs there, for people. */
  readonly purpose: string;
  /** Calls do not work without it. */
  readonly needed: boolean;
}

/** What STUN and TURN servers need; native WebRTC uses them, so calls work without them. */
export function relayEntries(servers: IceServersByCheck, purposes: Readonly<Record<string, string>>): Allowed[] {
  const entries = new Map<string, Allowed>();
  for (const [check, those] of servers) {
    for (const url of those.flatMap(({ urls }) => urls)) {
      const found = /^(?:stun|turn)(s?):(\[[^\]]+\]|[^:?]+)(?::(\d+))?/i.exec(url);
      const host = found?.[2]?.replace(/^\[|\]$/g, "");
      if (host === undefined) continue;
      const ports = found?.[3] ?? (found?.[1] === "" ? "3478" : "5349");
      const protocol = check === "stun" || check === "turn-udp" ? "UDP" : "TCP";
      entries.set(`${host} ${ports} ${check}`, {
        host,
        ports,
        protocol,
        purpose: purposes[check] ?? "",
        needed: false,
      });
    }
  }
  return [...entries.values()];
}

/** The text's words. */
export interface AllowlistWords {
  title(host: string): string;
  readonly allow: string;
  readonly better: string;
  exempt(host: string): string;
  readonly pac: string;
  readonly found: string;
  entry(entry: Allowed): string;
}

/** @param entries at least one; the first is the gateway, which the PAC line names. @param requests one for each hindrance. */
export function allowlistText(words: AllowlistWords, entries: readonly Allowed[], requests: readonly string[]): string {
  const host = entries[0]?.host ?? "";
  const optional = entries.filter(({ needed }) => !needed);
  const lines = [words.title(host), "", words.allow];
  lines.push(...entries.filter(({ needed }) => needed).map((entry) => `  - ${words.entry(entry)}`));
  if (optional.length > 0) lines.push("", words.better, ...optional.map((entry) => `  - ${words.entry(entry)}`));
  lines.push("", words.exempt(host), "", words.pac, `  if (host == "${host}") return "DIRECT";`);
  if (requests.length > 0) lines.push("", words.found, ...requests.map((sentence) => `  - ${sentence}`));
  return lines.join("\n");
}
