/** Turns the workers' figures into what the details window shows and what a support person reads. */

import type { DecodeStatistics } from "../decode/messages.ts";
import type { EncodeStatistics } from "../encode/messages.ts";
import { loudness, type TrackReading } from "./call.ts";

/** One of our own tracks. */
export function sentReading(participantId: string, track: EncodeStatistics): TrackReading {
  return {
    participantId,
    direction: "sent",
    kind: track.kind,
    codec: track.scalability === null ? track.codec : `${track.codec} ${track.scalability}`,
    bitrateBps: track.bitrateBps,
    frames: track.framesEncoded,
    keyframes: track.keyframes,
    framesDropped: track.framesSkipped + track.framesRefused,
    size: track.size === null ? null : `${track.size.width}×${track.size.height}`,
    lastCaptureTimeUs: track.lastCaptureTimeUs,
    delayMs: null,
    skewMs: null,
    level: loudness(track.level),
    playoutDelayMs: null,
    concealed: null,
  };
}

/** Somebody else's track. */
export function receivedReading(track: DecodeStatistics): TrackReading {
  const { playout } = track;
  const samples = playout === null ? 0 : playout.playedSamples + playout.concealedSamples;
  return {
    participantId: track.participantId,
    direction: "received",
    kind: track.kind,
    codec: track.codec,
    bitrateBps: track.bitrateBps,
    frames: track.framesDecoded,
    keyframes: track.keyframes,
    framesDropped: track.framesReceived - track.framesDecoded,
    size: track.width > 0 ? `${track.width}×${track.height}` : null,
    lastCaptureTimeUs: track.lastCaptureTimeUs,
    delayMs: track.delayMs,
    skewMs: track.skewMs,
    level: loudness(track.level),
    playoutDelayMs: playout?.delayMs ?? null,
    concealed: playout === null || samples === 0 ? null : playout.concealedSamples / samples,
  };
}
