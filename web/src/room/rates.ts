/** Rates out of counters that are read several times a second: over the last two seconds, so that slow pictures count right. */

const WINDOW_MS = 2_000;
/** Readings that are kept of one track; older ones go. */
const MOST_KEPT = 12;
/** Tracks that are remembered; when there are more, those that are gone are forgotten with all others. */
const MOST_TRACKS = 256;

interface Sample {
  readonly at: number;
  readonly frames: number;
  /** Spent on encoding or decoding, s. */
  readonly codecTimeS: number;
}

/** Remembers the last readings of every track. */
export class Rates {
  readonly #samples = new Map<string, Sample[]>();

  /** Take a reading. @param at ms on any clock that never runs backwards. */
  read(key: string, frames: number, codecTimeS: number, at: number): void {
    if (!this.#samples.has(key) && this.#samples.size >= MOST_TRACKS) this.#samples.clear();
    const samples = this.#samples.get(key) ?? [];
    const last = samples.at(-1);
    // A counter that runs backwards is that of a new track.
    if (last !== undefined && frames < last.frames) samples.length = 0;
    samples.push({ at, frames, codecTimeS });
    while (samples.length > MOST_KEPT || (samples.length > 2 && at - (samples[1]?.at ?? at) >= WINDOW_MS)) {
      samples.shift();
    }
    this.#samples.set(key, samples);
  }

  /** Frames a second lately; 0 when there is nothing to go by. */
  framesPerSecond(key: string): number {
    const samples = this.#samples.get(key) ?? [];
    const [first, last] = [samples[0], samples.at(-1)];
    if (first === undefined || last === undefined || last.at <= first.at) return 0;
    return Math.round(((last.frames - first.frames) * 10_000) / (last.at - first.at)) / 10;
  }

  /** Mean time of encoding or decoding one frame lately, ms; null without frames. */
  codecTimeMs(key: string): number | null {
    const samples = this.#samples.get(key) ?? [];
    const [first, last] = [samples[0], samples.at(-1)];
    if (first === undefined || last === undefined || last.frames <= first.frames) return null;
    return Math.max(0, ((last.codecTimeS - first.codecTimeS) * 1000) / (last.frames - first.frames));
  }
}
