/** Says who came and who left, but not those who were there before us, nor everybody when the connection breaks. */

import type { CallState, Person } from "../room/call.ts";

/** After the connection is made, the room needs a moment to say who is in it. */
const SETTLE_MS = 1_500;

/** Compares the people of a call with those of the moment before. */
export class Announcer {
  readonly #say: (event: "joined" | "left", name: string) => void;
  #known = new Map<string, string>();
  #settledAt: number | null = null;

  constructor(say: (event: "joined" | "left", name: string) => void) {
    this.#say = say;
  }

  /** @param now ms. */
  stateChanged(state: CallState, now: number): void {
    this.#settledAt = state === "connected" ? (this.#settledAt ?? now + SETTLE_MS) : null;
  }

  /** @param now ms. */
  peopleChanged(people: readonly Person[], now: number): void {
    const present = new Map(people.map(({ participantId, name }) => [participantId, name]));
    const known = this.#known;
    this.#known = present;
    if (this.#settledAt === null || now < this.#settledAt) return;
    for (const [id, name] of present) if (!known.has(id) && name !== "") this.#say("joined", name);
    for (const [id, name] of known) if (!present.has(id) && name !== "") this.#say("left", name);
  }
}
