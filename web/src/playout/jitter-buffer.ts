/**
 * Evens out arrival: packets of sound go in whenever they arrive, samples come out at the sound card's pace. The play
 * position follows the local clock at a distance (least transit + target delay): a little faster or slower while the
 * distance is wrong by little, at once when it is wrong by much. Runs in the audio thread; time is an argument.
 */

import type { PlayoutStatistics } from "../base/pcm-port.ts";
import { Concealment } from "./concealment.ts";
import { DelayEstimate } from "./delay-estimate.ts";

const SAMPLES_PER_MS = 48;
/** 2.7 s; what lies further ahead pushes the play position forward, the oldest sound is skipped. */
const CAPACITY = 131_072;
const MASK = CAPACITY - 1;
/** A media time this far from the others belongs to a restarted source. */
const RESTART_SAMPLES = 2_000 * SAMPLES_PER_MS;
const DEAD_ZONE_MS = 4;
const MOST_SPEED_CHANGE = 0.015;
/** Error that is corrected by a jump: loud sound, quiet sound, and when nothing is playing anyway. */
const JUMP_LOUD_MS = 80;
const JUMP_QUIET_MS = 15;
const JUMP_SILENT_MS = 10;
const QUIET = 0.004;
const CROSSFADE_SAMPLES = 240;

/** One source's sound, mono 48 kHz. */
export class JitterBuffer {
  /** NaN where nothing has arrived. */
  readonly #ring = new Float32Array(CAPACITY).fill(Number.NaN);
  readonly #concealment = new Concealment();
  /** What was skipped last, to be faded out over what follows. */
  readonly #fade = new Float32Array(CROSSFADE_SAMPLES);
  #delays = new DelayEstimate();
  /** Unwrapped RTP time of the next sample to play; fractional while the speed is not 1. Null before the first packet. */
  #position: number | null = null;
  #newestIndex = 0;
  #newestRtpTimestamp = 0;
  #newestCaptureUs = 0;
  #concealing = true;
  /** 0 … 1: how much of the output is real after a gap. */
  #blend = 0;
  #envelope = 0;
  #fadingFrom: number | null = null;
  #fadedSamples = 0;
  #played = 0;
  #concealed = 0;
  #skipped = 0;
  #late = 0;
  #errorMs = 0;

