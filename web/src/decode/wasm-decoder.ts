/**
 * H.264 by our own WebAssembly build of openh264, for browsers whose WebCodecs do not decode it or that have none. Used by the
 * decode worker. Queues: at most 100 frames, of which one is decoded at a time between other work; when it is full, the
 * decoder counts as broken and begins again with a keyframe.
 */

import { systemClock } from "../base/clock.ts";
import { codecNameOf } from "../base/h264.ts";
import type { EncodedFrame } from "../base/media.ts";
import { H264Decoder } from "../codecs/h264-decoder.ts";
import { loadWasm } from "../codecs/wasm.ts";
import type { DecoderEvents, PictureDecoder, VideoCodec } from "./picture-decoder.ts";

/** What `DecoderSwitch` may have kept while our module was on its way (90), and what a track gives on top. */
const MOST_WAITING = 100;

/** A decoder of our own. @throws Error for other codecs, or when WebAssembly does not run here. */
export async function openWasmDecoder(codec: VideoCodec, events: DecoderEvents): Promise<PictureDecoder> {
  if (codec !== "h264") throw new Error(`there is no WebAssembly decoder for ${codec}`);
  return new WasmDecoder(H264Decoder.create(await loadWasm("h264")), events);
}

class WasmDecoder implements PictureDecoder {
  readonly backend = "wasm";
  readonly #decoder: H264Decoder;
  readonly #events: DecoderEvents;
  readonly #waiting: EncodedFrame[] = [];
  /** Posts to itself: a task of its own for each frame, without the delay of timers. */
  readonly #tick = new MessageChannel();
  #closed = false;
  codec: string | null = null;
  decodeTimeS = 0;

  constructor(decoder: H264Decoder, events: DecoderEvents) {
    this.#decoder = decoder;
    this.#events = events;
    this.#tick.port1.onmessage = () => this.#work();
  }

  get queueSize(): number {
    return this.#waiting.length;
  }

  decode(frame: EncodedFrame): void {
    if (this.#waiting.length >= MOST_WAITING) {
      this.#fail("it is too slow");
      return;
    }
    this.#waiting.push(frame);
    if (this.#waiting.length === 1) this.#tick.port2.postMessage(null);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#waiting.length = 0;
    this.#tick.port1.close();
    this.#decoder.close();
  }

  #work(): void {
    const frame = this.#waiting.shift();
    if (this.#closed || frame === undefined) return;
    if (this.#waiting.length > 0) this.#tick.port2.postMessage(null);
    const begun = systemClock.monotonic();
    try {
      if (frame.keyframe) this.codec = codecNameOf(frame.data) ?? this.codec;
      // It stays in the decoder's memory, and is converted when it is painted: what is never painted costs nothing more.
      const image = this.#decoder.decode(frame.data) === null ? null : this.#decoder.take();
      this.decodeTimeS += systemClock.monotonic() - begun;
      if (image !== null) {
        this.#events.onPicture({ image, captureTimeUs: frame.captureTimeUs, close: () => image.close() });
      }
    } catch (error) {
      this.#fail(error instanceof Error ? error.message : String(error));
      return;
    }
    if (!this.#closed) this.#events.onRoom();
  }

  #fail(detail: string): void {
    this.#waiting.length = 0;
    this.#events.onError(detail);
  }
}
