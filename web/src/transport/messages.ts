/**
 * Everything that the main thread and the tunnel's worker say to each other, in one file. Frames are not among it: they
 * travel between the workers on frame ports (`base/frame-port.ts`); only the ports themselves pass through here.
 */

import type { Participant, Track } from "../base/media.ts";
import type { Milliseconds } from "../base/time.ts";
import type { LaneKind } from "./lane-kinds.ts";

/** Where to go and as whom. */
export interface TunnelOptions {
  /** The gateway's base address, `https://host/path/` or `wss://…`; usually `new URL("./", document.baseURI).href`. */
  readonly url: string;
  readonly room: string;
  readonly name: string;
  /** A JWT, if the gateway wants one. Sent inside HELLO, never in an address. */
  readonly token?: string;
  /** The secret by which further connections of the same participant enter (PROTOCOL.md §3.1). Default: none. */
  readonly handover?: string;
  /** Hold always so many lanes; null: as the path demands. */
  readonly lanes?: number | null;
  /** How many lanes may be held at once, where `lanes` does not say it. Default: 16. */
  readonly maxLanes?: number;
  /** Use this kind of lane and no other; null or none: the best that works. */
  readonly lane?: LaneKind | null;
  /** The kind that worked the last time: it is tried at once beside the best one. */
  readonly lastLane?: LaneKind | null;
}

/** How the tunnel is, as a user would say it. */
export type TunnelState =
  /** No lane has been admitted yet. */
  | "connecting"
  /** At least one lane is up. */
  | "connected"
  /** All lanes are lost; new ones are being tried. Media stands still, the place in the room is kept for a while. */
  | "reconnecting"
  /** For good; `closed` told why. */
  | "closed";

/** How the SFU leg behind the gateway is. */
export type RoomState = "connecting" | "connected" | "reconnecting";

/** What the gateway bound our uplink to. */
export interface UplinkLimits {
  readonly maxMessageBytes: number;
  readonly maxFrameBytes: number;
  readonly maxTracks: number;
  readonly maxBytesPerSecond: number;
  readonly maxMessagesPerSecond: number;
}

/** How one lane is. */
export interface LaneStatistics {
  /** Counts up in the order in which the session's lanes begin. */
  readonly laneId: number;
  /** `websocket`, `http-stream` or `http-poll`. */
  readonly kind: string;
  /** `stalled`: what is in flight on it should have been acknowledged long ago, so that nothing follows for now. */
  readonly state: "opening" | "up" | "stalled";
  /** Sent and not acknowledged. */
  readonly inFlightBytes: number;
}

/** A reading of the path, about once a second while connected. */
export interface TunnelStatistics {
  /** Smoothed round-trip time of the tunnel; null before the first acknowledgement. */
  readonly roundTripTime: Milliseconds | null;
  /** How much of the round trip is waiting in buffers of the path; null before the first acknowledgement. */
  readonly queueingDelay: Milliseconds | null;
  /** What the path can carry now, our own estimate, audio and video together. */
  readonly pathBitrateBps: number;
  readonly sentBitrateBps: number;
  readonly receivedBitrateBps: number;
  /** Octets of messages since the session began, headers of the tunnel included, those below it not. */
  readonly bytesSent: number;
  readonly bytesReceived: number;
  /** Frames since the session began: given to a lane, and dropped before one took them. */
  readonly framesSent: number;
  readonly framesDropped: number;
  /** Frames since the session began: received, and of these not given to a decoder because it was behind. */
  readonly framesReceived: number;
  readonly framesSkipped: number;
  /** Pieces of frames since the session began that came when nobody needed them any more: parity and repetitions. */
  readonly fragmentsLate: number;
  /** Lanes that are open, in the order in which they were. */
  readonly lanes: readonly LaneStatistics[];
}

/** Main thread → worker. */
export type TunnelCommand =
  | { readonly type: "connect"; readonly options: TunnelOptions; readonly online: boolean; readonly visible: boolean }
  | { readonly type: "publish"; readonly track: Track; readonly port: MessagePort }
  | { readonly type: "unpublish"; readonly trackId: number }
  | { readonly type: "mute"; readonly trackId: number; readonly muted: boolean }
  | { readonly type: "pause"; readonly trackId: number; readonly paused: boolean }
  | { readonly type: "requestKeyframe"; readonly trackId: number }
  | { readonly type: "limitBitrate"; readonly trackId: number; readonly bitrateBps: number }
  | { readonly type: "online"; readonly online: boolean }
  | { readonly type: "visible"; readonly visible: boolean }
  | { readonly type: "close" };

/** Worker → main thread. */
export type TunnelReport =
  | { readonly type: "stateChanged"; readonly state: TunnelState; readonly reason: string }
  | {
      readonly type: "established";
      readonly participantId: string;
      readonly resumed: boolean;
      readonly limits: UplinkLimits;
    }
  | { readonly type: "participantJoined"; readonly participant: Participant }
  | { readonly type: "participantLeft"; readonly participantId: string }
  | { readonly type: "trackAdded"; readonly participantId: string; readonly track: Track; readonly port: MessagePort }
  | { readonly type: "trackRemoved"; readonly trackId: number }
  | { readonly type: "trackMuted"; readonly trackId: number; readonly muted: boolean }
  | { readonly type: "publishRejected"; readonly trackId: number; readonly reason: string }
  | { readonly type: "roomStateChanged"; readonly state: RoomState; readonly reason: string }
  | { readonly type: "farewell"; readonly url: string | null }
  | { readonly type: "keyframeNeeded"; readonly trackId: number }
  | { readonly type: "targetBitrate"; readonly trackId: number; readonly bitrateBps: number }
  | { readonly type: "statistics"; readonly statistics: TunnelStatistics }
  | { readonly type: "closed"; readonly code: number; readonly reason: string; readonly explanation: string };
