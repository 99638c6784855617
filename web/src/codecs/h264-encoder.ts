/** H.264 constrained baseline by openh264 in WebAssembly; the encode worker uses it where WebCodecs cannot encode. */

import { CodecError } from "./codec-error.ts";
import { Instance } from "./instance.ts";

/** The pixel formats of VideoFrame that are understood. RGB is converted by BT.709, limited range. */
export type PixelFormat = "I420" | "NV12" | "RGBA" | "RGBX" | "BGRA" | "BGRX";

export interface H264EncoderConfig {
  /** Pixels, 16 to 4096, at most 36 864 macroblocks. The last row or column of an odd size is left out of the stream. */
  readonly width: number;
  readonly height: number;
  /** Pictures in a second, 1 to 120. */
  readonly framerate: number;
  /** Bits in a second, 1000 to 100 million. */
  readonly bitrateBps: number;
  /** `detail` has two at most: what is above the first layer is discardable all the same. */
  readonly temporalLayers: 1 | 2 | 3;
  /** `detail`: screens and text, which should rather come late than blurred. */
  readonly content: "motion" | "detail";
}

/** Settings for tests and measurements. */
export interface H264Options {
  /** Whether our own SIMD kernels stand in for openh264's C; true unless said otherwise. */
  readonly kernels?: boolean;
}

export interface EncodedPicture {
  /** Annex B; SPS and PPS before every keyframe. */
  readonly data: Uint8Array<ArrayBuffer>;
  readonly keyframe: boolean;
  readonly temporalLayer: number;
  /** No other picture refers to this one (nal_ref_idc is 0). */
  readonly discardable: boolean;
}

type Names =
  | "use_kernels"
  | "encoder_create"
  | "encoder_input"
  | "encoder_encode"
  | "encoder_outcome"
  | "encoder_set_rates";
const NAMES: readonly Names[] = [
  "use_kernels",
  "encoder_create",
  "encoder_input",
  "encoder_encode",
  "encoder_outcome",
  "encoder_set_rates",
];

/** As `PixelFormat` in web/wasm/h264/pixels.h; what lies in the fourth octet makes no difference. */
const FORMATS: Readonly<Record<PixelFormat, number>> = { I420: 0, NV12: 1, RGBA: 2, RGBX: 2, BGRA: 3, BGRX: 3 };

/** Octets of one picture, planes tightly packed. */
export function pictureSize(format: PixelFormat, width: number, height: number): number {
  if (format !== "I420" && format !== "NV12") return 4 * width * height;
  return width * height + 2 * Math.ceil(width / 2) * Math.ceil(height / 2);
}

/** One encoder with a memory of its own; other sizes need another encoder. */
export class H264Encoder {
  #instance: Instance<Names> | null;
  readonly #config: H264EncoderConfig;

  private constructor(instance: Instance<Names>, config: H264EncoderConfig) {
    this.#instance = instance;
    this.#config = config;
  }

  /**
   * @param module what `loadWasm("h264")` gives.
   * @throws CodecError: a size or rate is out of range. CodecUnavailable: the module cannot be started.
   */
  static create(module: WebAssembly.Module, config: H264EncoderConfig, options: H264Options = {}): H264Encoder {
    const instance = new Instance(module, NAMES);
    const { width, height, framerate, bitrateBps, temporalLayers, content } = config;
    if (!Number.isInteger(width) || !Number.isInteger(height)) throw new CodecError(`no such size: ${width}x${height}`);
    instance.call("choosing kernels", "use_kernels", options.kernels === false ? 0 : 1);
    const detail = content === "detail" ? 1 : 0;
    const doing = `encoding ${width}x${height} at ${framerate}/s with ${bitrateBps} b/s`;
    instance.call(doing, "encoder_create", width, height, framerate, bitrateBps, temporalLayers, detail);
    return new H264Encoder(instance, config);
  }

  /**
   * Room in the encoder's memory for one picture, planes tightly packed (rows of `width` octets, of (width + 1) / 2 in a
   * chroma plane); fill it (VideoFrame.copyTo), then encode. Valid until the next call.
   */
  input(format: PixelFormat): Uint8Array<ArrayBuffer> {
    const { width, height } = this.#config;
    const address = this.#open.address("making room for a picture", "encoder_input", FORMATS[format]);
    return this.#open.octets(address, pictureSize(format, width, height));
  }

  /**
   * Encode the picture in `input(format)`.
   *
   * @param timestampUs of capture, in microseconds; it must grow.
   * @returns null if the rate control skipped the picture; a keyframe that was asked for is not skipped.
   * @throws CodecError: nothing is in the input, or openh264 failed. One that broke is closed.
   */
  encode(format: PixelFormat, timestampUs: number, keyframe: boolean): EncodedPicture | null {
    const instance = this.#open;
    const numbers = [FORMATS[format], Math.round(timestampUs / 1000), keyframe ? 1 : 0];
    let size: number;
    try {
      size = instance.call("encoding a picture", "encoder_encode", ...numbers);
    } catch (error) {
      // After a trap the memory may be in any state.
      if (error instanceof CodecError && error.cause !== undefined) this.close();
      throw error;
    }
    if (size === 0) return null;
    const outcome = instance.integers(instance.address("encoding a picture", "encoder_outcome"), 4);
    const [address = 0, isKeyframe, temporalLayer = 0, discardable] = outcome;
    return {
      data: instance.octets(address >>> 0, size).slice(),
      keyframe: isKeyframe !== 0,
      temporalLayer,
      discardable: discardable !== 0,
    };
  }

  /** New rates from the next picture on; makes no keyframe. @throws CodecError: out of range. */
  setRates(bitrateBps: number, framerate: number): void {
    this.#open.call(`encoding ${framerate}/s with ${bitrateBps} b/s`, "encoder_set_rates", bitrateBps, framerate);
  }

  /** Give the memory back; nothing may be called after it. */
  close(): void {
    this.#instance = null;
  }

  get #open(): Instance<Names> {
    if (this.#instance === null) throw new CodecError("the encoder is closed");
    return this.#instance;
  }
}
