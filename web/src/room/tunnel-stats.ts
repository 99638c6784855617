/** A tunnelled room's figures by W3C's names; pure functions from what the workers report. */

import type { CodecBackend } from "../base/backends.ts";
import { type Codec, clockRateOf, kindOf, type TrackSource } from "../base/media.ts";
import type { PlayoutStatistics } from "../base/pcm-port.ts";
import type { DecodeStatistics } from "../decode/messages.ts";
import type { EncodeStatistics } from "../encode/messages.ts";
import type { TunnelStatistics } from "../transport/messages.ts";
import type { InboundRtpStats, OutboundRtpStats, RoomStats } from "./stats.ts";

/** What the figures do not tell of a track by themselves. */
export interface TrackFacts {
  readonly source: TrackSource;
  readonly codec: Codec;
}

const SAMPLE_RATE = 48_000;
const TRANSPORT_ID = "transport";

/** RFC 6464 level as linear loudness, 0 … 1. */
const linear = (level: number): number => (level >= 127 ? 0 : 10 ** (-level / 20));
const implementation = (backend: CodecBackend | null, wasm: string): string =>
  backend === null ? "unknown" : backend === "wasm" ? `${wasm} (WebAssembly)` : "WebCodecs";
const wasmOf = (codec: Codec): string => (codec === "opus" ? "libopus" : "openh264");
const mimeTypeOf = (codec: Codec): string => `${kindOf(codec)}/${codec === "opus" ? "opus" : codec.toUpperCase()}`;
/** As people write it; null before there is a picture. */
export const sizeOf = (width: number, height: number): string | null => (width > 0 ? `${width}×${height}` : null);

/** One of our own tracks. @param timestamp ms since the Unix epoch. */
export function outboundStats(
  self: string,
  track: EncodeStatistics,
  facts: TrackFacts,
  framesPerSecond: number,
  timestamp: number,
): OutboundRtpStats {
  const video = track.kind === "video";
  return {
    id: `outbound-${track.trackId}`,
    type: "outbound-rtp",
    timestamp,
    kind: track.kind,
    codecId: codecIdOf(facts.codec),
    transportId: TRANSPORT_ID,
    bytesSent: track.bytesEncoded,
    framesEncoded: track.framesEncoded,
    framesSent: track.framesEncoded - track.framesRefused,
    totalEncodeTime: track.encodeTimeS,
    encoderImplementation: implementation(track.backend, wasmOf(facts.codec)),
    targetBitrate: track.targetBitrateBps,
    ...(video
      ? {
          keyFramesEncoded: track.keyframes,
          qualityLimitationReason: track.limitation,
          framesPerSecond,
        }
      : { audioLevel: linear(track.level) }),
    ...(track.size === null ? {} : { frameWidth: track.size.width, frameHeight: track.size.height }),
    ...(track.scalability === null ? {} : { scalabilityMode: track.scalability }),
    wsmediaTrackId: String(track.trackId),
    wsmediaParticipantId: self,
    wsmediaSource: facts.source,
    wsmediaBitrate: track.bitrateBps,
    wsmediaFramesDropped: track.framesSkipped + track.framesRefused,
    ...(track.backend === null ? {} : { wsmediaBackend: track.backend }),
  };
}

