/** H.264 by openh264 in WebAssembly; the decode worker uses it where WebCodecs cannot decode. */

import { CodecError } from "./codec-error.ts";
import { type H264Options, pictureSize } from "./h264-encoder.ts";
import { Instance } from "./instance.ts";

export interface DecodedPicture {
  readonly width: number;
  readonly height: number;
  /** I420, tightly packed, valid until the next call. */
  readonly data: Uint8Array<ArrayBuffer>;
}

/** A picture that stays in the decoder's memory, where nothing is written over it until it is closed. */
export interface TakenPicture {
  readonly width: number;
  readonly height: number;
  /** As I420, tightly packed, BT.709 in the limited range; valid until the next call to its decoder or another picture. */
  planes(): Uint8Array<ArrayBuffer>;
  /** As RGBA, converted now; valid as long as `planes()`. */
  rgba(): Uint8ClampedArray<ArrayBuffer>;
  /** Let it go; nothing may be called after it. Twice does no harm. */
  close(): void;
}

type Names = "use_kernels" | "decoder_input" | "decoder_decode" | "decoder_picture" | "decoder_take" | "decoder_rgba";
const NAMES: readonly Names[] = [
  "use_kernels",
  "decoder_input",
  "decoder_decode",
  "decoder_picture",
  "decoder_take",
  "decoder_rgba",
];

/** Where a picture lies: the address of its planes, its size, and the place's number in web/wasm/h264/decoder.cpp. */
interface Lying {
  readonly address: number;
  readonly width: number;
  readonly height: number;
  readonly place: number;
}

const planesOf = (instance: Instance<Names>, { address, width, height }: Lying): Uint8Array<ArrayBuffer> =>
  instance.octets(address, pictureSize("I420", width, height));

function rgbaOf(instance: Instance<Names>, { width, height, place }: Lying): Uint8ClampedArray<ArrayBuffer> {
  const length = pictureSize("RGBA", width, height);
  const octets = instance.octets(instance.address("converting a picture", "decoder_rgba", place), length);
  return new Uint8ClampedArray(octets.buffer, octets.byteOffset, length);
}

/**
 * One decoder with a memory of its own. Pictures come out at once and undamaged: after an error, or when it is new, it
 * refuses everything until a keyframe.
 */
export class H264Decoder {
  readonly #module: WebAssembly.Module;
  readonly #options: H264Options;
  #instance: Instance<Names> | null;
  #closed = false;
  #last: Lying | null = null;

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
    this.#last = null;
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
    const numbers = instance.integers(instance.address(doing, "decoder_picture"), 4);
    const [address = 0, width = 0, height = 0, place = 0] = numbers;
    this.#last = { address: address >>> 0, width, height, place };
    return { width, height, data: planesOf(instance, this.#last) };
  }

  /**
   * The last picture, for as long as it is wanted, also after the decoder was closed. While 12 stay, nothing can be decoded.
   *
   * @throws CodecError: the last call to `decode` gave no picture.
   */
  take(): TakenPicture {
    const [instance, last] = [this.#instance, this.#last];
    if (instance === null || last === null) throw new CodecError("there is no picture");
    const { width, height, place } = last;
    instance.call("keeping a picture", "decoder_take", place, 1);
    let open = true;
    return {
      width,
      height,
      planes: () => planesOf(instance, last),
      rgba: () => rgbaOf(instance, last),
      close: () => {
        if (open) instance.call("letting a picture go", "decoder_take", place, 0);
        open = false;
      },
    };
  }

  /**
   * The last picture as RGBA (BT.709, limited range), valid until the next call.
   *
   * @throws CodecError: the last call to `decode` gave no picture.
   */
  rgba(): Uint8ClampedArray<ArrayBuffer> {
    if (this.#instance === null || this.#last === null) throw new CodecError("there is no picture");
    return rgbaOf(this.#instance, this.#last);
  }

  /** Give the memory back; nothing may be called after it. */
  close(): void {
    this.#closed = true;
    this.#instance = null;
    this.#last = null;
  }

  #start(): Instance<Names> {
    const instance = new Instance(this.#module, NAMES);
    instance.call("choosing kernels", "use_kernels", this.#options.kernels === false ? 0 : 1);
    return instance;
  }
}
