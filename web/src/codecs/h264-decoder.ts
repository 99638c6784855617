/** H.264 by openh264 in WebAssembly; the decode worker uses it where WebCodecs cannot decode. */

import { CodecError } from "./codec-error.ts";
import type { H264Options } from "./h264-encoder.ts";
import { Instance } from "./instance.ts";

export interface DecodedPicture {
  readonly width: number;
  readonly height: number;
  /** I420, tightly packed, valid until the next call. */
  readonly data: Uint8Array<ArrayBuffer>;
}

type Names = "use_kernels" | "decoder_input" | "decoder_decode" | "decoder_picture" | "decoder_rgba";
const NAMES: readonly Names[] = ["use_kernels", "decoder_input", "decoder_decode", "decoder_picture", "decoder_rgba"];

/**
 * One decoder with a memory of its own. Pictures come out at once and undamaged: after an error, or when it is new, it
 * refuses everything until a keyframe.
 */
export class H264Decoder {
  readonly #module: WebAssembly.Module;
  readonly #options: H264Options;
  #instance: Instance<Names> | null;
  #closed = false;
  #size: { width: number; height: number } | null = null;

  private constructor(module: WebAssembly.Module, options: H264Options) {
    this.#module = module;
    this.#options = options;
    this.#instance = this.#start();
  }

  /**
   * @param module what `loadWasm("h264")` gives.
   * @throws CodecUnavailable: the module cannot be started.
   */
  static create(module: WebAssembly.Module, options: H264Options = {}): H264Decoder {
    return new H264Decoder(module, options);
  }

  /**
   * Decode one access unit (Annex B) of at most 8 MiB.
   *
   * @returns null if there is no picture in it, as in one of parameter sets only.
   * @throws CodecError: it cannot be decoded, or it needs a keyframe that did not come. A keyframe is needed then.
   */
  decode(accessUnit: Uint8Array): DecodedPicture | null {
    if (this.#closed) throw new CodecError("the decoder is closed");
    this.#size = null;
    // After a trap the memory may be in any state: the next try gets a new one.
    this.#instance ??= this.#start();
    const instance = this.#instance;
    const doing = "decoding a picture";
    let found: number;
    try {
      const to = instance.address(doing, "decoder_input", accessUnit.byteLength);
      instance.octets(to, accessUnit.byteLength).set(accessUnit);
      found = instance.call(doing, "decoder_decode", accessUnit.byteLength);
    } catch (error) {
      if (error instanceof CodecError && error.cause !== undefined) this.#instance = null;
      throw error;
    }
    if (found === 0) return null;
    const [address = 0, width = 0, height = 0] = instance.integers(instance.address(doing, "decoder_picture"), 3);
    this.#size = { width, height };
    const length = width * height + 2 * Math.ceil(width / 2) * Math.ceil(height / 2);
    return { width, height, data: instance.octets(address >>> 0, length) };
  }

  /**
   * The last picture as RGBA (BT.709, limited range), valid until the next call.
   *
   * @throws CodecError: the last call to `decode` gave no picture.
   */
  rgba(): Uint8ClampedArray<ArrayBuffer> {
    if (this.#instance === null || this.#size === null) throw new CodecError("there is no picture");
    const length = 4 * this.#size.width * this.#size.height;
    const octets = this.#instance.octets(this.#instance.address("converting a picture", "decoder_rgba"), length);
    return new Uint8ClampedArray(octets.buffer, octets.byteOffset, length);
  }

  /** Give the memory back; nothing may be called after it. */
  close(): void {
    this.#closed = true;
    this.#instance = null;
    this.#size = null;
  }

  #start(): Instance<Names> {
    const instance = new Instance(this.#module, NAMES);
    instance.call("choosing kernels", "use_kernels", this.#options.kernels === false ? 0 : 1);
    return instance;
  }
}
