/** The words in which a room is spoken of, whichever way it is reached; `sdk` gives them on to pages. */

import type { CodecBackend } from "../base/backends.ts";
import type { MediaKind, TrackSource } from "../base/media.ts";
import type { ProbeFailure } from "../native/probe.ts";

/** Which way media goes: through the tunnel, or by the browser's own WebRTC. */
export type RoomMode = "tunnel" | "native";

/** The ways of native WebRTC, the best first: straight, or by a relay that is reached by UDP, TCP or TLS. */
export const NATIVE_RUNGS = ["direct", "turn-udp", "turn-tcp", "turn-tls"] as const;
export type NativeRung = (typeof NATIVE_RUNGS)[number];
/** The ladder: native WebRTC first, the tunnel, which always gets through, last. */
export type Rung = NativeRung | "tunnel";

/** Which ways may be tried: `auto` tries them all, everything else is the only one. */
export type Policy = "auto" | "native" | Rung;
export const POLICIES: readonly Policy[] = ["auto", "native", "tunnel", ...NATIVE_RUNGS];

/** What is known of a rung. */
export interface RungReading {
  readonly rung: Rung;
  /** `carries`: the call goes this way; `works`: it would; `absent`: this gateway has none. */
  readonly state: "untried" | "trying" | "works" | "carries" | "fails" | "absent";
  /** How long it took to carry media, ms. */
  readonly elapsedMs: number | null;
  readonly failure: ProbeFailure | null;
}

/** Which way the call goes, and why. */
export interface WayReading {
  /** Null as long as none carries anything. `native`: the browser's ICE has chosen. */
  readonly rung: Rung | "native" | null;
  /**
   * `forced`: nothing else was allowed; `remembered`: it was the best on this network before; `first`: it was there first;
   * `better`: a better one has opened; `lost`: a better one has given out.
   */
  readonly why: "forced" | "remembered" | "first" | "better" | "lost" | null;
  readonly rungs: readonly RungReading[];
}

/** How the connection is, as a user would say it. */
export type RoomState = "connecting" | "connected" | "reconnecting" | "ended";

/** Why a room was left for good. */
export type RoomEnd =
  | "left"
  | "tokenRefused"
  | "forbidden"
  | "sfuFailed"
  | "overloaded"
  | "rateLimited"
  | "versionMismatch"
  | "serverGone"
  | "crashed";

/** One track's figures of the moment; times in ms, counters since the track began. For charts; see also `getStats`. */
export interface TrackReading {
  readonly trackId: string;
  readonly participantId: string;
  readonly direction: "sent" | "received";
  readonly kind: MediaKind;
  readonly source: TrackSource;
  readonly codec: string | null;
  readonly backend: CodecBackend | "native" | null;
  readonly bitrateBps: number;
  readonly targetBitrateBps: number | null;
  readonly bytes: number;
  readonly frames: number;
  readonly framesPerSecond: number;
  readonly keyframes: number;
  readonly framesDropped: number;
  readonly size: string | null;
  /** Sent video: why it is less than asked for. */
  readonly limitation: "none" | "bandwidth" | "cpu" | null;
  /** Mean time to encode or decode one frame lately, ms. */
  readonly codecTimeMs: number | null;
  readonly lastCaptureTimeUs: number | null;
  /** Received: from capture to screen or loudspeaker; right only where both clocks agree. */
  readonly delayMs: number | null;
  /** Received video: how much later than its sound it is shown. */
  readonly skewMs: number | null;
  /** 0 … 1. */
  readonly level: number;
  readonly playoutDelayMs: number | null;
  readonly playoutTargetMs: number | null;
  /** Share of the sound that had to be invented, 0 … 1. */
  readonly concealed: number | null;
  readonly freezes: number | null;
}

/** One of the connections that carry the room. */
export interface LaneReading {
  readonly laneId: number;
  /** `websocket`, `http-stream` or `http-poll`; `webrtc` in native mode. */
  readonly kind: string;
  /** `stalled`: what is on its way on it is overdue, and the others carry what follows. */
  readonly state: "opening" | "up" | "stalled";
  /** Sent, and not known to have arrived. */
  readonly inFlightBytes: number;
}

/** The path's figures of the moment. */
export interface PathReading {
  readonly roundTripMs: number | null;
  readonly queueingMs: number | null;
  readonly pathBitrateBps: number | null;
  readonly sentBitrateBps: number | null;
  readonly receivedBitrateBps: number | null;
  readonly bytesSent: number | null;
  readonly bytesReceived: number | null;
  /** Frames dropped before they entered the tunnel. */
  readonly framesDropped: number | null;
  readonly lanes: readonly LaneReading[];
}

/** An RFC 6464 level (0 loudest … 127 silence) as loudness 0 … 1 for eyes: −60 dB and less is nothing. */
export const loudness = (level: number): number => Math.max(0, Math.min(1, (60 - level) / 50));
