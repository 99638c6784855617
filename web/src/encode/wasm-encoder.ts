/**
 * H.264 by our own WebAssembly build of openh264, for browsers whose WebCodecs do not encode or that have none. Used by the
 * encode worker. Queues: none, a picture is encoded in the call that brings it.
 */

import { codecNameFor } from "../base/h264.ts";
import { H264Encoder, type H264EncoderConfig, type PixelFormat, pictureSize } from "../codecs/h264-encoder.ts";
import { loadWasm } from "../codecs/wasm.ts";
import type { EncoderEvents, PictureEncoder, RawPicture, VideoSetting } from "./picture-encoder.ts";
import { fits, PictureScaler } from "./picture-scaler.ts";

const TEMPORAL_LAYERS = 2;
/** Video frames in these formats go into the encoder as they are. */
const FORMATS: ReadonlySet<string | null> = new Set<PixelFormat>(["I420", "NV12", "RGBA", "RGBX", "BGRA", "BGRX"]);

const configOf = ({ size, framerate, bitrateBps, content }: VideoSetting): H264EncoderConfig => ({
  ...size,
  framerate,
  bitrateBps: Math.round(bitrateBps),
  temporalLayers: TEMPORAL_LAYERS,
  content,
});

/** Encode one grey picture. @throws Error when nothing comes out. */
function tryOnePicture(encoder: H264Encoder): void {
  encoder.input("I420").fill(128);
  const picture = encoder.encode("I420", 0, true);
  if (picture === null || !picture.keyframe || picture.data.length === 0) {
    throw new Error("our H.264 encoder does not encode");
  }
}

/** What the first trial has shown; the same for all tracks of this worker. */
let works = false;

/** An encoder of our own. @throws Error when WebAssembly does not run here, or our module cannot be loaded. */
export async function openWasmEncoder(setting: VideoSetting, events: EncoderEvents): Promise<PictureEncoder> {
  const module = await loadWasm("h264");
  if (!works) {
    const trial = H264Encoder.create(module, configOf(setting));
    tryOnePicture(trial);
    trial.close();
    works = true;
  }
  return new WasmEncoder(module, setting, events);
}

class WasmEncoder implements PictureEncoder {
  readonly backend = "wasm";
  readonly scalability = `L1T${TEMPORAL_LAYERS}`;
  readonly depth = 1;
  readonly queueSize = 0;
  readonly #module: WebAssembly.Module;
  readonly #events: EncoderEvents;
  readonly #scaler = new PictureScaler({ readable: true });
  #setting: VideoSetting;
  #encoder: H264Encoder;

  constructor(module: WebAssembly.Module, setting: VideoSetting, events: EncoderEvents) {
    this.#module = module;
    this.#setting = setting;
    this.#events = events;
    this.#encoder = H264Encoder.create(module, configOf(setting));
  }

  get codec(): string {
    const { size, framerate } = this.#setting;
    return codecNameFor(size.width, size.height, framerate);
  }

  configure(setting: VideoSetting): void {
    const { size, content, bitrateBps, framerate } = setting;
    const old = this.#setting;
    this.#setting = setting;
    if (old.size.width === size.width && old.size.height === size.height && old.content === content) {
      this.#encoder.setRates(Math.round(bitrateBps), framerate);
      return;
    }
    this.#encoder.close();
    this.#encoder = H264Encoder.create(this.#module, configOf(setting));
  }

  async encode(picture: RawPicture, timestampUs: number, keyframe: boolean): Promise<void> {
    const encoder = this.#encoder;
    const format = await this.#copied(picture, encoder);
    // Another size may have been asked for while the picture was copied.
    if (encoder !== this.#encoder) return;
    const encoded = encoder.encode(format ?? this.#drawn(picture, encoder), timestampUs, keyframe);
    if (encoded !== null) this.#events.onEncoded({ ...encoded, timestampUs });
  }

  close(): void {
    this.#encoder.close();
  }

  /** Into the encoder's memory without a canvas; null when this picture cannot be had so. */
  async #copied(picture: RawPicture, encoder: H264Encoder): Promise<PixelFormat | null> {
    const { size } = this.#setting;
    if (!fits(picture, size)) {
      const planes = await this.#scaler.planes(picture, size);
      if (planes !== null && encoder === this.#encoder) encoder.input("I420").set(planes);
      return planes === null ? null : "I420";
    }
    if (!FORMATS.has(picture.format)) return null;
    const format = picture.format as PixelFormat;
    if (picture.allocationSize() !== pictureSize(format, size.width, size.height)) return null;
    try {
      await picture.copyTo(encoder.input(format));
      return format;
    } catch {
      // Its pixels lie where they cannot be read, on a graphics card mostly.
      return null;
    }
  }

  #drawn(picture: RawPicture, encoder: H264Encoder): PixelFormat {
    const pixels = this.#scaler.pixels(picture, this.#setting.size);
    encoder.input("RGBA").set(pixels);
    return "RGBA";
  }
}
