/**
 * Every word that the page says, in the user's language. A language is one object of the type `Strings`: to add one, write
 * it beside `words/english.ts` and name it in `LANGUAGES`; the compiler tells what is missing.
 */

import { english } from "./words/english.ts";

export type { Explanation } from "./words/english-problems.ts";

/** All words of one language. */
export type Strings = typeof english;

/** By language tag, without region. */
export const LANGUAGES: ReadonlyMap<string, Strings> = new Map([["en", english]]);

/** The first language that the user reads and the page speaks; else English. @param preferred as `navigator.languages`. */
export function stringsFor(preferred: readonly string[]): Strings {
  for (const tag of preferred) {
    const found = LANGUAGES.get(tag.toLowerCase().split("-")[0] ?? "");
    if (found !== undefined) return found;
  }
  return english;
}

/** The words in use. */
export const strings: Strings = stringsFor(globalThis.navigator?.languages ?? []);
