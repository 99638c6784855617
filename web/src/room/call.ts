/**
 * A call as the page sees it: who is there, what can be seen and heard of them, how the connection is. The tunnelled and
 * the native call both look like this, so that the page need not know which one it shows.
 */

/** How the connection is, as a user would say it. */
export type CallState = "connecting" | "connected" | "reconnecting" | "ended";

/** Which way media goes. */
export type CallMode = "tunnel" | "native";

/** What somebody lets see. */
export interface PersonVideo {
  readonly trackId: string;
  readonly source: "camera" | "screen";
  readonly muted: boolean;
  /** Where it is painted: a canvas in a tunnelled call, a video element in a native one. */
  readonly surface: HTMLCanvasElement | HTMLVideoElement;
  /** Whether there has been a picture yet. */
  readonly live: boolean;
}

/** What somebody lets hear. */
export interface PersonAudio {
  readonly trackId: string;
  readonly muted: boolean;
}

/** Somebody else in the room. */
export interface Person {
  readonly participantId: string;
  readonly name: string;
  readonly video: PersonVideo | null;
  readonly audio: PersonAudio | null;
}

/** Something that is wrong while the call goes on. */
export type CallProblem =
  /** This browser cannot encode video or audio; the other one still works. */
  | { readonly kind: "cannotEncode"; readonly media: "audio" | "video" }
  /** Somebody's track cannot be decoded here. */
  | { readonly kind: "cannotDecode"; readonly media: "audio" | "video"; readonly name: string }
  /** The room does not take our track. */
  | { readonly kind: "rejected"; readonly media: "audio" | "video"; readonly reason: string };

/** Why a call is over. */
export type CallEnd =
  | "left"
  | "tokenRefused"
  | "forbidden"
  | "sfuFailed"
  | "overloaded"
  | "rateLimited"
  | "versionMismatch"
  | "serverGone"
  | "crashed";

/** What a call tells the page. */
export interface CallEvents {
  /** `reason` is a sentence for the user, empty when there is nothing to say. */
  onState(state: CallState, reason: string): void;
  /** Somebody came, left, or changed. */
  onPeople(people: readonly Person[]): void;
  /** How loud everybody is, by participant id, 0 … 1; about four times a second. */
  onLevels(levels: ReadonlyMap<string, number>): void;
  onProblem(problem: CallProblem): void;
  /** The end; nothing comes after it. `explanation` may be empty. */
  onEnded(end: CallEnd, explanation: string): void;
}

/** One track's figures, for people who help users; times in ms, counters since the track began. */
export interface TrackReading {
  readonly participantId: string;
  readonly direction: "sent" | "received";
  readonly kind: "audio" | "video";
  readonly codec: string | null;
  readonly bitrateBps: number;
  readonly frames: number;
  readonly keyframes: number;
  readonly framesDropped: number;
  readonly size: string | null;
  readonly lastCaptureTimeUs: number | null;
  readonly delayMs: number | null;
  readonly skewMs: number | null;
  /** 0 … 1. */
  readonly level: number;
  readonly playoutDelayMs: number | null;
  /** Share of the sound that had to be invented, 0 … 1. */
  readonly concealed: number | null;
}

/** The path's figures. */
export interface PathReading {
  readonly roundTripMs: number | null;
  readonly queueingMs: number | null;
  readonly pathBitrateBps: number | null;
  readonly sentBitrateBps: number | null;
  readonly receivedBitrateBps: number | null;
  readonly lanes: readonly string[];
}

/** A call that is going on; it begins when it is made and ends by `leave` or by itself. */
export interface Call {
  readonly mode: CallMode;
  readonly state: CallState;
  /** Our own id in the room, once it is known. */
  readonly participantId: string | null;
  readonly people: readonly Person[];
  leave(): void;
  tracks(): readonly TrackReading[];
  path(): PathReading | null;
  /** The user has clicked, or chosen another loudspeaker: apply it to what plays outside the audio context. */
  resumeSound(speakerId: string): void;
  /** What is heard of somebody, to be measured or recorded; null while there is nothing. */
  audioNode(participantId: string): AudioNode | null;
}

/** Where to and as whom. */
export interface CallOptions {
  /** The gateway's base address, ends with a slash. */
  readonly url: string;
  readonly room: string;
  readonly name: string;
  readonly token: string | null;
}

/** An RFC 6464 level (0 loudest … 127 silence) as loudness 0 … 1 for eyes: −60 dB and less is nothing. */
export const loudness = (level: number): number => Math.max(0, Math.min(1, (60 - level) / 50));
