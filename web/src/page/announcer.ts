/**
 * Says who came and who left, but not those who were there before us, nor everybody when the connection breaks. Who shows a
 * screen is always news: it is what everybody is meant to look at.
 */

import type { RoomState } from "../sdk/index.ts";

/** After the connection is made, the room needs a moment to say who is in it. */
const SETTLE_MS = 1_500;

/** What is worth saying. */
export type Announcement = "joined" | "left" | "sharing";

/** Decides which news of a room are news. Time is an argument, ms. */
export class Announcer {
  readonly #say: (event: Announcement, name: string) => void;
  #settledAt: number | null = null;

  constructor(say: (event: Announcement, name: string) => void) {
    this.#say = say;
  }

  stateChanged(state: RoomState, now: number): void {
    this.#settledAt = state === "connected" ? (this.#settledAt ?? now + SETTLE_MS) : null;
  }

  /** @param name who did it; those without a name are not spoken of. */
  happened(event: Announcement, name: string, now: number): void {
    if (this.#settledAt === null || name === "") return;
    if (now < this.#settledAt && event !== "sharing") return;
    this.#say(event, name);
  }
}