  /**
   * Take one decoded packet.
   *
   * @param samples mono 48 kHz, copied.
   * @param rtpTimestamp of the first sample, modulo 2³².
   * @param captureTimeUs of the first sample on its sender's clock.
   * @param now seconds on the local clock that `pull` uses too.
   */
  push(samples: Float32Array, rtpTimestamp: number, captureTimeUs: number, now: number): void {
    const nowMs = now * 1000;
    if (this.#position === null) this.#restart(rtpTimestamp);
    let index = this.#newestIndex + ((rtpTimestamp - this.#newestRtpTimestamp) | 0);
    const transitMs = nowMs - index / SAMPLES_PER_MS;
    const expectedMs = this.#delays.minimumTransitMs;
    if (Number.isFinite(expectedMs) && Math.abs(transitMs - expectedMs) * SAMPLES_PER_MS > RESTART_SAMPLES) {
      this.#restart(rtpTimestamp);
      index = this.#newestIndex;
    }
    this.#delays.add(nowMs - index / SAMPLES_PER_MS, nowMs);
    this.#position ??= this.#wantedPosition(nowMs);
    if (index >= this.#newestIndex) {
      this.#newestIndex = index;
      this.#newestRtpTimestamp = rtpTimestamp;
      this.#newestCaptureUs = captureTimeUs;
    }
    if (index + samples.length - this.#position > CAPACITY) this.#skipTo(index + samples.length - CAPACITY / 2);
    const firstPlayable = Math.ceil(this.#position);
    for (let i = 0; i < samples.length; i += 1) {
      if (index + i < firstPlayable) this.#late += 1;
      else this.#ring[(index + i) & MASK] = samples[i] ?? 0;
    }
  }

  /** Fill `output` with what is to be heard from `now` (seconds) on. */
  pull(output: Float32Array, now: number): void {
    if (this.#position === null) {
      output.fill(0);
      return;
    }
    const speed = this.#correct(now * 1000);
    for (let i = 0; i < output.length; i += 1) {
      output[i] = this.#nextSample(this.#position);
      const before = Math.floor(this.#position);
      this.#position += speed;
      for (let used = before; used < Math.floor(this.#position); used += 1) this.#ring[used & MASK] = Number.NaN;
    }
  }

  /** Capture time of the sample that `pull` will give next, µs on the sender's clock; null when nothing real is playing. */
  get playingCaptureTimeUs(): number | null {
    if (this.#position === null || this.#concealing) return null;
    return this.#newestCaptureUs + ((this.#position - this.#newestIndex) / SAMPLES_PER_MS) * 1000;
  }

  /** How it goes. */
  get statistics(): PlayoutStatistics {
    const targetMs = this.#delays.targetMs;
    return {
      delayMs: targetMs + this.#errorMs,
      targetMs,
      playedSamples: this.#played,
      concealedSamples: this.#concealed,
      skippedSamples: this.#skipped,
      lateSamples: this.#late,
    };
  }

  #restart(rtpTimestamp: number): void {
    this.#ring.fill(Number.NaN);
    this.#delays = new DelayEstimate();
    this.#position = null;
    this.#newestIndex = CAPACITY;
    this.#newestRtpTimestamp = rtpTimestamp;
    this.#fadingFrom = null;
    this.#concealing = true;
    this.#blend = 0;
  }

  #wantedPosition(nowMs: number): number {
    return (nowMs - this.#delays.minimumTransitMs - this.#delays.targetMs) * SAMPLES_PER_MS;
  }

  /** Bring the position closer to where it should be; returns the speed for the next block. */
  #correct(nowMs: number): number {
    const position = this.#position ?? 0;
    const wanted = this.#wantedPosition(nowMs);
    const errorMs = (wanted - position) / SAMPLES_PER_MS;
    this.#errorMs = errorMs;
    if (this.#concealing && this.#concealment.silent && Math.abs(errorMs) > JUMP_SILENT_MS) {
      if (errorMs > 0) this.#skipTo(wanted);
      else this.#position = Math.round(wanted);
      return 1;
    }
    if (errorMs > (this.#envelope < QUIET ? JUMP_QUIET_MS : JUMP_LOUD_MS)) {
      this.#skipTo(wanted);
      return 1;
    }
    if (Math.abs(errorMs) < DEAD_ZONE_MS) {
      this.#position = Math.round(position);
      return 1;
    }
    return 1 + Math.max(-MOST_SPEED_CHANGE, Math.min(MOST_SPEED_CHANGE, errorMs / 4000));
  }

  #skipTo(index: number): void {
    const from = Math.floor(this.#position ?? index);
    const to = Math.round(index);
    if (to <= from) return;
    if (!this.#concealing) {
      this.#fadingFrom = from;
      this.#fadedSamples = 0;
      for (let i = 0; i < CROSSFADE_SAMPLES; i += 1) {
        this.#fade[i] = from + i < to ? (this.#ring[(from + i) & MASK] ?? 0) : 0;
      }
    }
    for (let i = Math.max(from, to - CAPACITY); i < to; i += 1) this.#ring[i & MASK] = Number.NaN;
    this.#skipped += to - from;
    this.#position = to;
  }

  #nextSample(position: number): number {
    const index = Math.floor(position);
    const fraction = position - index;
    const left = this.#ring[index & MASK] ?? Number.NaN;
    const right = fraction === 0 ? left : (this.#ring[(index + 1) & MASK] ?? Number.NaN);
    let sample = left + ((Number.isNaN(right) ? left : right) - left) * fraction;
    if (Number.isNaN(sample)) {
      if (!this.#concealing) this.#concealment.begin();
      this.#concealing = true;
      this.#blend = 0;
      if (!this.#concealment.silent) this.#concealed += 1;
      sample = this.#concealment.next();
    } else {
      if (this.#blend < 1) {
        this.#blend = Math.min(1, this.#blend + 1 / CROSSFADE_SAMPLES);
        sample = sample * this.#blend + this.#concealment.next() * (1 - this.#blend);
      }
      this.#concealing = false;
      this.#played += 1;
      sample = this.#crossfaded(sample);
      this.#concealment.remember(sample);
    }
    this.#envelope = Math.max(Math.abs(sample), this.#envelope * 0.9995);
    return sample;
  }

  #crossfaded(sample: number): number {
    if (this.#fadingFrom === null) return sample;
    const old = this.#fade[this.#fadedSamples] ?? Number.NaN;
    const share = (this.#fadedSamples + 1) / CROSSFADE_SAMPLES;
    this.#fadedSamples += 1;
    if (this.#fadedSamples >= CROSSFADE_SAMPLES) this.#fadingFrom = null;
    return Number.isNaN(old) ? sample : sample * share + old * (1 - share);
  }
}
