/**
 * Evens out arrival: packets go in whenever they arrive, samples come out at the sound card's pace. Packets are decoded when
 * their sound is needed, so that the decoder conceals what is missing. The delay follows the measured jitter; where it is
 * too long or too short, time is stretched. Runs in the audio thread, which gives it 2.7 ms for a block; time is an argument.
 *
 * What is played next is decided by what waits:
 *
 *     the next packet                 decode it; if far too much waits behind it, go on further ahead
 *     a later packet                  conceal until it is that packet's turn
 *     nothing                         conceal, fading to silence; what comes late makes the delay longer, and is caught up with
 */

import type { PlayoutStatistics } from "../base/pcm-port.ts";
import { DelayEstimate } from "./delay-estimate.ts";
import { LeastWaiting } from "./least-waiting.ts";
import { Pace } from "./pace.ts";
import { PacketBuffer } from "./packet-buffer.ts";
import { PlayoutCounters } from "./playout-counters.ts";
import type { SoundDecoder } from "./sound-decoder.ts";
import { SoundLine } from "./sound-line.ts";
import { TimeStretch } from "./time-stretch.ts";

const SAMPLES_PER_MS = 48;
/** A media time this far from the others belongs to a restarted source. */
const RESTART_MS = 2_000;
/** So does one that stays behind what was played: 10 packets of 20 ms. */
const MOST_LATE_PACKETS = 10;
/** Concealment comes in pieces of 10 ms, fades after 40 ms, and is silent after 100 ms. */
const CONCEALED_SAMPLES = 480;
const FADE_FROM_SAMPLES = 40 * SAMPLES_PER_MS;
const FADE_TO_SAMPLES = 100 * SAMPLES_PER_MS;
/** Sound that comes back is faded in, and sound that is cut is crossfaded, over 5 ms. */
const FADE_IN_SAMPLES = 240;
/** More than this cannot be caught up with in two seconds; the oldest is skipped. */
const MOST_EXCESS_MS = 600;
/** In the first second nobody misses what nobody has heard the beginning of. */
const BEGINNING_MS = 1_000;
const MOST_EXCESS_AT_BEGINNING_MS = 40;
/** What is not left out, however late everything is: the next packet may take longer. */
const RESERVE_MS = 8;
/** A packet may be this early after a gap. */
const EARLY_MS = 4;
/** An Opus packet of so few octets says that the sender falls silent (RFC 6716 §2.1.9). */
const MOST_DTX_OCTETS = 2;
const SILENCE = new Float32Array(CONCEALED_SAMPLES);

/** One source's sound, mono 48 kHz. `Payload` is what its packets hold. */
export class JitterBuffer<Payload extends Uint8Array | Float32Array> {
  /** Whether the play position has moved otherwise than with time; whoever looks sets it back. */
  jumped = false;
  readonly #decoder: SoundDecoder<Payload>;
  readonly #packets = new PacketBuffer<Payload>();
  readonly #line = new SoundLine();
  readonly #pace = new Pace(new TimeStretch(this.#line));
  readonly #least = new LeastWaiting();
  readonly #counters = new PlayoutCounters();
  #delays = new DelayEstimate();
  /** Media time of the sample after the last one in the line, unwrapped; null: not begun. */
  #nextIndex: number | null = null;
  #newestIndex: number | null = null;
  #newestRtpTimestamp = 0;
  #beganMs = 0;
  /** Capture time of media time `anchorIndex`. */
  #anchorUs = 0;
  #anchorIndex = 0;
  /** Samples since the last real one; at the start everything is silent. */
  #missing = FADE_TO_SAMPLES;
  #gain = 0;
  #silenceAgreed = false;
  #late = 0;
  #lagMs = 0;

  constructor(decoder: SoundDecoder<Payload>) {
    this.#decoder = decoder;
  }

