/** Figures of the tunnel, about once a second, for the page's charts. */

import type { Timers } from "../base/clock.ts";
import { type Milliseconds, milliseconds, type Seconds, seconds } from "../base/time.ts";
import type { PathStatistics } from "../session/congestion.ts";
import type { LaneFigures } from "../session/lane.ts";
import type { LaneStatistics, TunnelStatistics } from "./messages.ts";
import type { PumpCounters } from "./pump.ts";

const INTERVAL: Seconds = seconds(1);

const inMilliseconds = (value: Seconds): Milliseconds => milliseconds(Math.round(value * 10_000) / 10);

const laneStatistics = ({ laneId, kind, welcomed, stalled, inFlightBytes }: LaneFigures): LaneStatistics => ({
  laneId,
  kind,
  state: welcomed ? (stalled ? "stalled" : "up") : "opening",
  inFlightBytes,
});

/** Calls back every second and turns counters into rates. */
export class StatisticsMeter {
  readonly #counters: PumpCounters;
  readonly #timers: Timers;
  readonly #due: () => void;
  #timer: number | null = null;
  #bytesSent = 0;
  #bytesReceived = 0;
  #readAt: Seconds;

  constructor(counters: PumpCounters, timers: Timers, due: () => void, now: Seconds) {
    this.#counters = counters;
    this.#timers = timers;
    this.#due = due;
    this.#readAt = now;
  }

  /** Begin; a second time changes nothing. */
  start(): void {
    this.#timer ??= this.#timers.start(() => {
      this.#timer = null;
      this.#due();
      this.start();
    }, INTERVAL);
  }

  /** End. */
  stop(): void {
    if (this.#timer !== null) this.#timers.cancel(this.#timer);
    this.#timer = null;
  }

  /** The figures since the last reading. */
  read(path: PathStatistics, lanes: readonly LaneFigures[], undecodedFrames: number, now: Seconds): TunnelStatistics {
    const elapsed = Math.max(now - this.#readAt, 0.001);
    const { bytesSent, bytesReceived, framesSent, framesReceived } = this.#counters;
    const statistics: TunnelStatistics = {
      roundTripTime: path.roundTrip === null ? null : inMilliseconds(path.roundTrip),
      queueingDelay: path.roundTrip === null ? null : inMilliseconds(path.queueingDelay),
      pathBitrateBps: path.bitrateBps,
      sentBitrateBps: Math.round(((bytesSent - this.#bytesSent) * 8) / elapsed),
      receivedBitrateBps: Math.round(((bytesReceived - this.#bytesReceived) * 8) / elapsed),
      bytesSent,
      bytesReceived,
      framesSent: framesSent - path.framesDropped,
      framesDropped: path.framesDropped,
      framesReceived,
      framesSkipped: undecodedFrames,
      fragmentsLate: path.fragmentsLate,
      lanes: lanes.map(laneStatistics),
    };
    this.#bytesSent = bytesSent;
    this.#bytesReceived = bytesReceived;
    this.#readAt = now;
    return statistics;
  }
}