/** Somebody else's track. */
export function inboundStats(
  track: DecodeStatistics,
  facts: TrackFacts,
  framesPerSecond: number,
  timestamp: number,
): InboundRtpStats {
  const { playout } = track;
  const video = track.kind === "video";
  return {
    id: `inbound-${track.trackId}`,
    type: "inbound-rtp",
    timestamp,
    kind: track.kind,
    codecId: codecIdOf(facts.codec),
    transportId: TRANSPORT_ID,
    bytesReceived: track.bytesReceived,
    framesReceived: track.framesReceived,
    framesDecoded: track.framesDecoded,
    framesDropped: track.framesReceived - track.framesDecoded,
    totalDecodeTime: track.decodeTimeS,
    decoderImplementation: implementation(track.backend, wasmOf(facts.codec)),
    ...(video
      ? {
          keyFramesDecoded: track.keyframes,
          freezeCount: track.freezes,
          totalFreezesDuration: track.freezeTimeS,
          framesPerSecond,
        }
      : { audioLevel: linear(track.level) }),
    ...(track.width === 0 ? {} : { frameWidth: track.width, frameHeight: track.height }),
    ...(playout === null
      ? {}
      : {
          jitterBufferDelay: playout.playedDelayS,
          jitterBufferTargetDelay: playout.playedTargetS,
          jitterBufferEmittedCount: playout.playedSamples,
          concealedSamples: playout.concealedSamples + playout.silentSamples,
          silentConcealedSamples: playout.silentSamples,
          concealmentEvents: playout.concealmentEvents,
          insertedSamplesForDeceleration: playout.insertedSamples,
          removedSamplesForAcceleration: playout.removedSamples,
          totalSamplesReceived: samplesOf(playout),
          totalAudioEnergy: playout.energy,
          playoutId: `playout-${track.trackId}`,
        }),
    wsmediaTrackId: String(track.trackId),
    wsmediaParticipantId: track.participantId,
    wsmediaSource: facts.source,
    wsmediaBitrate: track.bitrateBps,
    ...(track.backend === null ? {} : { wsmediaBackend: track.backend }),
    ...(track.delayMs === null ? {} : { wsmediaDelay: track.delayMs }),
    ...(track.skewMs === null ? {} : { wsmediaSkew: track.skewMs }),
  };
}

/** All that was played, whatever it was. */
const samplesOf = (playout: PlayoutStatistics): number =>
  playout.playedSamples + playout.concealedSamples + playout.silentSamples;

const codecIdOf = (codec: Codec): string => `codec-${codec}`;

/** What the tracks' entries point to by `codecId`. */
export function codecStats(codec: Codec, timestamp: number): RoomStats {
  const entry = { id: codecIdOf(codec), type: "codec", timestamp, transportId: TRANSPORT_ID } as const;
  const common = { ...entry, mimeType: mimeTypeOf(codec), clockRate: clockRateOf(codec) };
  return codec === "opus" ? { ...common, channels: 2 } : common;
}

/** How an audio track comes out; null before it does. */
export function playoutStats({ trackId, playout }: DecodeStatistics, timestamp: number): RoomStats | null {
  if (playout === null) return null;
  const samples = samplesOf(playout);
  return {
    id: `playout-${trackId}`,
    type: "media-playout",
    timestamp,
    kind: "audio",
    synthesizedSamplesDuration: playout.concealedSamples / SAMPLE_RATE,
    totalSamplesDuration: samples / SAMPLE_RATE,
    totalSamplesCount: samples,
  };
}

/** The tunnel as W3C's transport and its one pair of candidates. */
export function pathStats(path: TunnelStatistics, timestamp: number): RoomStats[] {
  const { bytesSent, bytesReceived } = path;
  return [
    {
      id: TRANSPORT_ID,
      type: "transport",
      timestamp,
      bytesSent,
      bytesReceived,
      selectedCandidatePairId: "path",
      wsmediaLanes: path.lanes,
      wsmediaFramesDropped: path.framesDropped,
      wsmediaFragmentsLate: path.fragmentsLate,
    },
    {
      id: "path",
      type: "candidate-pair",
      timestamp,
      transportId: TRANSPORT_ID,
      state: "succeeded",
      nominated: true,
      availableOutgoingBitrate: path.pathBitrateBps,
      bytesSent,
      bytesReceived,
      ...(path.roundTripTime === null ? {} : { currentRoundTripTime: path.roundTripTime / 1000 }),
      ...(path.queueingDelay === null ? {} : { wsmediaQueueing: path.queueingDelay }),
    },
  ];
}