  /**
   * Take one packet.
   *
   * @param payload kept until its turn.
   * @param rtpTimestamp of the first sample, modulo 2³².
   * @param captureTimeUs of the first sample on its sender's clock.
   * @param now seconds on the local clock that `pull` uses too.
   */
  push(payload: Payload, rtpTimestamp: number, captureTimeUs: number, now: number): void {
    const samples = this.#decoder.samplesIn(payload);
    if (samples === 0) return;
    const nowMs = now * 1000;
    let index = this.#indexOf(rtpTimestamp);
    const expectedMs = this.#delays.minimumTransitMs;
    if (Number.isFinite(expectedMs) && Math.abs(nowMs - index / SAMPLES_PER_MS - expectedMs) > RESTART_MS) {
      this.#restart();
      index = this.#indexOf(rtpTimestamp);
    }
    this.#delays.add(nowMs - index / SAMPLES_PER_MS, nowMs);
    if (this.#nextIndex !== null && index + samples <= this.#nextIndex) {
      this.#counters.late += samples;
      this.#late += 1;
      if (this.#late >= MOST_LATE_PACKETS) this.#restart();
      return;
    }
    this.#late = 0;
    if (this.#newestIndex === null || index >= this.#newestIndex) {
      this.#newestIndex = index;
      this.#newestRtpTimestamp = rtpTimestamp;
    }
    this.#counters.skipped += this.#packets.insert({ payload, index, samples, captureTimeUs });
  }

  /** Fill `output` with what is to be heard from `now` (seconds) on. */
  pull(output: Float32Array, now: number): void {
    const nowMs = now * 1000;
    this.#fill(output.length, nowMs);
    this.#stretchTime(output.length, nowMs);
    const playing = this.#missing === 0;
    if (playing) this.#counters.play(output.length, this.#lagMs, this.#delays.targetMs);
    this.#line.take(output, 0, output.length);
    this.#counters.hear(output);
  }

  /** Capture time of the sample that `pull` will give next, µs on the sender's clock; null when nothing real is playing. */
  get playingCaptureTimeUs(): number | null {
    if (this.#nextIndex === null || this.#missing > 0) return null;
    const index = this.#nextIndex - this.#line.ahead;
    return this.#anchorUs + ((index - this.#anchorIndex) / SAMPLES_PER_MS) * 1000;
  }

  /** The loudest RFC 6464 level that was heard since this was asked last. */
  takeLevel(): number {
    return this.#counters.takeLevel();
  }

  /** Capture time of the newest packet that was decoded, µs on the sender's clock. */
  get lastCaptureTimeUs(): number | null {
    return this.#nextIndex === null ? null : this.#anchorUs;
  }

  /** How it goes. */
  get statistics(): PlayoutStatistics {
    return this.#counters.statistics(this.#lagMs, this.#delays.targetMs);
  }

  close(): void {
    this.#packets.clear();
    this.#decoder.close();
  }

  #indexOf(rtpTimestamp: number): number {
    // Far from zero, so that what comes before the first packet has its place too.
    if (this.#newestIndex === null) return 2 ** 32;
    return this.#newestIndex + ((rtpTimestamp - this.#newestRtpTimestamp) | 0);
  }

  #restart(): void {
    this.#packets.clear();
    this.#delays = new DelayEstimate();
    this.#pace.reset();
    this.#nextIndex = null;
    this.#newestIndex = null;
    this.#late = 0;
  }

  /** How long after the fastest packet of its time a sample would be heard, if it came right after the line, ms. */
  #lagOf(index: number, nowMs: number): number {
    return nowMs + this.#line.ahead / SAMPLES_PER_MS - this.#delays.minimumTransitMs - index / SAMPLES_PER_MS;
  }

  #fill(samples: number, nowMs: number): void {
    while (this.#line.ahead < samples) {
      const first = this.#packets.first;
      if (first === undefined || !this.#isTurnOf(first.index, nowMs)) this.#conceal();
      else this.#playNext(nowMs);
    }
  }

  #isTurnOf(index: number, nowMs: number): boolean {
    if (this.#nextIndex !== null && index <= this.#nextIndex) return true;
    // Even where there is no time to wait, the decoder has to know of the gap.
    return this.#missing > 0 && this.#lagOf(index, nowMs) >= this.#delays.targetMs - EARLY_MS;
  }

