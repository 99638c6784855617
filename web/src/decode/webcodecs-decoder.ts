/** Video by the browser's WebCodecs, any codec that it knows. Queues: what the browser holds; the track keeps it short. */

import { systemClock } from "../base/clock.ts";
import type { EncodedFrame } from "../base/media.ts";
import { codecNameOf } from "./codec-names.ts";
import type { DecoderEvents, PictureDecoder, VideoCodec } from "./picture-decoder.ts";

const MOST_REMEMBERED = 64;

/** A decoder of the browser's. @throws Error when the browser has none. */
export async function openWebCodecsDecoder(codec: VideoCodec, events: DecoderEvents): Promise<PictureDecoder> {
  if (typeof VideoDecoder === "undefined") throw new Error("this browser has no VideoDecoder");
  return new WebCodecsDecoder(codec, events);
}

class WebCodecsDecoder implements PictureDecoder {
  readonly backend = "webcodecs";
  readonly #codecKind: VideoCodec;
  readonly #events: DecoderEvents;
  readonly #decoder: VideoDecoder;
  /** When the frame in the decoder went in, by its capture time. */
  readonly #inside = new Map<number, number>();
  codec: string | null = null;
  decodeTimeS = 0;

  constructor(codec: VideoCodec, events: DecoderEvents) {
    this.#codecKind = codec;
    this.#events = events;
    this.#decoder = new VideoDecoder({
      output: (frame) => this.#give(frame),
      error: (error) => events.onError(error.message),
    });
    this.#decoder.ondequeue = () => events.onRoom();
  }

  get queueSize(): number {
    return this.#decoder.decodeQueueSize;
  }

  decode(frame: EncodedFrame): void {
    const { captureTimeUs: timestamp, data, keyframe } = frame;
    try {
      if (keyframe) this.#configure(data);
      this.#inside.set(timestamp, systemClock.monotonic());
      if (this.#inside.size > MOST_REMEMBERED) this.#inside.clear();
      this.#decoder.decode(new EncodedVideoChunk({ type: keyframe ? "key" : "delta", timestamp, data }));
    } catch (error) {
      this.#events.onError(String(error));
    }
  }

  close(): void {
    if (this.#decoder.state !== "closed") this.#decoder.close();
  }

  #configure(keyframe: Uint8Array): void {
    const codec = codecNameOf(this.#codecKind, keyframe);
    if (codec === this.codec) return;
    this.#decoder.configure({ codec, optimizeForLatency: true });
    this.codec = codec;
  }

  #give(image: VideoFrame): void {
    const captureTimeUs = image.timestamp;
    const begun = this.#inside.get(captureTimeUs);
    this.#inside.delete(captureTimeUs);
    if (begun !== undefined) this.decodeTimeS += systemClock.monotonic() - begun;
    this.#events.onPicture({ image, captureTimeUs, close: () => image.close() });
  }
}
