/** The scenarios of tests/vectors/session, which the Python engine plays too: same input, same messages, same events. */

import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readVectors } from "../wire/testing/vectors.ts";
import { Player, type Scenario } from "./testing/player.ts";

const folder = new URL("../../../tests/vectors/session/", import.meta.url);

describe("scenarios", () => {
  const names = readdirSync(folder).filter((name) => name.endsWith(".json"));

  it("are there", () => {
    expect(names.length).toBeGreaterThan(10);
  });

  it.each(names)("%s", (name) => {
    new Player(readVectors<Scenario>(`session/${name}`)).play();
  });
});
