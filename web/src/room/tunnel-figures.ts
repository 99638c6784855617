/** Turns the workers' figures of a tunnelled room into readings for charts and into statistics by W3C's names. */

import type { DecodeStatistics } from "../decode/messages.ts";
import type { EncodeStatistics } from "../encode/messages.ts";
import type { TunnelStatistics } from "../transport/messages.ts";
import { Rates } from "./rates.ts";
import type { RoomStats, RoomStatsReport } from "./stats.ts";
import {
  codecStats,
  inboundStats,
  outboundStats,
  pathStats,
  playoutStats,
  sizeOf,
  type TrackFacts,
} from "./tunnel-stats.ts";
import { loudness, type PathReading, type TrackReading } from "./vocabulary.ts";

/** Holds the newest figures of both workers and of the tunnel. */
export class TunnelFigures {
  path: TunnelStatistics | null = null;
  readonly #factsOf: (direction: "sent" | "received", trackId: number) => TrackFacts | null;
  readonly #rates = new Rates();
  #sent: readonly EncodeStatistics[] = [];
  #received: readonly DecodeStatistics[] = [];

  /** @param factsOf gives null for tracks that are gone; their last figures are left out. */
  constructor(factsOf: (direction: "sent" | "received", trackId: number) => TrackFacts | null) {
    this.#factsOf = factsOf;
  }

  /** The encode worker's report. @param now ms on any clock that never runs backwards. */
  encoded(tracks: readonly EncodeStatistics[], now: number): void {
    this.#sent = tracks;
    for (const track of tracks) {
      this.#rates.read(`sent ${track.trackId}`, track.framesEncoded, track.encodeTimeS, now);
    }
  }

  /** The decode worker's report. */
  decoded(tracks: readonly DecodeStatistics[], now: number): void {
    this.#received = tracks;
    for (const track of tracks) {
      this.#rates.read(`received ${track.trackId}`, track.framesDecoded, track.decodeTimeS, now);
    }
  }

  /** How loud everybody is, by participant id. */
  levels(self: string | null): ReadonlyMap<string, number> {
    const levels = new Map<string, number>();
    // Who sends a microphone and a film's sound is as loud as the louder of them.
    const hear = (participantId: string, level: number): void =>
      void levels.set(participantId, Math.max(levels.get(participantId) ?? 0, loudness(level)));
    for (const track of this.#received) if (track.kind === "audio") hear(track.participantId, track.level);
    for (const track of this.#sent) if (track.kind === "audio" && self !== null) hear(self, track.level);
    return levels;
  }

  readings(self: string): readonly TrackReading[] {
    const readings: TrackReading[] = [];
    for (const track of this.#sent) {
      const facts = this.#factsOf("sent", track.trackId);
      if (facts !== null) readings.push(this.#sentReading(self, track, facts));
    }
    for (const track of this.#received) {
      const facts = this.#factsOf("received", track.trackId);
      if (facts !== null) readings.push(this.#receivedReading(track, facts));
    }
    return readings;
  }

  pathReading(): PathReading | null {
    if (this.path === null) return null;
    const { path } = this;
    return {
      roundTripMs: path.roundTripTime,
      queueingMs: path.queueingDelay,
      pathBitrateBps: path.pathBitrateBps,
      sentBitrateBps: path.sentBitrateBps,
      receivedBitrateBps: path.receivedBitrateBps,
      bytesSent: path.bytesSent,
      bytesReceived: path.bytesReceived,
      framesDropped: path.framesDropped,
      lanes: path.lanes,
    };
  }

  /** @param timestamp ms since the Unix epoch. */
  stats(self: string, timestamp: number): RoomStatsReport {
    const report = new Map<string, RoomStats>();
    const add = (entry: RoomStats): void => void report.set(entry.id, entry);
    for (const track of this.#sent) {
      const facts = this.#factsOf("sent", track.trackId);
      if (facts === null) continue;
      add(codecStats(facts.codec, timestamp));
      add(outboundStats(self, track, facts, this.#rates.framesPerSecond(`sent ${track.trackId}`), timestamp));
    }
    for (const track of this.#received) {
      const facts = this.#factsOf("received", track.trackId);
      if (facts === null) continue;
      add(codecStats(facts.codec, timestamp));
      const framesPerSecond = this.#rates.framesPerSecond(`received ${track.trackId}`);
      add(inboundStats(track, facts, framesPerSecond, timestamp));
      const playout = playoutStats(track, timestamp);
      if (playout !== null) add(playout);
    }
    if (this.path !== null) for (const entry of pathStats(this.path, timestamp)) add(entry);
    return report;
  }

  #sentReading(self: string, track: EncodeStatistics, { source }: TrackFacts): TrackReading {
    const key = `sent ${track.trackId}`;
    return {
      trackId: String(track.trackId),
      participantId: self,
      direction: "sent",
      kind: track.kind,
      source,
      codec: track.scalability === null ? track.codec : `${track.codec} ${track.scalability}`,
      backend: track.backend,
      bitrateBps: track.bitrateBps,
      targetBitrateBps: track.targetBitrateBps,
      bytes: track.bytesEncoded,
      frames: track.framesEncoded,
      framesPerSecond: this.#rates.framesPerSecond(key),
      keyframes: track.keyframes,
      framesDropped: track.framesSkipped + track.framesRefused,
      size: track.size === null ? null : sizeOf(track.size.width, track.size.height),
      limitation: track.kind === "video" ? track.limitation : null,
      codecTimeMs: this.#rates.codecTimeMs(key),
      lastCaptureTimeUs: track.lastCaptureTimeUs,
      delayMs: null,
      skewMs: null,
      level: loudness(track.level),
      playoutDelayMs: null,
      playoutTargetMs: null,
      concealed: null,
      freezes: null,
    };
  }

  #receivedReading(track: DecodeStatistics, { source }: TrackFacts): TrackReading {
    const { playout } = track;
    const key = `received ${track.trackId}`;
    const samples = playout === null ? 0 : playout.playedSamples + playout.concealedSamples;
    return {
      trackId: String(track.trackId),
      participantId: track.participantId,
      direction: "received",
      kind: track.kind,
      source,
      codec: track.codec,
      backend: track.backend,
      bitrateBps: track.bitrateBps,
      targetBitrateBps: null,
      bytes: track.bytesReceived,
      frames: track.framesDecoded,
      framesPerSecond: this.#rates.framesPerSecond(key),
      keyframes: track.keyframes,
      framesDropped: track.framesReceived - track.framesDecoded,
      size: sizeOf(track.width, track.height),
      limitation: null,
      codecTimeMs: this.#rates.codecTimeMs(key),
      lastCaptureTimeUs: track.lastCaptureTimeUs,
      delayMs: track.delayMs,
      skewMs: track.skewMs,
      level: loudness(track.level),
      playoutDelayMs: playout?.delayMs ?? null,
      playoutTargetMs: playout?.targetMs ?? null,
      concealed: playout === null || samples === 0 ? null : playout.concealedSamples / samples,
      freezes: track.kind === "video" ? track.freezes : null,
    };
  }
}
