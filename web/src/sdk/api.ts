/**
 * What a web developer sees of wsmedia: rooms, participants, tracks, figures. Names are the W3C's where it has one. The call
 * page uses this and nothing below it.
 */

import type { CodecChoice } from "../base/backends.ts";
import type { Codec, MediaKind, TrackSource } from "../base/media.ts";
import type { RoomStatsReport } from "../room/stats.ts";
import type {
  PathReading,
  Policy,
  RoomEnd,
  RoomMode,
  RoomState,
  TrackReading,
  WayReading,
} from "../room/vocabulary.ts";
import type { LaneChoice } from "../transport/lane-kinds.ts";

export type { CodecBackend, CodecChoice } from "../base/backends.ts";
export type { Codec, MediaKind, TrackSource } from "../base/media.ts";
export type { ProbeFailure } from "../native/probe.ts";
export type * from "../room/stats.ts";
export type {
  LaneReading,
  NativeRung,
  PathReading,
  Policy,
  RoomEnd,
  RoomMode,
  RoomState,
  Rung,
  RungReading,
  TrackReading,
  WayReading,
} from "../room/vocabulary.ts";
export type { LaneChoice, LaneKind } from "../transport/lane-kinds.ts";

/** `auto` chooses, and changes during the call. */
export type ModeChoice = "auto" | RoomMode;

/** Where to and as whom. */
export interface ConnectOptions {
  /** The gateway's base address, as `https://calls.example.org/`. */
  readonly url: string | URL;
  /** 1–64 characters of `A–Z a–z 0–9 . _ ~ -`. */
  readonly room: string;
  /** What others see; 1–64 characters. Default: `Guest`. */
  readonly name?: string;
  /** A JWT, if the gateway wants one. It never appears in an address. */
  readonly token?: string | null;
  /**
   * Which ways may be taken: `auto`, the default, is native WebRTC where it carries media and the tunnel everywhere else, and changes during
   * the call; everything else is the only way: `native`, `tunnel`, or one rung of the ladder as `turn-tls`.
   */
  readonly policy?: Policy;
  /** The same in fewer words: `mode: "tunnel"` is `policy: "tunnel"`. */
  readonly mode?: ModeChoice;
  /** Default: `auto`. */
  readonly codecs?: CodecChoice;
  /** A loudspeaker of `enumerateDevices`; empty or absent: the system's choice. */
  readonly speakerId?: string;
  /** Default true: tracks whose surface nobody can see are not sent to us. */
  readonly pauseHidden?: boolean;
  /** Tunnel: hold always so many connections, 1–32, whatever the path demands; for measuring, and for support. */
  readonly lanes?: number | null;
  /** Tunnel: how many connections the path may make it hold, 1–32. Default: 24. */
  readonly maxLanes?: number;
  /** Tunnel: force one kind of connection. Default `auto`: WebSockets, and HTTPS requests where a proxy breaks those. */
  readonly lane?: LaneChoice;
  /** Native: STUN and TURN servers to use. Default: those of which the gateway tells, its own TURN server among them. */
  readonly iceServers?: readonly RTCIceServer[] | null;
  /** Native: `relay` goes by TURN and no other way. Default: as the gateway says, usually `all`. */
  readonly iceTransportPolicy?: RTCIceTransportPolicy | null;
  /** Aborting it leaves the room, or gives up the way into it. */
  readonly signal?: AbortSignal;
}

/** Something that is wrong while the call goes on. */
export type RoomProblem =
  /** This browser cannot encode video or sound, or gives pictures too `late` for a call; the other one still works. */
  | { readonly kind: "cannotEncode"; readonly media: MediaKind; readonly source: TrackSource; readonly late: boolean }
  /** Somebody's track cannot be decoded here. */
  | {
      readonly kind: "cannotDecode";
      readonly media: MediaKind;
      readonly codec: Codec;
      readonly participant: RemoteParticipant;
    }
  /** The room does not take our track. */
  | { readonly kind: "rejected"; readonly media: MediaKind; readonly source: TrackSource; readonly reason: string };

/** What a room tells; `room.addEventListener("trackadded", ({ track }) => …)`. Every event is a `RoomEvent`. */
export interface RoomEventMap {
  /** `reason` is a sentence for the user, empty when there is nothing to say. */
  statechange: { readonly state: RoomState; readonly reason: string };
  participantjoined: { readonly participant: RemoteParticipant };
  participantleft: { readonly participant: RemoteParticipant };
  trackadded: { readonly participant: RemoteParticipant; readonly track: RemoteTrack };
  trackremoved: { readonly participant: RemoteParticipant; readonly track: RemoteTrack };
  /** It was muted or unmuted, its first picture came, it was paused, or a problem began or ended. */
  trackchange: { readonly participant: RemoteParticipant; readonly track: RemoteTrack };
  /** How loud everybody is, ourselves included, by participant id, 0 … 1; about four times a second. */
  levels: { readonly levels: ReadonlyMap<string, number> };
  /** Whether the browser lets sound out; if not, call `startAudio` in the handler of a click. */
  audiochange: { readonly running: boolean };
  /** The call goes another way, or more is known of the ways. */
  waychange: { readonly way: WayReading };
  problem: { readonly problem: RoomProblem };
  /** The end; nothing comes after it. */
  ended: { readonly end: RoomEnd; readonly explanation: string };
}

