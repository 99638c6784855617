/** Everything that the main thread and the encode worker say to each other. Frames leave on the tracks' frame ports. */

import type { CodecBackend, CodecChoice } from "../base/backends.ts";
import type { PictureSource, SoundSource } from "../base/sources.ts";
import type { PictureSize } from "./rate.ts";

/** What to aim for when the path allows it. */
export interface VideoOptions {
  readonly framerate: number;
  readonly maxBitrateBps: number;
  /** What to give up first when bits are short: sharpness of what moves (a camera), or fluency of what must be read (a screen). */
  readonly content: "motion" | "detail";
}

/** Main thread → worker. A track exists from `start…` to `stop`; its source may change and be absent for a while. */
export type EncodeCommand =
  | {
      readonly type: "startVideo";
      readonly trackId: number;
      readonly port: MessagePort;
      readonly options: VideoOptions;
      readonly codecs: CodecChoice;
    }
  | {
      readonly type: "startAudio";
      readonly trackId: number;
      readonly port: MessagePort;
      readonly codecs: CodecChoice;
    }
  | {
      readonly type: "videoSource";
      readonly trackId: number;
      readonly source: PictureSource | null;
      readonly options: VideoOptions;
    }
  | { readonly type: "audioSource"; readonly trackId: number; readonly source: SoundSource | null }
  | { readonly type: "mute"; readonly trackId: number; readonly muted: boolean }
  | { readonly type: "stop"; readonly trackId: number }
  /** Stop all tracks, so that whatever feeds them in the window hears of it, and end. */
  | { readonly type: "close" };

/** How one track's encoder does; counters since its start. */
export interface EncodeStatistics {
  readonly trackId: number;
  readonly kind: "audio" | "video";
  /** As WebCodecs names it; null until the encoder works. */
  readonly codec: string | null;
  readonly scalability: string | null;
  /** What encodes; null until one has shown that it works. */
  readonly backend: CodecBackend | null;
  readonly size: PictureSize | null;
  /** Video: pictures per second that are aimed for now. */
  readonly framerate: number;
  /** Video: why it is less than what was asked for; the names are `RTCQualityLimitationReason`'s. */
  readonly limitation: "none" | "bandwidth" | "cpu";
  /** Spent encoding since the start, s. */
  readonly encodeTimeS: number;
  readonly targetBitrateBps: number;
  readonly bitrateBps: number;
  readonly bytesEncoded: number;
  readonly framesEncoded: number;
  readonly keyframes: number;
  /** Not encoded, because the encoder or the tunnel was behind. */
  readonly framesSkipped: number;
  /** Encoded, but refused by the tunnel's port. */
  readonly framesRefused: number;
  readonly lastCaptureTimeUs: number | null;
  /** Audio: loudest RFC 6464 level since the last report, 0 (loudest) … 127, also while muted. */
  readonly level: number;
}

/** Worker → main thread. */
export type EncodeReport =
  /** No usable encoder: the one-frame trial failed, or the encoder failed again and again. */
  | {
      readonly type: "failed";
      readonly trackId: number;
      readonly kind: "audio" | "video";
      readonly detail: string;
      /** There is an encoder, but it gives pictures too late for a call. */
      readonly late: boolean;
    }
  | { readonly type: "statistics"; readonly tracks: readonly EncodeStatistics[] };
