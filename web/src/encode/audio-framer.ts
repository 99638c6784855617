/**
 * Cuts what a microphone gives (any block length, rate and number of channels) into the 20 ms mono blocks of 48 kHz that the
 * Opus encoder takes, each with its capture time, RTP timestamp and level. Used by the encode worker; no browser API here.
 */

import { audioLevelOctet } from "../base/audio-level.ts";

export const SAMPLE_RATE = 48_000;
/** 20 ms: the block that one Opus packet holds. */
export const FRAME_SAMPLES = 960;
const FRAME_US = 20_000;
/** A capture time this far from where the last block ended is a gap or a restart, not jitter. */
const GAP_US = 40_000;

/** 20 ms of sound. */
export interface AudioFrame {
  /** 960 samples, −1 … 1. */
  readonly samples: Float32Array<ArrayBuffer>;
  /** When the first sample was captured, µs since the Unix epoch. */
  readonly captureTimeUs: number;
  /** 48 kHz ticks, modulo 2³². */
  readonly rtpTimestamp: number;
  /** The RFC 6464 octet: voice activity in bit 7, level 0 (loudest) … 127 (silence). */
  readonly level: number;
}

/** Average several channels into one. */
export function mixDown(channels: readonly Float32Array[]): Float32Array<ArrayBuffer> {
  const length = channels[0]?.length ?? 0;
  const mixed = new Float32Array(length);
  for (const channel of channels) for (let i = 0; i < length; i += 1) mixed[i] = (mixed[i] ?? 0) + (channel[i] ?? 0);
  if (channels.length > 1) for (let i = 0; i < length; i += 1) mixed[i] = (mixed[i] ?? 0) / channels.length;
  return mixed;
}

/** Linear interpolation from one sample rate to 48 kHz; good enough for the rare microphone that has no 48 kHz of its own. */
class Resampler {
  readonly #rate: number;
  #position = 0;
  #last = 0;

  constructor(rate: number) {
    this.#rate = rate;
  }

  push(input: Float32Array): Float32Array {
    const step = this.#rate / SAMPLE_RATE;
    const output = new Float32Array(Math.max(0, Math.ceil((input.length - this.#position) / step)));
    let count = 0;
    // Position 0 lies on the last sample of the block before, position 1 on the first of this one.
    for (; this.#position < input.length; this.#position += step) {
      const index = Math.floor(this.#position);
      const left = index === 0 ? this.#last : (input[index - 1] ?? 0);
      const right = input[index] ?? 0;
      output[count] = left + (right - left) * (this.#position - index);
      count += 1;
    }
    this.#position -= input.length;
    this.#last = input[input.length - 1] ?? 0;
    return output.subarray(0, count);
  }
}

/** Collects blocks of one microphone into frames. Holds less than 20 ms. */
export class AudioFramer {
  readonly #pending = new Float32Array(FRAME_SAMPLES);
  #pendingCount = 0;
  #resampler: { rate: number; resampler: Resampler } | null = null;
  /** Capture time of `pending[0]`; null before the first block. */
  #anchorUs: number | null = null;
  #rtpTimestamp: number;

  constructor(firstRtpTimestamp: number) {
    this.#rtpTimestamp = firstRtpTimestamp >>> 0;
  }

  /**
   * Take one block.
   *
   * @param samples mono, −1 … 1.
   * @param sampleRate of the block, Hz.
   * @param captureTimeUs of its first sample, µs since the Unix epoch.
   */
  push(samples: Float32Array, sampleRate: number, captureTimeUs: number): AudioFrame[] {
    this.#follow(captureTimeUs);
    const input = this.#at48k(samples, sampleRate);
    const frames: AudioFrame[] = [];
    let taken = 0;
    while (taken < input.length) {
      const count = Math.min(FRAME_SAMPLES - this.#pendingCount, input.length - taken);
      this.#pending.set(input.subarray(taken, taken + count), this.#pendingCount);
      this.#pendingCount += count;
      taken += count;
      if (this.#pendingCount === FRAME_SAMPLES) frames.push(this.#cut());
    }
    return frames;
  }

  #at48k(samples: Float32Array, sampleRate: number): Float32Array {
    if (sampleRate === SAMPLE_RATE) return samples;
    if (this.#resampler?.rate !== sampleRate)
      this.#resampler = { rate: sampleRate, resampler: new Resampler(sampleRate) };
    return this.#resampler.resampler.push(samples);
  }

  #follow(captureTimeUs: number): void {
    const bufferedUs = (this.#pendingCount * 1_000_000) / SAMPLE_RATE;
    if (this.#anchorUs === null) {
      this.#anchorUs = captureTimeUs;
      return;
    }
    const errorUs = captureTimeUs - bufferedUs - this.#anchorUs;
    if (Math.abs(errorUs) <= GAP_US) {
      // The device's clock drifts against the page's: follow slowly, so that neighbouring frames stay 20 ms apart.
      this.#anchorUs += errorUs / 64;
      return;
    }
    const gapSamples = Math.round((errorUs * SAMPLE_RATE) / 1_000_000) + this.#pendingCount;
    this.#rtpTimestamp = (this.#rtpTimestamp + Math.max(0, gapSamples)) >>> 0;
    this.#pendingCount = 0;
    this.#anchorUs = captureTimeUs;
  }

  #cut(): AudioFrame {
    const frame = {
      samples: this.#pending.slice(),
      captureTimeUs: Math.round(this.#anchorUs ?? 0),
      rtpTimestamp: this.#rtpTimestamp,
      level: audioLevelOctet(this.#pending),
    };
    this.#pendingCount = 0;
    this.#anchorUs = (this.#anchorUs ?? 0) + FRAME_US;
    this.#rtpTimestamp = (this.#rtpTimestamp + FRAME_SAMPLES) >>> 0;
    return frame;
  }
}
