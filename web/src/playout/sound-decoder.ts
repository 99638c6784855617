/**
 * Where the jitter buffer gets samples from. Two kinds of packets wait there: Opus packets that are decoded when their sound is
 * needed, so that libopus conceals what is missing between them; and sound that the decode worker has decoded already, whose
 * gaps are filled by `Concealment`. Everything is mono, 48 kHz, −1 … 1.
 */

import { Concealment } from "./concealment.ts";

/** Turns waiting packets into sound. `Payload` is what a packet holds. */
export interface SoundDecoder<Payload> {
  /** How many samples a packet will give, without decoding it; 0: it cannot be decoded. */
  samplesIn(payload: Payload): number;
  /**
   * The sound of the next packet, continuing smoothly whatever came before, concealment too.
   *
   * @returns valid until the next call.
   * @throws when the packet cannot be decoded.
   */
  decode(payload: Payload): Float32Array;
  /** What to play where sound is missing. @param samples a multiple of 480. @returns valid until the next call. */
  conceal(samples: number): Float32Array;
  close(): void;
}

/** The part of `codecs/opus-decoder.ts` that is needed here; tests put something else behind it. */
export interface OpusDecoderLike {
  decode(packet: Uint8Array): Float32Array;
  conceal(samples: number): Float32Array;
  close(): void;
}

const SAMPLES_PER_MS = 48;
/** RFC 6716 §3.1, table 2: frame sizes in ms of configurations 0 to 11, 12 to 15 and 16 to 31, over and over. */
const SILK_MS = [10, 20, 40, 60];
const HYBRID_MS = [10, 20];
const CELT_MS = [2.5, 5, 10, 20];
/** RFC 6716 §3.2.5: a packet lasts 120 ms at most. */
const LONGEST_SAMPLES = 120 * SAMPLES_PER_MS;

/**
 * How long an Opus packet lasts, by its first two octets (RFC 6716 §3.1, §3.2):
 *
 *     0 1 2 3 4 5 6 7        code 0: 1 frame    code 3: the next octet's low 6 bits count the frames
 *    | config  |s| c |       code 1, 2: 2 frames
 *
 * @returns samples of 48 kHz; 0 if this is no Opus packet.
 */
export function opusSamplesIn(packet: Uint8Array): number {
  const toc = packet[0];
  if (toc === undefined) return 0;
  const config = toc >> 3;
  const ms = config < 12 ? SILK_MS[config & 3] : config < 16 ? HYBRID_MS[config & 1] : CELT_MS[config & 3];
  const code = toc & 3;
  const frames = code === 0 ? 1 : code === 3 ? (packet[1] ?? 0) & 0x3f : 2;
  const samples = (ms ?? 0) * SAMPLES_PER_MS * frames;
  return samples > LONGEST_SAMPLES ? 0 : samples;
}

/** Decodes Opus packets by libopus. */
export class OpusSoundDecoder implements SoundDecoder<Uint8Array> {
  readonly #opus: OpusDecoderLike;

  constructor(opus: OpusDecoderLike) {
    this.#opus = opus;
  }

  samplesIn(packet: Uint8Array): number {
    return opusSamplesIn(packet);
  }

  decode(packet: Uint8Array): Float32Array {
    return this.#opus.decode(packet);
  }

  conceal(samples: number): Float32Array {
    return this.#opus.conceal(samples);
  }

  close(): void {
    this.#opus.close();
  }
}

/** How long what was invented turns into what is real. */
const BLEND_SAMPLES = 240;

/** Passes on what was decoded elsewhere, and fills gaps by repeating the last pitch period. */
export class PcmSoundDecoder implements SoundDecoder<Float32Array> {
  readonly #concealment = new Concealment();
  #concealing = false;

  samplesIn(samples: Float32Array): number {
    return samples.length;
  }

  decode(samples: Float32Array): Float32Array {
    const blend = this.#concealing ? Math.min(BLEND_SAMPLES, samples.length) : 0;
    this.#concealing = false;
    for (let i = 0; i < blend; i += 1) {
      const share = (i + 1) / (blend + 1);
      samples[i] = (samples[i] ?? 0) * share + this.#concealment.next() * (1 - share);
    }
    for (const sample of samples) this.#concealment.remember(sample);
    return samples;
  }

  conceal(samples: number): Float32Array {
    if (!this.#concealing) this.#concealment.begin();
    this.#concealing = true;
    const invented = new Float32Array(samples);
    for (let i = 0; i < samples; i += 1) invented[i] = this.#concealment.next();
    return invented;
  }

  close(): void {
    // Nothing to let go.
  }
}
