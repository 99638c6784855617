import { expect, it } from "vitest";
import { type VerdictStorage, Verdicts } from "./verdicts.ts";

const DAY = 24 * 3600 * 1000;

function storage(content: string | null = null): VerdictStorage & { content: string | null } {
  const kept = {
    content,
    getItem: () => kept.content,
    setItem: (_: string, value: string) => {
      kept.content = value;
    },
  };
  return kept;
}

it("remembers which rung won, per gateway and network", () => {
  const kept = storage();
  const here = new Verdicts("https://a.example/x/", kept);
  here.set("0badcafe", "turn-tls", 0);
  here.set("12345678", "tunnel", 0);
  expect(here.get("0badcafe", DAY)).toBe("turn-tls");
  expect(here.get("12345678", DAY)).toBe("tunnel");
  expect(here.get("00000000", DAY)).toBeNull();
  expect(new Verdicts("https://b.example/", kept).get("0badcafe", DAY)).toBeNull();
  expect(new Verdicts("https://a.example/", kept).get("0badcafe", DAY)).toBe("turn-tls");
});

it("forgets after thirty days, and what has failed", () => {
  const here = new Verdicts("https://a.example/", storage());
  here.set("1", "direct", 0);
  expect(here.get("1", 29 * DAY)).toBe("direct");
  expect(here.get("1", 31 * DAY)).toBeNull();
  here.set("1", "direct", 31 * DAY);
  here.set("1", null, 31 * DAY);
  expect(here.get("1", 31 * DAY)).toBeNull();
});

it("keeps fifty networks", () => {
  const kept = storage();
  const here = new Verdicts("https://a.example/", kept);
  for (let network = 0; network < 60; network += 1) here.set(String(network), "tunnel", network);
  expect(Object.keys(JSON.parse(kept.content ?? "{}"))).toHaveLength(50);
  expect(here.get("9", 60)).toBeNull();
  expect(here.get("59", 60)).toBe("tunnel");
});

it("takes storage that is broken, full of something else or not there for empty", () => {
  for (const content of ["{", "[1]", "null", '{"https://a.example 1":{"rung":"up","at":0}}']) {
    expect(new Verdicts("https://a.example/", storage(content)).get("1", 0)).toBeNull();
  }
  const none = new Verdicts("https://a.example/", null);
  none.set("1", "direct", 0);
  expect(none.get("1", 0)).toBeNull();
});
