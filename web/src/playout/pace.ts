/**
 * How fast to play: decides from the distance to the target delay when to leave sound out or let it be heard again, and how
 * much. Pauses go first, then speech is played up to half as fast again. Used by the jitter buffer.
 */

import { LONGEST_LAG, LOOK_AHEAD, SHORTEST_LAG, type TimeStretch } from "./time-stretch.ts";

const SAMPLES_PER_MS = 48;
/** A distance that is left alone, and the one down to which a correction that has begun goes on. */
const DEAD_ZONE_MS = 6;
const CLOSE_MS = 2;
/** The correction's share of time grows with the distance, up to these. */
const FASTEST = 0.5;
const SLOWEST = 0.25;
const GENTLEST = 0.1;
const MS_FOR_ALL = 150;
/** In a pause up to this share of time is left out. */
const PAUSE_SHARE = 1.5;
/** A pause: below −50 dBov, or 30 dB below what is usual. */
const QUIET_POWER = 1e-5;
const QUIET_SHARE = 1e-3;
/** What could not be left out at its time may be later, up to this. */
const MOST_CREDIT = 2 * LONGEST_LAG;
/** How alike two places must be while longer splices will be allowed soon; then less and less, with time and with the distance. */
const CHOOSY = 0.95;
const ANY = -1;
const PATIENCE_SAMPLES = 75 * SAMPLES_PER_MS;
const IMPATIENT_MS = 300;
/** A search costs some tens of microseconds; every 10 ms is often enough. */
const SEARCH_EVERY_SAMPLES = 480;
/** What is usual follows louder sound within 0.1 s and fainter sound within 5 s. */
const LOUDER_SHARE = 0.1;
const FAINTER_SHARE = 0.002;

/** What was done to the sound. */
export interface Stretched {
  readonly removed: number;
  readonly inserted: number;
}

const NOTHING: Stretched = { removed: 0, inserted: 0 };

/** The pace of one source. */
export class Pace {
  readonly #stretch: TimeStretch;
  /** 1: playing faster; −1: slower; 0: as it came. */
  #direction: -1 | 0 | 1 = 0;
  /** Samples that may be left out or added by now. */
  #credit = 0;
  #waited = 0;
  #sinceSearch = 0;
  #loudness = 0;

  constructor(stretch: TimeStretch) {
    this.#stretch = stretch;
  }

  /** Samples that must wait decoded for the next correction. */
  get wantedAhead(): number {
    return this.#direction > 0 ? LOOK_AHEAD : 0;
  }

  /**
   * Decide for the next block.
   *
   * @param excessMs how much later than it should sound is being played; negative: earlier.
   * @param samples length of the block.
   */
  aim(excessMs: number, samples: number): void {
    const wanted = excessMs > DEAD_ZONE_MS ? 1 : excessMs < -DEAD_ZONE_MS ? -1 : 0;
    if (wanted !== 0 && wanted !== this.#direction) this.#begin(wanted);
    else if (this.#direction * excessMs < CLOSE_MS) this.#begin(0);
    this.#sinceSearch += samples;
    if (this.#direction === 0) return;
    const share = Math.min(
      this.#direction > 0 ? FASTEST : SLOWEST,
      Math.max(GENTLEST, Math.abs(excessMs) / MS_FOR_ALL),
    );
    this.#credit = Math.min(MOST_CREDIT, this.#credit + samples * share);
    this.#waited += samples;
  }

  /** Splice if it is time for it. @param excessMs as before. */
  correct(excessMs: number): Stretched {
    const faster = this.#direction > 0;
    if (this.#sinceSearch < SEARCH_EVERY_SAMPLES || !(faster || this.#stretch.canLengthen)) return NOTHING;
    this.#sinceSearch = 0;
    const quiet = this.#isQuiet(this.#stretch.power);
    if (this.#direction === 0) return NOTHING;
    const credit = quiet ? SEARCH_EVERY_SAMPLES * PAUSE_SHARE : this.#credit;
    const most = Math.floor(Math.min(credit, Math.abs(excessMs) * SAMPLES_PER_MS));
    if (most < SHORTEST_LAG) return NOTHING;
    const similarity = quiet ? ANY : this.#leastSimilarity(excessMs);
    const done = faster ? this.#stretch.shorten(most, similarity) : this.#stretch.lengthen(most, similarity);
    if (done === 0) return NOTHING;
    this.#credit = Math.max(0, this.#credit - done);
    this.#waited = 0;
    return faster ? { removed: done, inserted: 0 } : { removed: 0, inserted: done };
  }

  /** Forget what was begun. */
  reset(): void {
    this.#begin(0);
  }

  #leastSimilarity(excessMs: number): number {
    // A low voice needs long splices: do not take a bad short one before they are allowed.
    const allowed = this.#credit >= Math.min(LONGEST_LAG, Math.abs(excessMs) * SAMPLES_PER_MS);
    if (!allowed && this.#waited < PATIENCE_SAMPLES) return CHOOSY;
    // What is left alone otherwise is not worth a bad splice.
    if (Math.abs(excessMs) <= DEAD_ZONE_MS) return CHOOSY;
    const patience = 1 - this.#waited / PATIENCE_SAMPLES - Math.abs(excessMs) / IMPATIENT_MS;
    return patience <= 0 ? ANY : CHOOSY * patience;
  }

  #isQuiet(power: number): boolean {
    this.#loudness += (power - this.#loudness) * (power > this.#loudness ? LOUDER_SHARE : FAINTER_SHARE);
    return power < QUIET_POWER || power < this.#loudness * QUIET_SHARE;
  }

  #begin(direction: -1 | 0 | 1): void {
    this.#direction = direction;
    this.#credit = 0;
    this.#waited = 0;
  }
}
