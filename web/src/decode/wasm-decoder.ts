/**
 * H.264 by our own WebAssembly build of openh264, for browsers whose WebCodecs do not decode it or that have none. Used by the
 * decode worker. Queues: at most 100 frames, of which one is decoded at a time between other work; when it is full, the
 * decoder counts as broken and begins again with a keyframe.
 */

import { systemClock } from "../base/clock.ts";
import { codecNameOf } from "../base/h264.ts";
import type { EncodedFrame } from "../base/media.ts";
import { type DecodedPicture as CodecPicture, H264Decoder } from "../codecs/h264-decoder.ts";
import { loadWasm } from "../codecs/wasm.ts";
import type { DecodedPicture, DecoderEvents, PictureDecoder, VideoCodec } from "./picture-decoder.ts";

/** What `DecoderSwitch` may have kept while our module was on its way (90), and what a track gives on top. */
const MOST_WAITING = 100;
/** Memory that pictures had and the next ones may use. */
const MOST_SPARE = 4;

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
  readonly #spare: Uint8ClampedArray<ArrayBuffer>[] = [];
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
    this.#spare.length = 0;
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
      const decoded = this.#decoder.decode(frame.data);
      const picture = decoded === null ? null : this.#pictureOf(decoded, frame.captureTimeUs);
      this.decodeTimeS += systemClock.monotonic() - begun;
      if (picture !== null) this.#events.onPicture(picture);
    } catch (error) {
      this.#fail(error instanceof Error ? error.message : String(error));
      return;
    }
    if (!this.#closed) this.#events.onRoom();
  }

  /**
   * A copy, because the decoder's memory is used again. As RGBA also where there is VideoFrame: without a graphics card
   * the canvas takes that in half the time.
   */
  #pictureOf({ width, height }: CodecPicture, captureTimeUs: number): DecodedPicture {
    const pixels = this.#decoder.rgba();
    const spare = this.#spare.pop();
    const rgba = spare?.length === pixels.length ? spare : new Uint8ClampedArray(pixels.length);
    rgba.set(pixels);
    let closed = false;
    const close = (): void => {
      if (!closed && this.#spare.length < MOST_SPARE) this.#spare.push(rgba);
      closed = true;
    };
    return { image: { width, height, rgba }, captureTimeUs, close };
  }

  #fail(detail: string): void {
    this.#waiting.length = 0;
    this.#events.onError(detail);
  }
}