/** An event of a room, with the fields of its entry in `RoomEventMap`. */
export type RoomEvent<Type extends keyof RoomEventMap> = Event & RoomEventMap[Type];

/** Somebody else in the room. */
export interface RemoteParticipant {
  readonly id: string;
  readonly name: string;
  /** At most one microphone, one camera and one screen. */
  readonly tracks: readonly RemoteTrack[];
  /** The track of that source, or null. */
  track(source: TrackSource): RemoteTrack | null;
}

/** What somebody lets see or hear. */
export interface RemoteTrack {
  /** Unique in the room. */
  readonly id: string;
  readonly kind: MediaKind;
  readonly source: TrackSource;
  readonly codec: Codec;
  /** Its owner has switched it off. */
  readonly muted: boolean;
  /** Video: there has been a picture; audio: always true. */
  readonly live: boolean;
  /** Nothing is being sent to us, because nobody would see it (`visible`). */
  readonly paused: boolean;
  readonly problem: "cannotDecode" | null;
  /** Video: an element that shows the picture; put it where you like. The same one as long as the track lives. */
  readonly surface: HTMLElement | null;
  /** Audio: what is heard, to be measured or recorded; null before there is sound. */
  readonly audioNode: AudioNode | null;
  /**
   * The same as a track for an element's `srcObject` or for a recorder; made at the first call, then always that one. With native
   * WebRTC it ends when the connection is made anew, after a loss or when more pictures come than it had room for: ask again.
   *
   * @throws InvalidStateError when this track is gone before it has come.
   */
  mediaStreamTrack(): Promise<MediaStreamTrack>;
  /** Audio: whether the room plays it; set it to false where an element of yours plays its `mediaStreamTrack`. */
  audible: boolean;
  /** Whether anybody could see it. `connect` watches the surface by itself unless `pauseHidden` is false. */
  visible: boolean;
}

/** What to make of a track that is published. */
export interface PublishOptions {
  /** Default: `microphone` for audio, `camera` for video. */
  readonly source?: TrackSource;
  /** Video: pictures per second at most; default 30 for a camera, 8 for a screen. */
  readonly framerate?: number;
  /** Video: bits per second at most; default by the track's size. */
  readonly maxBitrateBps?: number;
  /** Begin muted; default false. */
  readonly muted?: boolean;
}

/** One of our own tracks in the room. */
export interface Publication {
  readonly id: string;
  readonly kind: MediaKind;
  readonly source: TrackSource;
  readonly track: MediaStreamTrack | null;
  /** Nothing is sent while it is muted; others see that. */
  muted: boolean;
  /** Send another track from now on; null: none, and others see it as muted. */
  replaceTrack(track: MediaStreamTrack | null, options?: Omit<PublishOptions, "source" | "muted">): void;
  unpublish(): void;
}

/** A room that we are in, or on the way into. */
export interface Room extends Omit<EventTarget, "addEventListener" | "removeEventListener"> {
  /** Which kind of way the call goes at the moment. */
  readonly mode: RoomMode;
  /** Which rung of the ladder carries the call, why, and what is known of the others. */
  readonly way: WayReading;
  readonly name: string;
  readonly state: RoomState;
  /** Our own id in the room, once it is known. */
  readonly participantId: string | null;
  readonly participants: readonly RemoteParticipant[];
  readonly publications: readonly Publication[];
  /** Whether the browser lets sound out. */
  readonly audioRunning: boolean;
  addEventListener<Type extends keyof RoomEventMap>(
    type: Type,
    listener: (event: RoomEvent<Type>) => void,
    options?: AddEventListenerOptions | boolean,
  ): void;
  removeEventListener<Type extends keyof RoomEventMap>(type: Type, listener: (event: RoomEvent<Type>) => void): void;
  /** Send a track of a camera, a microphone, a screen or a canvas. The track stays the caller's: `leave` does not stop it. */
  publish(track: MediaStreamTrack, options?: PublishOptions): Publication;
  /** Let sound out; call it in the handler of a click when `audioRunning` is false. */
  startAudio(): Promise<void>;
  /** Use another loudspeaker; empty: the system's choice. @throws DOMException when there is no such device; the old one stays. */
  useSpeaker(deviceId: string): Promise<void>;
  /** Figures by the names of W3C's webrtc-stats. */
  getStats(): Promise<RoomStatsReport>;
  /** The same figures as a page shows them, without waiting. */
  trackReadings(): readonly TrackReading[];
  pathReading(): PathReading | null;
  leave(): void;
}
