/** What is known of each rung, and which carries the call and why: what `AutoLink` tells of itself. */

import type { ProbeResult } from "../native/probe.ts";
import { NATIVE_RUNGS, type Rung, type RungReading, type WayReading } from "./vocabulary.ts";

/** Keeps it; `tell` is called when anything is different. */
export class WayLog {
  readonly #tell: (reading: WayReading) => void;
  readonly #rungs = new Map<Rung, RungReading>();
  #rung: WayReading["rung"] = null;
  #why: WayReading["why"] = null;

  constructor(tell: (reading: WayReading) => void) {
    this.#tell = tell;
    for (const rung of [...NATIVE_RUNGS, "tunnel"] as const) this.#put(rung, "untried");
  }

  get reading(): WayReading {
    const rungs = [...this.#rungs.values()].map((one) => ({
      ...one,
      state: one.rung === this.#rung ? ("carries" as const) : one.state,
    }));
    return { rung: this.#rung, why: this.#why, rungs };
  }

  /** Only these native rungs exist here. */
  exist(rungs: readonly Rung[]): void {
    for (const rung of NATIVE_RUNGS) if (!rungs.includes(rung)) this.#put(rung, "absent");
    this.#tell(this.reading);
  }

  trying(rung: Rung): void {
    this.#put(rung, "trying", this.#rungs.get(rung));
    this.#tell(this.reading);
  }

  tried(rung: Rung, result: ProbeResult): void {
    // A rung that was given up because a better one had won has not failed.
    if (!result.ok && result.failure === "aborted") this.#put(rung, "untried");
    else if (result.ok) this.#put(rung, "works", { elapsedMs: result.elapsedMs, failure: null });
    else this.#put(rung, "fails", { elapsedMs: null, failure: result.failure });
    this.#tell(this.reading);
  }

  works(rung: Rung, elapsedMs: number): void {
    this.#put(rung, "works", { elapsedMs, failure: null });
  }

  failed(rung: Rung): void {
    this.#put(rung, "fails", { elapsedMs: null, failure: "noMedia" });
  }

  carries(rung: WayReading["rung"], why: WayReading["why"]): void {
    this.#rung = rung;
    this.#why = why;
    this.#tell(this.reading);
  }

  #put(
    rung: Rung,
    state: RungReading["state"],
    { elapsedMs = null, failure = null }: Partial<Pick<RungReading, "elapsedMs" | "failure">> = {},
  ): void {
    this.#rungs.set(rung, { rung, state, elapsedMs, failure });
  }
}
