/**
 * What a network has to allow for calls with one gateway. `wsmedia/findings/allowlist.py` writes the same text; both are held to
 * `tests/vectors/doctor/allowlists.json`. Nothing private is in it. The words are given by the page.
 */

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
