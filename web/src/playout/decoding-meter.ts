/** Counts what a decoder in the audio thread gets, gives and costs. Time comes from outside. */

import type { EncodedFrame } from "../base/media.ts";
import type { AudioDecodingStatistics } from "../base/pcm-port.ts";
import type { SoundDecoder } from "./sound-decoder.ts";

/** Stands before another decoder. */
export class DecodingMeter implements SoundDecoder<Uint8Array> {
  readonly #decoder: SoundDecoder<Uint8Array>;
  readonly #nowMs: () => number;
  #received = 0;
  #bytes = 0;
  #decoded = 0;
  #spentMs = 0;
  #level: number | null = null;

  /** @param nowMs a clock; a coarse one will do, since its errors even out. */
  constructor(decoder: SoundDecoder<Uint8Array>, nowMs: () => number) {
    this.#decoder = decoder;
    this.#nowMs = nowMs;
  }

  /** A frame has come. */
  receive(frame: EncodedFrame): void {
    this.#received += 1;
    this.#bytes += frame.data.length;
    if (frame.audioLevel !== null) this.#level = Math.min(this.#level ?? 127, frame.audioLevel & 0x7f);
  }

  samplesIn(packet: Uint8Array): number {
    return this.#decoder.samplesIn(packet);
  }

  decode(packet: Uint8Array): Float32Array {
    const startedMs = this.#nowMs();
    const sound = this.#decoder.decode(packet);
    this.#spentMs += this.#nowMs() - startedMs;
    this.#decoded += 1;
    return sound;
  }

  conceal(samples: number): Float32Array {
    const startedMs = this.#nowMs();
    const sound = this.#decoder.conceal(samples);
    this.#spentMs += this.#nowMs() - startedMs;
    return sound;
  }

  close(): void {
    this.#decoder.close();
  }

  /** The level is that since the last call. @param lastCaptureTimeUs of the newest frame that was decoded. */
  takeStatistics(lastCaptureTimeUs: number | null): AudioDecodingStatistics {
    const level = this.#level;
    this.#level = null;
    return {
      framesReceived: this.#received,
      framesDecoded: this.#decoded,
      bytesReceived: this.#bytes,
      decodeTimeS: this.#spentMs / 1000,
      lastCaptureTimeUs,
      level,
    };
  }
}
