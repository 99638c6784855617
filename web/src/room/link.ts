/**
 * How a room is reached. The tunnel and native WebRTC both look like this to `sdk`, which makes objects and events of what
 * a link tells, and never asks which one it is.
 */

import type { CodecChoice } from "../base/backends.ts";
import type { Codec, MediaKind, TrackSource } from "../base/media.ts";
import type { VideoOptions } from "../encode/messages.ts";
import type { IceOptions } from "../native/ice-servers.ts";
import type { LaneKind } from "../transport/lane-kinds.ts";
import type { RoomStatsReport } from "./stats.ts";
import type { PathReading, RoomEnd, RoomMode, RoomState, TrackReading, WayReading } from "./vocabulary.ts";

/** Where to and as whom. */
export interface LinkOptions extends IceOptions {
  /** The gateway's base address, ends with a slash. */
  readonly url: string;
  readonly room: string;
  readonly name: string;
  readonly token: string | null;
  readonly codecs: CodecChoice;
  /** By which all ways of one participant are known as theirs (PROTOCOL.md §3.1); null: there is one way only. */
  readonly handover: string | null;
  /** Tunnel: connections to hold; null: as the path demands, `maxLanes` at most. */
  readonly lanes: number | null;
  /** Tunnel: use this kind of lane and no other; null: the best that works. */
  readonly lane: LaneKind | null;
  readonly maxLanes: number;
}

/** Somebody's track, when it comes. */
export interface LinkTrack {
  /** Unique in the room. */
  readonly id: string;
  readonly codec: Codec;
  readonly source: TrackSource;
  readonly muted: boolean;
  /** Video: where it is painted; a canvas in the tunnel, a video element with native WebRTC. */
  readonly surface: HTMLCanvasElement | HTMLVideoElement | null;
  /** Whether `pause` does anything for it; by default what the link says of all. */
  readonly canPause?: boolean;
}

/** What may become of somebody's track. */
export interface LinkTrackChange {
  readonly muted?: boolean;
  readonly live?: boolean;
  readonly problem?: "cannotDecode" | null;
}

/** What a link tells. Participants may become known by their first track, before their name. */
export interface LinkEvents {
  /** `reason` is a sentence for the user, empty when there is nothing to say. */
  onState(state: RoomState, reason: string): void;
  onJoined(participantId: string, name: string): void;
  onLeft(participantId: string): void;
  onTrackAdded(participantId: string, track: LinkTrack): void;
  onTrackRemoved(trackId: string): void;
  onTrackChanged(trackId: string, change: LinkTrackChange): void;
  /** How loud everybody is, ourselves included; about four times a second. */
  onLevels(levels: ReadonlyMap<string, number>): void;
  /** `late`: there is an encoder, but it gives pictures too late for a call. */
  onCannotEncode(publicationId: string, late: boolean): void;
  onRejected(publicationId: string, reason: string): void;
  /** The call goes another way, or more is known of the ways. Only `AutoLink` tells. */
  onWay(way: WayReading): void;
  /** The end; nothing comes after it. */
  onEnded(end: RoomEnd, explanation: string): void;
}

/** One of our own tracks on its way. */
export interface LinkPublication {
  readonly id: string;
  /** Send this from now on; null: nothing. */
  send(track: MediaStreamTrack | null, options: VideoOptions): void;
  /** Others see that nothing is sent. */
  mute(muted: boolean): void;
  end(): void;
}

/** A way into a room; begins when it is made and ends by `leave` or by itself. */
export interface RoomLink {
  readonly mode: RoomMode;
  /** Our own id in the room, once it is known. */
  readonly participantId: string | null;
  /** Announce a track; `send` gives it something to send. */
  publish(kind: MediaKind, source: TrackSource, muted: boolean, options: VideoOptions): LinkPublication;
  /** Whether `pause` does anything: WHEP has no word for it. */
  readonly canPause: boolean;
  /** Whether somebody's video need not be sent to us for now. */
  pause(trackId: string, paused: boolean): void;
  /** Whether the loudspeaker plays an audio track; it does at first. */
  setAudible(trackId: string, audible: boolean): void;
  /** What is heard of an audio track; null before there is sound. */
  audioNode(trackId: string): AudioNode | null;
  /** The same as a track of an element; always the same one. @throws InvalidStateError when it is gone. */
  mediaStreamTrack(trackId: string): Promise<MediaStreamTrack>;
  /** The user has clicked, or chosen another loudspeaker: apply it to what plays outside the audio context. */
  resumeSound(speakerId: string): void;
  /** What the audio context plays at `contextTime` (s) is heard at `wallUs`. */
  outputClock(contextTime: number, wallUs: number): void;
  /** Octets that have arrived on all connections, to notice when they stop; null where the link notices by itself. */
  readonly heardBytes: number | null;
  readings(): readonly TrackReading[];
  path(): PathReading | null;
  stats(): Promise<RoomStatsReport>;
  leave(): void;
}
