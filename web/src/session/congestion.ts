/**
 * How much may be in flight, and what the encoders together should send: one controller over all lanes of a session.
 *
 * Loss and congestion look alike on TCP: messages arrive late. They differ in the least delay. A lost segment stalls a
 * lane, and when it is repaired everything behind it arrives at once, the last of it hardly delayed: the least delay
 * stays flat. A full queue delays every message: the least delay rises. Only the latter cuts the window and the estimate;
 * a queue that drains by itself cuts nothing. The window follows what the path takes without queueing; the estimate
 * follows the delivered rate down and grows gently near the rate at which the path was last full, quickly elsewhere.
 */

import type { Seconds } from "../base/time.ts";
import { Competition } from "./competition.ts";
import { DeliveredRate, QueueingDelay, RecentMinimum } from "./delay.ts";

const START_WINDOW = 30_000;
const MIN_WINDOW = 6_000;
const MAX_WINDOW = 1_000_000;
/** Seconds' worth of the peak rate that may be in flight beyond what a round trip holds. */
const MAX_EXCESS = 0.12;

const START_BITRATE = 1_000_000;
const MIN_BITRATE = 100_000;
const MAX_BITRATE = 20_000_000;

const WINDOW_CUT_DELAY = 0.045;
const WINDOW_DEEP_CUT_DELAY = 0.09;
const BITRATE_CUT_DELAY = 0.06;
const QUEUEING_DELAY = 0.025;
const CONGESTED_DELAY = 0.05;
const GROWTH_DELAY = 0.03;
const WINDOW_GROWTH_DELAY = 0.02;
/** Seconds, and a round trip more, between two cuts: the first must have had time to show. */
const CUT_INTERVAL = 0.2;
/** Seconds, and a round trip more, without growth after a cut. */
const GROWTH_PAUSE = 0.5;

/** Growth per second within this share of the rate at which the path was last full, and far from it. */
const NEAR_GROWTH = 0.1;
const FAR_GROWTH = 0.5;
const NEAR = 0.15;
/** The estimate grows no further than this above what was delivered: nothing has shown that there is more. */
const PROBE_FACTOR = 1.5;
const PROBE_MARGIN = 200_000;
/** The part of the estimate that has to be delivered beside somebody else's queue; with less our share is smaller. */
const HELD = 0.7;
/** Seconds' worth of the estimate that may be in flight there beyond what a round trip holds, for keyframes. */
const HELD_EXCESS = 0.1;
const CHANGE_TO_TELL = 0.05;
const ROUND_TRIP_PERIOD = 10;

/** How the path is, for logs, charts and tests. */
export interface PathStatistics {
  /** What the path can carry now, as estimated. */
  readonly bitrateBps: number;
  /** What the far end received lately. */
  readonly deliveredBps: number;
  /** Smoothed seconds, null before the first acknowledgement. */
  readonly roundTrip: Seconds | null;
  /** Seconds that messages wait on the path beyond the least seen. */
  readonly queueingDelay: Seconds;
  /** Sent and not acknowledged, all lanes. */
  readonly inFlightBytes: number;
  /** How much may be in flight. */
  readonly windowBytes: number;
  /** Seconds that the oldest queued video frame has waited; skip a frame before encoding above 0.07. */
  readonly backlog: Seconds;
  /** Outgoing frames dropped since the session began. */
  readonly framesDropped: number;
  /** Incoming pieces that nobody needed any more, since the session began: the far end's parity and hedges. */
  readonly fragmentsLate: number;
}

/** What one ACK says about one lane. */
export interface PathSample {
  /** Newly acknowledged. */
  readonly octets: number;
  /** Seconds: arrival of the last of them, on their clock, minus its departure on ours. */
  readonly delay: number;
  /** Seconds, without the time that the far end held the ACK. */
  readonly roundTrip: number;
  /** When the far end sent the ACK, on its clock. */
  readonly at: Seconds;
  /** Whether several lanes carry data, of which some may be stalled. */
  readonly manyLanes: boolean;
}

