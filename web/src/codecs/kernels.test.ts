/** Our SIMD kernels, one by one, beside the C functions of openh264 that they replace (web/wasm/selftest). */

import { describe, expect, it } from "vitest";
import { Instance } from "./instance.ts";
import { builtModule } from "./testing/modules.ts";

const TRIALS = 400;
const SEEDS = [1, 2];
const LONGEST_NAME = 100;
/** What `selftest_run` gives when no trial disagreed. */
const NONE = 0;

/** The lists of checks in the order of web/wasm/selftest/run.cpp. */
const GROUPS = ["the encoder's table", "the decoder's table", "measures of whole pictures"];
const BROKEN_ON_PURPOSE = 3;

class SelfTest {
  readonly #instance = new Instance(builtModule("h264-selftest"), ["selftest_count", "selftest_name", "selftest_run"]);

  /** Names of a group's checks, in their order. */
  names(group: number): string[] {
    const count = this.#instance.call("counting", "selftest_count", group);
    return Array.from({ length: count }, (_, check) => {
      const octets = this.#instance.octets(
        this.#instance.address("naming", "selftest_name", group, check),
        LONGEST_NAME,
      );
      return new TextDecoder().decode(octets.subarray(0, octets.indexOf(0)));
    });
  }

  /** The first trial in which both functions differed, or NONE. */
  run(group: number, check: number, seed: number): number {
    return this.#instance.call("testing", "selftest_run", group, check, seed, TRIALS);
  }
}

const selfTest = new SelfTest();

describe.each(GROUPS.map((name, group) => ({ name, group })))("every kernel in $name", ({ group }) => {
  const names = selfTest.names(group);

  it("is in the list", () => {
    expect(names.length).toBeGreaterThanOrEqual(5);
    expect(new Set(names).size).toBe(names.length);
  });

  it.each(names.map((name, check) => ({ name, check })))("gives the bits of the C function: $name", ({ check }) => {
    for (const seed of SEEDS) expect(selfTest.run(group, check, seed), `seed ${seed}`).toBe(NONE);
  });
});

describe("a kernel that is wrong on purpose", () => {
  it.each(selfTest.names(BROKEN_ON_PURPOSE).map((name, check) => ({ name, check })))(
    "is found out: $name",
    ({ check }) => {
      for (const seed of SEEDS) expect(selfTest.run(BROKEN_ON_PURPOSE, check, seed), `seed ${seed}`).not.toBe(NONE);
    },
  );
});
