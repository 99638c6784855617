/**
 * What the encode worker wants of an H.264 encoder, whichever implementation it is, and how one is chosen: by encoding one
 * real picture, in the order that `codecs` asks for, because what a browser says of itself promises too much.
 */

import type { CodecBackend, CodecChoice } from "../base/backends.ts";
import type { PictureSize } from "./rate.ts";

/** What an encoder aims for. */
export interface VideoSetting {
  readonly size: PictureSize;
  readonly framerate: number;
  readonly bitrateBps: number;
  readonly content: "motion" | "detail";
}

/** One access unit as an encoder gives it. */
export interface EncodedPicture {
  /** Annex B; keyframes begin with their parameter sets. */
  readonly data: Uint8Array<ArrayBuffer>;
  /** The one that the picture was given with. */
  readonly timestampUs: number;
  readonly keyframe: boolean;
  readonly discardable: boolean;
  readonly temporalLayer: number;
}

/** What an encoder tells. */
export interface EncoderEvents {
  onEncoded(picture: EncodedPicture): void;
  /** It is broken and of no use any more. */
  onError(detail: string): void;
}

/** A raw picture of any size and format. */
export type RawPicture = VideoFrame | ImageBitmap;

/** One working H.264 encoder, constrained baseline. */
export interface PictureEncoder {
  readonly backend: CodecBackend;
  /** As WebCodecs names it, for the setting of the moment. */
  readonly codec: string;
  /** W3C's name, as `L1T2`. */
  readonly scalability: string;
  /** Pictures that it works on at the same time before it is behind. */
  readonly depth: number;
  /** Pictures that have gone in and not come out. */
  readonly queueSize: number;
  /** Aim for something else. A new bitrate or frame rate makes no keyframe, a new size does. @throws Error when it cannot. */
  configure(setting: VideoSetting): void;
  /** Scale and encode; the caller closes the picture when this has resolved. Rejects with an Error when it cannot. */
  encode(picture: RawPicture, timestampUs: number, keyframe: boolean): Promise<void>;
  close(): void;
}

/** Why an encoder is of no use: it gives pictures, but only when it has been given many more. */
export class EncoderIsLate extends Error {
  constructor() {
    super("the browser's H.264 encoder holds pictures back");
  }
}

/** Makes an encoder whose backend has shown that it works; rejects with an Error that says why it does not. */
export type OpenEncoder = (setting: VideoSetting, events: EncoderEvents) => Promise<PictureEncoder>;

/** Pixels of a picture as it is to be seen. */
export function sizeOf(picture: RawPicture): PictureSize {
  return "displayWidth" in picture
    ? { width: picture.displayWidth, height: picture.displayHeight }
    : { width: picture.width, height: picture.height };
}

const ORDER: Readonly<Record<CodecChoice, readonly CodecBackend[]>> = {
  auto: ["webcodecs", "wasm"],
  webcodecs: ["webcodecs"],
  wasm: ["wasm"],
};

/** Which backends one track may still use. */
export class EncoderChoice {
  readonly #openers: Readonly<Record<CodecBackend, OpenEncoder>>;
  readonly #reasons: string[] = [];
  #left: readonly CodecBackend[];
  #late = false;

  constructor(codecs: CodecChoice, openers: Readonly<Record<CodecBackend, OpenEncoder>>) {
    this.#left = ORDER[codecs];
    this.#openers = openers;
  }

  /** Why none is left, one clause per backend. */
  get reason(): string {
    return this.#reasons.join("; ");
  }

  /** Whether there was one that would work if it were not late. */
  get late(): boolean {
    return this.#late;
  }

  /** The first that works; null: none does. One that has failed its trial is not tried again. */
  async open(setting: VideoSetting, events: EncoderEvents): Promise<PictureEncoder | null> {
    for (const backend of this.#left) {
      try {
        return await this.#openers[backend](setting, events);
      } catch (error) {
        this.#late ||= error instanceof EncoderIsLate;
        this.giveUp(backend, error instanceof Error ? error.message : String(error));
      }
    }
    return null;
  }

  /** Do not use this one any more. @returns whether another is left. */
  giveUp(backend: CodecBackend, reason: string): boolean {
    this.#left = this.#left.filter((other) => other !== backend);
    this.#reasons.push(`${backend}: ${reason}`);
    return this.#left.length > 0;
  }
}