/** Window and estimate. Rates are bits per second, sizes octets. */
export class CongestionController {
  window = START_WINDOW;
  /** Octets that may be in flight: the window, but no more than the path has lately shown to carry in time. */
  limit = START_WINDOW;
  bitrateBps = START_BITRATE;
  /** Smoothed seconds. */
  roundTrip: Seconds | null = null;
  delay = new QueueingDelay();
  delivered = new DeliveredRate();
  competition = new Competition();
  #maxBitrate = MAX_BITRATE;
  #toldBps = START_BITRATE;
  #leastRoundTrip = new RecentMinimum(ROUND_TRIP_PERIOD);
  #baseRoundTrip = 0;
  #slowStart = true;
  #wasLimited = false;
  #fullAtBps: number | null = null;
  #windowCutAt = Number.NEGATIVE_INFINITY;
  #bitrateCutAt = Number.NEGATIVE_INFINITY;
  #updatedAt: Seconds | null = null;

  /** The far end accepts no more than this. */
  setMaxBitrate(bitrateBps: number): void {
    this.#maxBitrate = Math.min(MAX_BITRATE, Math.max(bitrateBps, MIN_BITRATE));
    this.bitrateBps = Math.min(this.bitrateBps, this.#maxBitrate);
  }

  /** Whether another video frame may leave; noted, because only a window that limits may grow. */
  allowsVideo(inFlight: number): boolean {
    if (inFlight < this.limit) return true;
    this.#wasLimited = true;
    return false;
  }

  /** All lanes were lost: what comes next may be another network. Begin again, carefully. */
  pathChanged(): void {
    this.window = START_WINDOW;
    this.limit = START_WINDOW;
    this.bitrateBps = Math.min(this.bitrateBps, Math.max(START_BITRATE, Math.floor(this.bitrateBps / 2)));
    this.delay = new QueueingDelay();
    this.delivered = new DeliveredRate();
    this.competition = new Competition();
    this.roundTrip = null;
    this.#leastRoundTrip = new RecentMinimum(ROUND_TRIP_PERIOD);
    this.#slowStart = true;
    this.#fullAtBps = null;
    this.#updatedAt = null;
  }

  /** Take what one ACK says about one lane. */
  acknowledged(sample: PathSample, now: Seconds): void {
    const roundTrip = Math.max(sample.roundTrip, 0);
    const smoothed = this.roundTrip === null ? roundTrip : 0.875 * this.roundTrip + 0.125 * roundTrip;
    this.roundTrip = smoothed as Seconds;
    this.#baseRoundTrip = this.#leastRoundTrip.add(roundTrip, now);
    this.delay.add(sample.delay, now, sample.manyLanes);
    this.delivered.add(sample.octets, sample.at, now);
    const elapsed = this.#updatedAt === null ? 0 : Math.min(now - this.#updatedAt, 0.1);
    this.#updatedAt = now;
    const { least } = this.delay;
    if (least !== null) {
      if (least > WINDOW_CUT_DELAY) {
        this.competition.queueStays(least, this.delivered.peakBps, now);
        if (this.competition.isOn) this.#holdShare(elapsed, now);
        else this.#fullPath(least, now);
      } else {
        if (least < WINDOW_GROWTH_DELAY) this.competition.queueIsGone();
        this.#freePath(least, sample.octets, elapsed, now);
      }
      this.#wasLimited = false;
    }
    // A path that was wide may be narrow a moment later, and then all that is in flight is queue.
    const shown = Math.floor((this.delivered.peakBps / 8) * (this.#baseRoundTrip + MAX_EXCESS));
    this.limit = this.competition.isOn ? this.window : Math.min(this.window, Math.max(START_WINDOW, shown));
  }

  /** The queue is somebody else's: take a share of the path as long as it is delivered, however long it waits. */
  #holdShare(elapsed: number, now: Seconds): void {
    const roundTrip = this.roundTrip ?? 0;
    if (this.#wasLimited && this.delivered.bps < HELD * this.bitrateBps) {
      if (this.#bitrateCutAt <= now - CUT_INTERVAL - roundTrip) {
        this.#bitrateCutAt = now;
        this.bitrateBps = Math.max(Math.floor(0.85 * this.delivered.bps), MIN_BITRATE);
      }
    } else {
      const share = Math.min(this.competition.shareBps, this.#ceiling);
      const grown = Math.floor(this.bitrateBps * (1 + FAR_GROWTH * elapsed)) + 1;
      this.bitrateBps = Math.max(this.bitrateBps, Math.min(share, grown));
    }
    this.window = Math.max(MIN_WINDOW, Math.floor((this.bitrateBps / 8) * (roundTrip + HELD_EXCESS)));
  }

  /** Whether all messages wait on the path, and none of them because a stall has just ended. */
  get isQueueing(): boolean {
    return this.#waitsBeyond(QUEUEING_DELAY);
  }

  /** Whether they wait for long. */
  get isCongested(): boolean {
    return this.#waitsBeyond(CONGESTED_DELAY);
  }

  #waitsBeyond(delay: number): boolean {
    return this.delay.least !== null && this.delay.least > delay && !this.delay.isDraining;
  }

  /**
   * The estimate of what is left for media, if it has moved noticeably since it was last taken.
   *
   * @param cost octets that leave for each octet of media, redundancy included.
   */
  takeChange(cost: number): number | null {
    const bitrateBps = Math.floor(this.bitrateBps / cost);
    if (Math.abs(bitrateBps - this.#toldBps) < CHANGE_TO_TELL * this.#toldBps) return null;
    this.#toldBps = bitrateBps;
    return bitrateBps;
  }

  #fullPath(least: number, now: Seconds): void {
    if (this.delay.isDraining) return;
    const deliveredBps = this.delivered.bps;
    const earlier = now - CUT_INTERVAL - this.#baseRoundTrip;
    if (this.#windowCutAt <= earlier) {
      this.#windowCutAt = now;
      this.#slowStart = false;
      // Never below what keeps the path busy at the rate that it shows.
      const busy = Math.floor((deliveredBps / 8) * (this.#baseRoundTrip + 0.03));
      const factor = least > WINDOW_DEEP_CUT_DELAY ? 0.6 : 0.8;
      this.window = Math.max(MIN_WINDOW, busy, Math.floor(Math.min(this.window, this.limit) * factor));
    }
    // A window that limits hides the queue on our own side: then a little delay on the path says as much.
    if (this.#bitrateCutAt <= earlier && (least > BITRATE_CUT_DELAY || this.#wasLimited)) {
      this.#bitrateCutAt = now;
      this.competition.cut();
      this.#fullAtBps = deliveredBps;
      // Half at most, of what was shown lately: what was delivered may have been little because little was sent.
      const shown = Math.min(this.bitrateBps, this.delivered.peakBps);
      const target = Math.max(Math.floor(0.85 * deliveredBps), Math.floor(shown / 2), MIN_BITRATE);
      this.bitrateBps = Math.min(this.bitrateBps, target);
    }
  }

  #freePath(least: number, octets: number, elapsed: number, now: Seconds): void {
    if (least < WINDOW_GROWTH_DELAY && this.#wasLimited) {
      const growth = this.#slowStart ? octets : Math.floor(octets / 5);
      this.window = Math.min(this.window + growth, MAX_WINDOW);
    }
    const growthDelay = this.#wasLimited ? WINDOW_GROWTH_DELAY : GROWTH_DELAY;
    const cutAt = Math.max(this.#windowCutAt, this.#bitrateCutAt);
    if (least > growthDelay || now - cutAt < GROWTH_PAUSE + this.#baseRoundTrip) return;
    const ceiling = this.#ceiling;
    if (this.bitrateBps >= ceiling) return;
    const growth = this.#growthPerSecond() * elapsed;
    this.bitrateBps = Math.min(ceiling, Math.floor(this.bitrateBps * (1 + growth)) + 1);
  }

  get #ceiling(): number {
    return Math.min(this.#maxBitrate, Math.floor(PROBE_FACTOR * this.delivered.peakBps) + PROBE_MARGIN);
  }

  #growthPerSecond(): number {
    if (!this.#fullAtBps) return FAR_GROWTH;
    const beyondNear = Math.abs(this.bitrateBps / this.#fullAtBps - 1) - NEAR;
    return beyondNear <= 0 ? NEAR_GROWTH : Math.min(FAR_GROWTH, NEAR_GROWTH + beyondNear);
  }
}
