/**
 * What the decode worker wants of a video decoder, whichever implementation it is, and what it gives. The implementations are
 * `webcodecs-decoder.ts` and `wasm-decoder.ts`; `decoder-switch.ts` chooses.
 */

import type { CodecBackend } from "../base/backends.ts";
import type { Codec, EncodedFrame } from "../base/media.ts";

/** A codec of pictures. */
export type VideoCodec = Exclude<Codec, "opus">;

/** A decoded picture that is no VideoFrame. What its functions give is valid until another function of any is called. */
export interface RawImage {
  readonly width: number;
  readonly height: number;
  /** I420, planes tightly packed, BT.709 in the limited range. */
  planes(): Uint8Array<ArrayBuffer>;
  /** 4 octets a pixel, row by row; converted now. */
  rgba(): Uint8ClampedArray<ArrayBuffer>;
}

/** A decoded picture, for whoever takes it to close. */
export interface DecodedPicture {
  readonly image: VideoFrame | RawImage;
  readonly captureTimeUs: number;
  close(): void;
}

/** What a decoder tells. */
export interface DecoderEvents {
  onPicture(picture: DecodedPicture): void;
  /** It can take more than before. */
  onRoom(): void;
  /** It is broken and of no use any more. */
  onError(detail: string): void;
}

/** One decoder of one stream. */
export interface PictureDecoder {
  readonly backend: CodecBackend;
  /** As WebCodecs names it; null before the first keyframe. */
  readonly codec: string | null;
  /** Frames that it has not begun with. */
  readonly queueSize: number;
  /** Spent decoding since it was opened, s. */
  readonly decodeTimeS: number;
  /** Take a frame, whose buffer it may keep; the first is a keyframe. Errors come by `onError`. */
  decode(frame: EncodedFrame): void;
  close(): void;
}

/** Makes a decoder; rejects with an Error that says why there is none. Whether it works shows with the first keyframe. */
export type OpenDecoder = (codec: VideoCodec, events: DecoderEvents) => Promise<PictureDecoder>;

/** Pixels of a picture as it is to be seen. */
export function sizeOf(image: VideoFrame | RawImage): { width: number; height: number } {
  return "displayWidth" in image
    ? { width: image.displayWidth, height: image.displayHeight }
    : { width: image.width, height: image.height };
}
