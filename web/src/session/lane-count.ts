/**
 * How many lanes a session should have: what both directions measure, within what both ends allow.
 *
 * Each end knows only the loss of its own direction. The gateway tells the client its wish in CONTROL `lanes`; the client,
 * which alone can open lanes, holds as many as the larger wish says.
 */

import { CLEAN_LANES } from "./redundancy.ts";

/** The most that a client opens unless it is told otherwise. */
export const MAX_LANES = 16;

/** What is wanted, and what was told of it. */
export class LaneCount {
  #most: number;
  readonly #fixed: number | null;
  #own = CLEAN_LANES;
  #remote = 1;
  #told = CLEAN_LANES;

  /**
   * @param most the client's own bound, or what the gateway admits.
   * @param fixed hold exactly as many, whatever is measured; null to follow the measurement.
   */
  constructor(most: number, fixed: number | null = null) {
    this.#most = most;
    this.#fixed = fixed;
  }

  /** The far end admits no more than this. */
  limit(most: number): void {
    this.#most = Math.min(this.#most, most);
  }

  /** What our direction would like. */
  wish(own: number): void {
    this.#own = own;
  }

  /** What the far end's direction would like. */
  remoteWish(count: number): void {
    this.#remote = count;
  }

  /** How many lanes should be open, at least 1. */
  get wanted(): number {
    const wish = this.#fixed ?? Math.max(this.#own, this.#remote);
    return Math.max(1, Math.min(wish, this.#most));
  }

  /** What is wanted, if it is not what was told last. */
  takeChange(): number | null {
    const { wanted } = this;
    if (wanted === this.#told) return null;
    this.#told = wanted;
    return wanted;
  }
}
