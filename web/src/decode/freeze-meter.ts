/**
 * How often and for how long the picture stood still for longer than it should: `freezeCount` and `totalFreezesDuration` of
 * W3C's webrtc-stats. Used by the decode worker. Time is an argument.
 */

/** As many intervals as the standard averages over. */
const MOST_INTERVALS = 30;
/** Fewer say nothing of what to expect. */
const LEAST_INTERVALS = 5;

/** Watches one track's painted pictures. */
export class FreezeMeter {
  #intervalsS: number[] = [];
  #paintedAt: number | null = null;
  freezes = 0;
  freezeTimeS = 0;

  /** A picture was painted. @param now seconds, monotonic. */
  painted(now: number): void {
    const since = this.#paintedAt;
    this.#paintedAt = now;
    if (since === null) return;
    const intervalS = now - since;
    const intervals = this.#intervalsS;
    if (intervals.length >= LEAST_INTERVALS) {
      const averageS = intervals.reduce((sum, one) => sum + one, 0) / intervals.length;
      if (intervalS > Math.max(3 * averageS, averageS + 0.15)) {
        this.freezes += 1;
        this.freezeTimeS += intervalS;
      }
    }
    intervals.push(intervalS);
    if (intervals.length > MOST_INTERVALS) intervals.shift();
  }

  /** Nothing comes for a while, and that is as it should be. */
  paused(): void {
    this.#paintedAt = null;
  }
}
