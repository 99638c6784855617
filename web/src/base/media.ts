/** The vocabulary of media: codecs, tracks, participants, encoded frames. Everything above speaks in these. */

import type { Microseconds } from "./time.ts";

/** Audio or video, as in `MediaStreamTrack.kind`. */
export type MediaKind = "audio" | "video";

/** A codec that the tunnel carries. */
export type Codec = (typeof CODECS)[number];

/** All of them, most wanted first. */
export const CODECS = ["opus", "h264", "vp8", "vp9", "av1"] as const;

/** What a track shows or lets hear. */
export type TrackSource = "microphone" | "camera" | "screen";

/** Whether a codec is for audio or video. */
export const kindOf = (codec: Codec): MediaKind => (codec === "opus" ? "audio" : "video");

/** Ticks of the RTP timestamp per second: RFC 7587 §4.1 for Opus, 90 kHz for all video. */
export const clockRateOf = (codec: Codec): number => (codec === "opus" ? 48_000 : 90_000);

/** One track as its sender announces it. */
export interface Track {
  /** 0–65535, unique among the tracks that one side sends in one session. */
  readonly trackId: number;
  readonly codec: Codec;
  readonly source: TrackSource;
  readonly muted: boolean;
}

/** Somebody in a room: an opaque id, unique in the room, and the name that people see. */
export interface Participant {
  readonly participantId: string;
  readonly name: string;
}

/** One access unit of video or one packet of audio, as the encoder made it. */
export interface EncodedFrame {
  /**
   * What WebCodecs takes as a chunk, at least one octet. H.264: an access unit in Annex B form (start codes of 3 or 4
   * octets). VP8: a frame. VP9: a frame, or a superframe with its layers. AV1: a temporal unit in low-overhead format,
   * every OBU with its size, without temporal delimiters. Opus: a packet (RFC 6716).
   */
  readonly data: Uint8Array<ArrayBuffer>;
  /** 0 … 2^32-1 in ticks of the codec's clock rate. */
  readonly rtpTimestamp: number;
  /** On the capturing participant's clock, since the Unix epoch; one clock for all its tracks. */
  readonly captureTimeUs: Microseconds;
  /** Video only: decodable without any earlier frame. */
  readonly keyframe: boolean;
  /** Video only: no other frame refers to this one. */
  readonly discardable: boolean;
  /** Video only: 0 … 7. */
  readonly temporalLayer: number;
  /** Audio only: RFC 6464 octet, voice activity in bit 7, level 0 (loudest) … 127; null if unknown. */
  readonly audioLevel: number | null;
}

/** The RTP timestamp that belongs to a capture time, for encoders that know only the latter. */
export function rtpTimestampOf(captureTimeUs: Microseconds, codec: Codec): number {
  const ticksPerMillisecond = clockRateOf(codec) / 1000;
  // In two steps, because ticks since 1970 times a million would not be exact.
  const wholeMilliseconds = Math.floor(captureTimeUs / 1000);
  const rest = captureTimeUs - wholeMilliseconds * 1000;
  return (wholeMilliseconds * ticksPerMillisecond + Math.floor((rest * ticksPerMillisecond) / 1000)) % 2 ** 32;
}
