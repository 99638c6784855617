/** Everything that the main thread and the decode worker say to each other. Frames arrive on the tracks' frame ports. */

import type { CodecBackend, CodecChoice } from "../base/backends.ts";
import type { PlayoutStatistics } from "../base/pcm-port.ts";
import type { VideoCodec } from "./picture-decoder.ts";

/** Main thread → worker. */
export type DecodeCommand =
  | {
      readonly type: "addVideo";
      readonly trackId: number;
      readonly participantId: string;
      readonly codec: VideoCodec;
      readonly port: MessagePort;
      /** Made by `surface.ts`. */
      readonly surface: OffscreenCanvas | MessagePort;
      readonly codecs: CodecChoice;
    }
  | {
      readonly type: "addAudio";
      readonly trackId: number;
      readonly participantId: string;
      /** The track's frame port; null where the audio thread decodes by itself. */
      readonly port: MessagePort | null;
      /** To the audio thread; see `base/pcm-port.ts`. */
      readonly playout: MessagePort;
    }
  /** Video: nothing is sent to us for now, on purpose, or it is again, beginning with a keyframe. */
  | { readonly type: "paused"; readonly trackId: number; readonly paused: boolean }
  /** Video: its owner has switched it off or on; what stands still meanwhile is not frozen. */
  | { readonly type: "muted"; readonly trackId: number }
  /** Video: write the pictures there as well, as a track generator takes them; null: do not any more. */
  | { readonly type: "copyTo"; readonly trackId: number; readonly writable: WritableStream<VideoFrame> | null }
  | { readonly type: "remove"; readonly trackId: number }
  /** What the audio context plays at `contextTime` (s) is heard at `wallUs`. */
  | { readonly type: "outputClock"; readonly contextTime: number; readonly wallUs: number };

/** How one track does; counters since it was added. */
export interface DecodeStatistics {
  readonly trackId: number;
  readonly participantId: string;
  readonly kind: "audio" | "video";
  /** As WebCodecs names it; null before the first frame. */
  readonly codec: string | null;
  /** What decodes; null until one has shown that it works. */
  readonly backend: CodecBackend | null;
  readonly framesReceived: number;
  readonly framesDecoded: number;
  /** Video: those that reached the canvas. */
  readonly framesPainted: number;
  readonly keyframes: number;
  readonly bitrateBps: number;
  readonly bytesReceived: number;
  /** Spent decoding since the track was added, s. */
  readonly decodeTimeS: number;
  /** Video: how often, and for how many seconds in all, the picture stood still for longer than it should (W3C `freezeCount`). */
  readonly freezes: number;
  readonly freezeTimeS: number;
  readonly width: number;
  readonly height: number;
  /** Capture time of the newest frame that was painted or decoded, on its sender's clock. */
  readonly lastCaptureTimeUs: number | null;
  /** From capture to screen or loudspeaker, ms; right only where both clocks agree. */
  readonly delayMs: number | null;
  /** Video: how much later (+) or earlier (−) than its sound the newest picture was painted, ms; null without sound. */
  readonly skewMs: number | null;
  /** Audio: the loudest RFC 6464 level since the last report, 0 (loudest) … 127. */
  readonly level: number;
  readonly playout: PlayoutStatistics | null;
}

/** Worker → main thread. */
export type DecodeReport =
  /** The first picture, or the first of another size. */
  | { readonly type: "picture"; readonly trackId: number; readonly width: number; readonly height: number }
  /** The track cannot be decoded here. */
  | { readonly type: "failed"; readonly trackId: number; readonly kind: "audio" | "video"; readonly detail: string }
  | { readonly type: "statistics"; readonly tracks: readonly DecodeStatistics[] };
