import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Allowed, allowlistText, CHECKS } from "../doctor/index.ts";
import { english } from "./words/english.ts";

const VECTORS = join(import.meta.dirname, "../../../tests/vectors/doctor");
const DOCTOR = join(import.meta.dirname, "../doctor");
const read = (name: string): unknown => JSON.parse(readFileSync(join(VECTORS, name), "utf8"));

interface AllowlistVector {
  readonly name: string;
  readonly entries: Allowed[];
  readonly requests: string[];
  readonly text: string;
}

describe("the text for an administrator", () => {
  it.each(read("allowlists.json") as AllowlistVector[])("$name", ({ entries, requests, text }) => {
    expect(allowlistText(english.allowlist, entries, requests)).toBe(text);
  });
});

it("has words for every check and every finding", () => {
  const findings = english.findings as Readonly<Record<string, Readonly<Record<string, string>>>>;
  for (const check of CHECKS) expect(english.checks[check], check).toBeTruthy();
  const sources = readdirSync(DOCTOR).filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"));
  let seen = 0;
  for (const name of sources) {
    const code = readFileSync(join(DOCTOR, name), "utf8");
    for (const [, check = "", finding = ""] of code.matchAll(/resultOf\(\s*"([a-z-]+)",\s*"[a-z]+",\s*"([a-z-]+)"/g)) {
      seen += 1;
      expect(findings[check]?.[finding] ?? findings.any?.[finding], `${check} ${finding}`).toBeTruthy();
    }
  }
  expect(seen).toBeGreaterThan(30);
});
