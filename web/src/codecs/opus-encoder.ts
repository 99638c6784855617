/** Opus by libopus in WebAssembly, for the encode worker: mono, 48 kHz, packets of 20 ms. */

import { CodecError } from "./codec-error.ts";
import { Instance } from "./instance.ts";

/** Samples in one packet. */
export const OPUS_FRAME_SAMPLES = 960;

type Names = "opus_open_encoder" | "opus_samples" | "opus_packet" | "opus_encode_frame" | "opus_set_bitrate";
const NAMES: readonly Names[] = [
  "opus_open_encoder",
  "opus_samples",
  "opus_packet",
  "opus_encode_frame",
  "opus_set_bitrate",
];

/** One encoder tuned for voice; every packet is coded, silence too. */
export class OpusEncoder {
  #instance: Instance<Names> | null;
  readonly #samples: number;
  readonly #packet: number;

  private constructor(instance: Instance<Names>) {
    this.#instance = instance;
    this.#samples = instance.address("encoding sound", "opus_samples");
    this.#packet = instance.address("encoding sound", "opus_packet");
  }

  /**
   * @param module what `loadWasm("opus")` gives.
   * @param bitrateBps bits in a second, 6000 to 256 000.
   * @throws CodecError: the bitrate is out of range. CodecUnavailable: the module cannot be started.
   */
  static create(module: WebAssembly.Module, bitrateBps: number): OpusEncoder {
    const instance = new Instance(module, NAMES);
    instance.call(`encoding sound with ${bitrateBps} b/s`, "opus_open_encoder", bitrateBps);
    return new OpusEncoder(instance);
  }

  /**
   * @param samples 960, from -1 to 1.
   * @returns one packet.
   * @throws CodecError: another number of samples.
   */
  encode(samples: Float32Array): Uint8Array<ArrayBuffer> {
    if (samples.length !== OPUS_FRAME_SAMPLES) throw new CodecError(`${samples.length} samples instead of 960`);
    const instance = this.#open;
    instance.samples(this.#samples, samples.length).set(samples);
    const size = instance.call("encoding sound", "opus_encode_frame");
    return instance.octets(this.#packet, size).slice();
  }

  /** From the next packet on. @throws CodecError: out of range. */
  setBitrate(bitrateBps: number): void {
    this.#open.call(`encoding sound with ${bitrateBps} b/s`, "opus_set_bitrate", bitrateBps);
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
