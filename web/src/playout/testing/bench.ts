/** Delivers packets with given delays to a jitter buffer that is pulled block by block, all on a virtual clock. */

import { JitterBuffer } from "../jitter-buffer.ts";
import type { SoundDecoder } from "../sound-decoder.ts";

export const BLOCK = 128;
export const PACKET = 960;
export const CAPTURE_US = 1_790_000_000_000_000;
const FIRST_RTP = 0xffff_0000;

/** How one source's packets are made and sent. */
export interface BenchOptions<Payload> {
  /** What packet number `packet` holds: the sound of samples `packet * 960` and on. */
  readonly payload: (packet: number) => Payload;
  /** When it arrives after its capture, ms; null: never. */
  readonly delayMs: (packet: number) => number | null;
  /** How much faster the sender's clock runs, parts per million. */
  readonly driftPpm?: number;
}

/** One source and one listener. */
export class Bench<Payload extends Uint8Array | Float32Array> {
  readonly buffer: JitterBuffer<Payload>;
  /** How long ago what is played was captured, ms; a block each, null while nothing real is played. */
  readonly latency: Array<number | null> = [];
  now = 0;

  readonly #options: BenchOptions<Payload>;
  readonly #waiting: Array<{ at: number; packet: number }> = [];
  #output = new Float32Array(48_000 * 8);
  #played = 0;
  #nextPacket = 0;

  constructor(decoder: SoundDecoder<Payload>, options: BenchOptions<Payload>) {
    this.buffer = new JitterBuffer(decoder);
    this.#options = options;
  }

  run(seconds: number): void {
    const end = this.now + seconds;
    const spacing = 0.02 / (1 + (this.#options.driftPpm ?? 0) * 1e-6);
    for (; this.#nextPacket * spacing < end; this.#nextPacket += 1) {
      const delayMs = this.#options.delayMs(this.#nextPacket);
      if (delayMs === null) continue;
      this.#waiting.push({ at: this.#nextPacket * spacing + delayMs / 1000, packet: this.#nextPacket });
    }
    // What arrives together arrives in order, as on a TCP connection.
    this.#waiting.sort((a, b) => (Math.abs(a.at - b.at) < 1e-6 ? a.packet - b.packet : a.at - b.at));
    for (; this.now < end; this.now += BLOCK / 48_000) {
      while (this.#waiting[0] !== undefined && this.#waiting[0].at <= this.now)
        this.#push(this.#waiting.shift()?.packet ?? 0);
      const playing = this.buffer.playingCaptureTimeUs;
      this.latency.push(playing === null ? null : this.now * 1000 - (playing - CAPTURE_US) / 1000);
      this.buffer.pull(this.#room(), this.now);
    }
  }

  /** The latency at a moment; nothing real being played then is a fault. */
  latencyAt(seconds: number): number {
    return this.latency[Math.floor((seconds * 48_000) / BLOCK)] ?? Number.NaN;
  }

  /** What was heard between two moments. */
  heard(from: number, to: number): Float32Array {
    return this.#output.subarray(Math.round(from * 48_000), Math.min(this.#played, Math.round(to * 48_000)));
  }

  /** Where the next block goes. */
  #room(): Float32Array {
    if (this.#played + BLOCK > this.#output.length) {
      const longer = new Float32Array(2 * this.#output.length);
      longer.set(this.#output);
      this.#output = longer;
    }
    this.#played += BLOCK;
    return this.#output.subarray(this.#played - BLOCK, this.#played);
  }

  #push(packet: number): void {
    const rtpTimestamp = (FIRST_RTP + packet * PACKET) >>> 0;
    this.buffer.push(this.#options.payload(packet), rtpTimestamp, CAPTURE_US + packet * 20_000, this.now);
  }
}
