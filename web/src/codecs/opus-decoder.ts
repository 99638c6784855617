/** Opus by libopus in WebAssembly, for the AudioWorklet: mono, 48 kHz, with libopus's own concealment of losses. */

import { CodecError } from "./codec-error.ts";
import { Instance } from "./instance.ts";

/** The largest packet that a call can bring (the tunnel's and RTP's are smaller). */
const LARGEST_PACKET = 1500;

type Names = "opus_open_decoder" | "opus_samples" | "opus_packet" | "opus_decode_packet" | "opus_conceal";
const NAMES: readonly Names[] = [
  "opus_open_decoder",
  "opus_samples",
  "opus_packet",
  "opus_decode_packet",
  "opus_conceal",
];

/** One decoder; stereo packets come out as mono. Bad packets leave it usable. */
export class OpusDecoder {
  readonly #module: WebAssembly.Module;
  #instance: Instance<Names> | null;
  #samples = 0;
  #packet = 0;
  #closed = false;

  private constructor(module: WebAssembly.Module) {
    this.#module = module;
    this.#instance = this.#start();
  }

  /**
   * @param module what `loadWasm("opus")` gives.
   * @throws CodecUnavailable: the module cannot be started.
   */
  static create(module: WebAssembly.Module): OpusDecoder {
    return new OpusDecoder(module);
  }

  /**
   * @returns the packet's samples, 120 to 5760.
   * @throws CodecError: it is no Opus packet.
   */
  decode(packet: Uint8Array): Float32Array<ArrayBuffer> {
    if (packet.byteLength > LARGEST_PACKET) throw new CodecError(`a packet of ${packet.byteLength} octets`);
    const instance = this.#open();
    instance.octets(this.#packet, packet.byteLength).set(packet);
    return this.#result(instance, "opus_decode_packet", packet.byteLength);
  }

  /**
   * Go on with what was heard, and fade when it lasts.
   *
   * @param samples how many: a multiple of 120 up to 5760.
   * @throws CodecError: another number.
   */
  conceal(samples: number): Float32Array<ArrayBuffer> {
    return this.#result(this.#open(), "opus_conceal", samples);
  }

  /** Give the memory back; nothing may be called after it. */
  close(): void {
    this.#closed = true;
    this.#instance = null;
  }

  #result(instance: Instance<Names>, name: Names, argument: number): Float32Array<ArrayBuffer> {
    try {
      const count = instance.call("decoding sound", name, argument);
      return instance.samples(this.#samples, count).slice();
    } catch (error) {
      // After a trap the memory may be in any state: the next packet gets a new one.
      if (error instanceof CodecError && error.cause !== undefined) this.#instance = null;
      throw error;
    }
  }

  #open(): Instance<Names> {
    if (this.#closed) throw new CodecError("the decoder is closed");
    this.#instance ??= this.#start();
    return this.#instance;
  }

  #start(): Instance<Names> {
    const instance = new Instance(this.#module, NAMES);
    instance.call("decoding sound", "opus_open_decoder");
    this.#samples = instance.address("decoding sound", "opus_samples");
    this.#packet = instance.address("decoding sound", "opus_packet");
    return instance;
  }
}
