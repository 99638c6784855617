/**
 * What acknowledgements say about the path: queueing delay and delivered rate.
 *
 * The delay of a message is the time it arrived, on the far end's clock, minus the time it left, on ours. The clocks'
 * offset is unknown but constant, so the excess over the least delay seen lately is the time that messages wait in
 * queues: the network's, the kernel's, the browser's hidden send buffer.
 */

import type { Seconds } from "../base/time.ts";

/** Seconds of samples of which the least is the signal: a burst behind a lost segment ends with a low one. */
const SIGNAL_WINDOW = 0.1;
const MIN_SIGNAL_SPAN = 0.06;
/** As few samples as may be judged, and as many as are judged however old they are. */
const MIN_SIGNAL_SAMPLES = 3;
/** The same of many lanes, of which some are stalled: a few samples may be of those alone. */
const MIN_SIGNAL_SAMPLES_OF_MANY = 8;
/** A newest sample below this part of the oldest one says that the queue is emptying by itself. */
const DRAINING = 0.8;
/** Seconds; the least delay is remembered for one to two of these, then a changed route is forgiven. */
const BASE_PERIOD = 10;
const RATE_WINDOW = 0.4;
const MIN_RATE_SPAN = 0.15;
/** Seconds; the peak of the delivered rate is that of the last one to two of these. */
const PEAK_PERIOD = 2;

/** The least value of the last one to two periods, kept in two numbers. */
export class RecentMinimum {
  readonly #period: number;
  #current = Number.POSITIVE_INFINITY;
  #previous = Number.POSITIVE_INFINITY;
  #since = Number.NEGATIVE_INFINITY;

  /** @param period in seconds. */
  constructor(period: number) {
    this.#period = period;
  }

  /** Take a value; gives the minimum including it. */
  add(value: number, now: Seconds): number {
    const age = now - this.#since;
    if (age >= this.#period) {
      this.#previous = age < 2 * this.#period ? this.#current : Number.POSITIVE_INFINITY;
      this.#current = value;
      this.#since = now;
    } else if (value < this.#current) {
      this.#current = value;
    }
    return Math.min(this.#current, this.#previous);
  }
}

/** Seconds that messages wait on the path beyond the least seen lately. */
export class QueueingDelay {
  /** The last sample. */
  newest = 0;
  /** The least of the last `SIGNAL_WINDOW`, null while too few samples tell. */
  least: number | null = null;
  /** Whether the samples fall so fast that the queue empties by itself, as after a stall. */
  isDraining = false;
  readonly #base = new RecentMinimum(BASE_PERIOD);
  readonly #samples: { readonly at: Seconds; readonly value: number }[] = [];

  /** Take the delay of one message: arrival on their clock minus departure on ours. */
  add(delay: number, now: Seconds, manyLanes = false): void {
    const needed = manyLanes ? MIN_SIGNAL_SAMPLES_OF_MANY : MIN_SIGNAL_SAMPLES;
    this.newest = delay - this.#base.add(delay, now);
    const samples = this.#samples;
    samples.push({ at: now, value: this.newest });
    // On a slow path large frames make few samples: some older ones then stay.
    for (let first = samples[0]; first !== undefined && first.at < now - SIGNAL_WINDOW; first = samples[0]) {
      if (samples.length <= needed) break;
      samples.shift();
    }
    const oldest = samples[0];
    if (oldest === undefined || samples.length < needed || now - oldest.at < MIN_SIGNAL_SPAN) {
      this.least = null;
      return;
    }
    this.least = samples.reduce((least, sample) => Math.min(least, sample.value), Number.POSITIVE_INFINITY);
    this.isDraining = this.newest < DRAINING * oldest.value;
  }
}

/** Bits per second that the far end received, by its own clock. */
export class DeliveredRate {
  /** Over the last `RATE_WINDOW`. */
  bps = 0;
  /** The highest `bps` of the last few seconds. */
  peakBps = 0;
  #total = 0;
  readonly #peak = new RecentMinimum(PEAK_PERIOD);
  readonly #samples: { readonly at: Seconds; readonly total: number }[] = [];

  /** Take newly acknowledged octets; `at` is the acknowledger's time of sending, `now` is ours. */
  add(octets: number, at: Seconds, now: Seconds): void {
    this.#total += octets;
    const samples = this.#samples;
    const last = samples.at(-1);
    if (last !== undefined && at <= last.at) return;
    samples.push({ at, total: this.#total });
    // One sample older than the window stays: rates are measured between samples.
    for (let next = samples[1]; next !== undefined && next.at <= at - RATE_WINDOW; next = samples[1]) samples.shift();
    const first = samples[0];
    if (first === undefined || at - first.at < MIN_RATE_SPAN) return;
    this.bps = Math.floor(((this.#total - first.total) * 8) / (at - first.at));
    this.peakBps = -this.#peak.add(-this.bps, now);
  }
}
