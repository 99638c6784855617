/**
 * Every word that the check page says, in the user's language. A language is one object of the type `CheckStrings` beside
 * `words/english.ts`, named in `LANGUAGES`.
 */

import type { Result } from "../doctor/index.ts";
import { english } from "./words/english.ts";

export type CheckStrings = typeof english;

const LANGUAGES: ReadonlyMap<string, CheckStrings> = new Map([["en", english]]);

/** The words in use. */
export const strings: CheckStrings =
  (globalThis.navigator?.languages ?? [])
    .map((tag) => LANGUAGES.get(tag.toLowerCase().split("-")[0] ?? ""))
    .find((found) => found !== undefined) ?? english;

type Sentences = Readonly<Record<string, Readonly<Record<string, string>> | undefined>>;

/** What a result means. */
export function sentenceOf(result: Result): string {
  const findings: Sentences = strings.findings;
  const sentence = findings[result.check]?.[result.finding] ?? findings.any?.[result.finding] ?? result.finding;
  return filled(sentence, result);
}

/** What an administrator is asked to do about a hindrance; empty for nothing. */
export function requestOf(result: Result): string {
  const requests: Sentences = strings.requests;
  return filled(requests[result.check]?.[result.finding] ?? requests[result.check]?.any ?? "", result);
}

function filled(sentence: string, { figures, note }: Result): string {
  const values: Record<string, string> = {
    note: note === "" ? "" : `(${note})`,
    down: rate(figures.down_bps ?? 0),
    up: rate(figures.up_bps ?? 0),
  };
  return sentence.replaceAll(/\{(\w+)\}/g, (_, name: string) => values[name] ?? String(figures[name] ?? "?")).trim();
}

function rate(bitsPerSecond: number): string {
  return bitsPerSecond >= 1e6
    ? strings.units.megabits((bitsPerSecond / 1e6).toFixed(1))
    : strings.units.kilobits((bitsPerSecond / 1e3).toFixed(0));
}
