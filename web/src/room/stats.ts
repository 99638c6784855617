/** The room's figures by the names of W3C's webrtc-stats (https://www.w3.org/TR/webrtc-stats/); what it has no name for begins with `wsmedia`. */

import type { CodecBackend } from "../base/backends.ts";
import type { MediaKind, TrackSource } from "../base/media.ts";
import type { LaneReading } from "./vocabulary.ts";

/** What every entry has. */
export interface StatsEntry {
  readonly id: string;
  /** ms since the Unix epoch. */
  readonly timestamp: number;
}

/** What both directions of a track have; counters since the track began. */
export interface RtpStats extends StatsEntry {
  readonly kind: MediaKind;
  readonly codecId?: string;
  readonly transportId?: string;
  readonly frameWidth?: number;
  readonly frameHeight?: number;
  readonly framesPerSecond?: number;
  /** `RemoteTrack.id` or `Publication.id`. */
  readonly wsmediaTrackId?: string;
  readonly wsmediaParticipantId?: string;
  readonly wsmediaSource?: TrackSource;
  readonly wsmediaBackend?: CodecBackend | "native";
  readonly wsmediaBitrate?: number;
}

/** Somebody's track, as it arrives. */
export interface InboundRtpStats extends RtpStats {
  readonly type: "inbound-rtp";
  readonly bytesReceived?: number;
  /** Native WebRTC only: the tunnel carries frames, not packets. */
  readonly packetsReceived?: number;
  readonly framesReceived?: number;
  readonly framesDecoded?: number;
  readonly framesDropped?: number;
  readonly keyFramesDecoded?: number;
  /** s. */
  readonly totalDecodeTime?: number;
  readonly decoderImplementation?: string;
  readonly freezeCount?: number;
  /** s. */
  readonly totalFreezesDuration?: number;
  /** Linear, 0 … 1. */
  readonly audioLevel?: number;
  /** s, added up over all samples that came out of the buffer. */
  readonly jitterBufferDelay?: number;
  readonly jitterBufferTargetDelay?: number;
  readonly jitterBufferEmittedCount?: number;
  readonly concealedSamples?: number;
  readonly silentConcealedSamples?: number;
  readonly concealmentEvents?: number;
  readonly insertedSamplesForDeceleration?: number;
  readonly removedSamplesForAcceleration?: number;
  readonly totalSamplesReceived?: number;
  readonly totalAudioEnergy?: number;
  readonly playoutId?: string;
  /** ms from capture to screen or loudspeaker; right only where both clocks agree. */
  readonly wsmediaDelay?: number;
  /** ms that the picture is shown later than its sound. */
  readonly wsmediaSkew?: number;
}

/** One of our own tracks, as it leaves. */
export interface OutboundRtpStats extends RtpStats {
  readonly type: "outbound-rtp";
  readonly bytesSent?: number;
  readonly packetsSent?: number;
  readonly framesEncoded?: number;
  readonly framesSent?: number;
  readonly keyFramesEncoded?: number;
  /** s. */
  readonly totalEncodeTime?: number;
  readonly encoderImplementation?: string;
  readonly targetBitrate?: number;
  readonly qualityLimitationReason?: "none" | "bandwidth" | "cpu" | "other";
  readonly scalabilityMode?: string;
  readonly audioLevel?: number;
  /** Pictures or sound that were not encoded, or not sent, because the encoder or the tunnel was behind. */
  readonly wsmediaFramesDropped?: number;
}

/** A codec that the entries above point to. */
export interface CodecStats extends StatsEntry {
  readonly type: "codec";
  /** As `video/H264`. */
  readonly mimeType: string;
  readonly clockRate?: number;
  readonly channels?: number;
  readonly transportId?: string;
}

/** The tunnel as a whole, or one of native WebRTC's transports. */
export interface TransportStats extends StatsEntry {
  readonly type: "transport";
  readonly bytesSent?: number;
  readonly bytesReceived?: number;
  readonly selectedCandidatePairId?: string;
  /** The tunnel's connections. */
  readonly wsmediaLanes?: readonly LaneReading[];
  readonly wsmediaFramesDropped?: number;
  /** Pieces of frames that came when nobody needed them any more: parity and repetitions that were not necessary. */
  readonly wsmediaFragmentsLate?: number;
}

/** How the path is. */
export interface CandidatePairStats extends StatsEntry {
  readonly type: "candidate-pair";
  readonly transportId?: string;
  readonly state?: "succeeded" | "in-progress" | "waiting" | "failed" | "frozen";
  readonly nominated?: boolean;
  /** s. */
  readonly currentRoundTripTime?: number;
  readonly availableOutgoingBitrate?: number;
  readonly bytesSent?: number;
  readonly bytesReceived?: number;
  /** ms of the round trip that are spent waiting in buffers of the path. */
  readonly wsmediaQueueing?: number;
}

/** How sound comes out; samples at 48 kHz. */
export interface MediaPlayoutStats extends StatsEntry {
  readonly type: "media-playout";
  readonly kind: "audio";
  /** s of sound that had to be invented, and of all sound. */
  readonly synthesizedSamplesDuration?: number;
  readonly totalSamplesDuration?: number;
  readonly totalSamplesCount?: number;
}

/** One entry of any kind. */
export type RoomStats =
  | InboundRtpStats
  | OutboundRtpStats
  | CodecStats
  | TransportStats
  | CandidatePairStats
  | MediaPlayoutStats;

/** As `RTCStatsReport`: entries by their id. */
export type RoomStatsReport = ReadonlyMap<string, RoomStats>;
