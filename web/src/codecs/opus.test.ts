import { describe, expect, it } from "vitest";
import { CodecError } from "./codec-error.ts";
import { OpusDecoder } from "./opus-decoder.ts";
import { OPUS_FRAME_SAMPLES, OpusEncoder } from "./opus-encoder.ts";
import { builtModule } from "./testing/modules.ts";
import { randomNumbers } from "./testing/pictures.ts";

const module = builtModule("opus");
const RATE = 48_000;
const BITRATE = 32_000;

/** Frame `index` of a tone of amplitude 0.5. */
const tone = (index: number, frequency: number): Float32Array =>
  Float32Array.from({ length: OPUS_FRAME_SAMPLES }, (_, i) => {
    return 0.5 * Math.sin((2 * Math.PI * frequency * (index * OPUS_FRAME_SAMPLES + i)) / RATE);
  });

const rms = (samples: Float32Array): number => Math.sqrt(samples.reduce((sum, x) => sum + x * x, 0) / samples.length);

/** Amplitude of one frequency, and of all the rest together. */
function analyse(samples: Float32Array, frequency: number): { amplitude: number; rest: number } {
  let [sine, cosine] = [0, 0];
  for (const [i, x] of samples.entries()) {
    sine += x * Math.sin((2 * Math.PI * frequency * i) / RATE);
    cosine += x * Math.cos((2 * Math.PI * frequency * i) / RATE);
  }
  const amplitude = (2 * Math.hypot(sine, cosine)) / samples.length;
  const power = rms(samples) ** 2 - amplitude ** 2 / 2;
  return { amplitude, rest: Math.sqrt(Math.max(0, 2 * power)) };
}

function concatenated(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** A decoder that has heard half a second of a tone. */
function warm(frequency: number): OpusDecoder {
  const encoder = OpusEncoder.create(module, BITRATE);
  const decoder = OpusDecoder.create(module);
  for (let i = 0; i < 25; i += 1) decoder.decode(encoder.encode(tone(i, frequency)));
  return decoder;
}

describe("Opus", () => {
  it.each([300, 1000, 3000])("brings a tone of %d Hz through, loud and clean", (frequency) => {
    const encoder = OpusEncoder.create(module, BITRATE);
    const decoder = OpusDecoder.create(module);
    const heard: Float32Array[] = [];
    for (let i = 0; i < 50; i += 1) heard.push(decoder.decode(encoder.encode(tone(i, frequency))));
    expect(heard.every((samples) => samples.length === OPUS_FRAME_SAMPLES)).toBe(true);
    // After half a second libopus has changed its mode, and with it the phase, for the last time.
    const { amplitude, rest } = analyse(concatenated(heard.slice(30)), frequency);
    expect(amplitude).toBeGreaterThan(0.45);
    expect(amplitude).toBeLessThan(0.55);
    expect(20 * Math.log10(amplitude / rest)).toBeGreaterThan(30);
  });

  it("follows the bitrate that is set", () => {
    const random = randomNumbers(7);
    const encoder = OpusEncoder.create(module, 48_000);
    const octets = (frames: number) => {
      let sum = 0;
      for (let i = 0; i < frames; i += 1) {
        sum += encoder.encode(tone(i, 440).map((x) => x * 0.5 + random() * 0.2)).byteLength;
      }
      return (sum * 8 * 50) / frames;
    };
    expect(octets(100)).toBeLessThan(48_000 * 1.15);
    encoder.setBitrate(16_000);
    octets(20);
    const low = octets(100);
    expect(low).toBeLessThan(16_000 * 1.15);
    expect(low).toBeGreaterThan(8_000);
  });

  it("sends a packet for silence too", () => {
    const encoder = OpusEncoder.create(module, BITRATE);
    for (let i = 0; i < 60; i += 1) {
      expect(encoder.encode(new Float32Array(OPUS_FRAME_SAMPLES)).byteLength).toBeGreaterThan(2);
    }
  });

  it("goes on with a tone over a gap, and fades when it lasts", () => {
    const decoder = warm(440);
    const first = decoder.conceal(OPUS_FRAME_SAMPLES);
    expect(first.length).toBe(OPUS_FRAME_SAMPLES);
    expect(analyse(first, 440).amplitude).toBeGreaterThan(0.3);
    let last = first;
    for (let i = 0; i < 24; i += 1) last = decoder.conceal(OPUS_FRAME_SAMPLES);
    expect(rms(last)).toBeLessThan(0.02);
  });

  it.each([120, 240, 480, 2880, 5760])("conceals %d samples", (count) => {
    expect(warm(440).conceal(count).length).toBe(count);
  });

  it("hears again after a gap", () => {
    const encoder = OpusEncoder.create(module, BITRATE);
    const decoder = OpusDecoder.create(module);
    const heard: Float32Array[] = [];
    for (let i = 0; i < 60; i += 1) {
      const packet = encoder.encode(tone(i, 600));
      heard.push(i > 20 && i < 26 ? decoder.conceal(OPUS_FRAME_SAMPLES) : decoder.decode(packet));
    }
    expect(analyse(concatenated(heard.slice(30)), 600).amplitude).toBeGreaterThan(0.45);
  });
});

describe("what does not fit", () => {
  it("is refused by the encoder", () => {
    expect(() => OpusEncoder.create(module, 100)).toThrow(CodecError);
    expect(() => OpusEncoder.create(module, Number.NaN)).toThrow(CodecError);
    const encoder = OpusEncoder.create(module, BITRATE);
    expect(() => encoder.encode(new Float32Array(480))).toThrow(CodecError);
    expect(() => encoder.setBitrate(1e9)).toThrow(CodecError);
    encoder.close();
    expect(() => encoder.encode(tone(0, 440))).toThrow(CodecError);
  });

  it("is refused by the decoder", () => {
    const decoder = OpusDecoder.create(module);
    expect(() => decoder.decode(new Uint8Array())).toThrow(CodecError);
    expect(() => decoder.decode(new Uint8Array(1501))).toThrow(CodecError);
    expect(() => decoder.conceal(100)).toThrow(CodecError);
    expect(() => decoder.conceal(0)).toThrow(CodecError);
    expect(() => decoder.conceal(48_000)).toThrow(CodecError);
  });

  it("does not spoil the sound: samples that are no numbers are silence", () => {
    const encoder = OpusEncoder.create(module, BITRATE);
    const decoder = OpusDecoder.create(module);
    decoder.decode(encoder.encode(new Float32Array(OPUS_FRAME_SAMPLES).fill(Number.NaN)));
    const heard = Array.from({ length: 30 }, (_, i) => decoder.decode(encoder.encode(tone(i, 500))));
    expect(analyse(concatenated(heard.slice(10)), 500).amplitude).toBeGreaterThan(0.45);
  });

  it("in packets of any octets is refused or heard, and the next good packets sound", () => {
    const random = randomNumbers(99);
    const encoder = OpusEncoder.create(module, BITRATE);
    const decoder = OpusDecoder.create(module);
    for (let round = 0; round < 3000; round += 1) {
      const packet = Uint8Array.from({ length: Math.floor(random() * 200) }, () => random() * 256);
      try {
        const samples = decoder.decode(packet);
        if (!samples.every((x) => Number.isFinite(x))) throw new Error("samples that are no numbers");
      } catch (error) {
        if (!(error instanceof CodecError)) throw error;
      }
    }
    const heard = Array.from({ length: 50 }, (_, i) => decoder.decode(encoder.encode(tone(i, 500))));
    expect(analyse(concatenated(heard.slice(25)), 500).amplitude).toBeGreaterThan(0.45);
  });
});
