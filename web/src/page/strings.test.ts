import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { LANGUAGES, stringsFor } from "./strings.ts";
import { english } from "./words/english.ts";

const PAGE = import.meta.dirname;

/** Every path to a leaf, as `lobby.title`. */
function leaves(value: unknown, path = ""): string[] {
  if (typeof value !== "object" || value === null) return [path];
  return Object.entries(value).flatMap(([key, inner]) => leaves(inner, path === "" ? key : `${path}.${key}`));
}

it("says everything in every language", () => {
  for (const [tag, words] of LANGUAGES) {
    expect(leaves(words).sort(), tag).toEqual(leaves(english).sort());
    expect(words.language).toBe(tag);
  }
});

it("speaks the first language that it knows", () => {
  expect(stringsFor(["xx", "en-GB"])).toBe(english);
  expect(stringsFor([])).toBe(english);
});

/** What looks like something to be read: a capitalised word, or words with spaces between them. */
const WORDS = /^[A-Z][a-z]{2,}|[a-z]{3,} [a-z]{2,}/;
/** Strings that people never see: thrown at programmers, compared with the platform's, or class names and the like. */
const UNSEEN =
  /throw |new TypeError|new DOMException|class: |className|classList|\.name ===|querySelector|closest\(|matchMedia|import |APIS|event\.key|missing ===|\.startsWith\(/;
/** Names of the platform's interfaces, of keys, and of what goes into the report's file. */
const NAMES = /^[A-Z]\w*[A-Z]\w*$|^participant $|^<[a-z]|^Opus$/;

it("keeps what people read in the strings, and nowhere else", () => {
  const files = readdirSync(PAGE).filter(
    (name) => name.endsWith(".ts") && !name.endsWith(".test.ts") && name !== "strings.ts",
  );
  const found: string[] = [];
  for (const name of files) {
    const code = readFileSync(join(PAGE, name), "utf8").replaceAll(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*/g, "");
    for (const line of code.split("\n")) {
      if (UNSEEN.test(line)) continue;
      for (const [, , text = ""] of line.matchAll(/(["'`])((?:\\.|(?!\1).)*)\1/g)) {
        const plain = text.replaceAll(/\$\{[^}]*\}/g, "");
        if (WORDS.test(plain) && !NAMES.test(plain)) found.push(`${name}: ${text}`);
      }
    }
  }
  expect(files.length).toBeGreaterThan(30);
  expect(found).toEqual([]);
});