  /** Decode the first packet, or a later one if too much waits. */
  #playNext(nowMs: number): void {
    let packet = this.#packets.take();
    if (packet === undefined) return;
    if (this.#nextIndex === null) this.#beganMs = nowMs;
    const beginning = nowMs - this.#beganMs < BEGINNING_MS;
    const mostMs = this.#delays.targetMs + (beginning ? MOST_EXCESS_AT_BEGINNING_MS : MOST_EXCESS_MS);
    const skips = this.#lagOf(packet.index, nowMs) > mostMs;
    if (skips && this.#missing === 0 && this.#line.ahead < FADE_IN_SAMPLES) {
      // Something to fade from; it is played, and the next turn skips.
      this.#decode(packet, 0);
      packet = this.#packets.take();
    }
    const leastMs = this.#delays.targetMs + (beginning ? 0 : MOST_EXCESS_MS);
    while (skips && packet !== undefined && this.#packets.first !== undefined) {
      if (this.#lagOf(packet.index, nowMs) <= leastMs) break;
      this.#counters.skipped += packet.samples;
      packet = this.#packets.take();
    }
    if (packet !== undefined) this.#decode(packet, skips ? FADE_IN_SAMPLES : 0);
  }

  #decode(packet: { payload: Payload; index: number; samples: number; captureTimeUs: number }, overlap: number): void {
    let sound: Float32Array;
    try {
      sound = this.#decoder.decode(packet.payload);
    } catch {
      // The next one comes after a gap then, and is concealed up to.
      return;
    }
    this.#silenceAgreed = packet.payload instanceof Uint8Array && packet.payload.length <= MOST_DTX_OCTETS;
    const begun = Math.min(sound.length, Math.max(0, (this.#nextIndex ?? packet.index) - packet.index));
    const rest = begun === 0 ? sound : sound.subarray(begun);
    this.#counters.late += begun;
    if (this.#gain < 1) this.#fadeIn(rest);
    if (this.#missing > 0 || overlap > 0) this.jumped = true;
    this.#missing = 0;
    this.#line.join(rest, overlap);
    this.#nextIndex = Math.max(this.#nextIndex ?? 0, packet.index + sound.length);
    this.#anchorIndex = packet.index;
    this.#anchorUs = packet.captureTimeUs;
  }

  #fadeIn(sound: Float32Array): void {
    const from = this.#gain;
    const length = Math.min(FADE_IN_SAMPLES, sound.length);
    for (let i = 0; i < length; i += 1) {
      sound[i] = (sound[i] ?? 0) * (from + ((1 - from) * (i + 1)) / length);
    }
    this.#gain = 1;
  }

  /** Put 10 ms of invention into the line, or of silence when too much is missing. */
  #conceal(): void {
    if (this.#missing === 0) this.#counters.concealmentEvents += this.#silenceAgreed ? 0 : 1;
    const fadeTo = this.#silenceAgreed ? CONCEALED_SAMPLES : FADE_TO_SAMPLES;
    const fadeFrom = this.#silenceAgreed ? 0 : FADE_FROM_SAMPLES;
    const from = this.#gain;
    this.#missing += CONCEALED_SAMPLES;
    if (from <= 0) {
      this.#counters.silent += CONCEALED_SAMPLES;
      this.#line.append(SILENCE);
      return;
    }
    const to = Math.max(0, Math.min(from, (fadeTo - this.#missing) / (fadeTo - fadeFrom)));
    const sound = this.#invent();
    for (let i = 0; i < sound.length; i += 1) sound[i] = (sound[i] ?? 0) * (from + ((to - from) * i) / sound.length);
    this.#gain = to;
    if (this.#silenceAgreed) this.#counters.silent += sound.length;
    else this.#counters.concealed += sound.length;
    this.#line.append(sound);
  }

  #invent(): Float32Array {
    try {
      return this.#decoder.conceal(CONCEALED_SAMPLES);
    } catch {
      return new Float32Array(CONCEALED_SAMPLES);
    }
  }

  #stretchTime(samples: number, nowMs: number): void {
    if (this.#nextIndex === null || this.#missing > 0) {
      this.#pace.reset();
      this.#least.reset();
      return;
    }
    this.#lagMs = this.#lagOf(this.#nextIndex, nowMs);
    const waiting = this.#line.ahead + Math.max(0, (this.#packets.end ?? 0) - this.#nextIndex);
    this.#least.add(waiting / SAMPLES_PER_MS, samples);
    const excessMs = Math.min(this.#lagMs - this.#delays.targetMs, Math.max(0, this.#least.ms - RESERVE_MS));
    this.#pace.aim(excessMs, samples);
    while (this.#line.ahead < this.#pace.wantedAhead && this.#packets.first?.index === this.#nextIndex) {
      this.#playNext(nowMs);
    }
    const { removed, inserted } = this.#pace.correct(excessMs);
    if (removed + inserted === 0) return;
    this.#counters.removed += removed;
    this.#counters.inserted += inserted;
    this.jumped = true;
  }
}
