import { describe, expect, it } from "vitest";
import { OpusDecoder } from "../codecs/opus-decoder.ts";
import { OpusEncoder } from "../codecs/opus-encoder.ts";
import { builtModule } from "../codecs/testing/modules.ts";
import { OpusSoundDecoder, opusSamplesIn } from "./sound-decoder.ts";
import { Bench, BLOCK, PACKET } from "./testing/bench.ts";
import { largestStep, pitchOf, roughness, type Sound, tone, voice } from "./testing/sounds.ts";

const module = builtModule("opus");

type Delay = (packet: number) => number | null;

/** An Opus sender and a listener. */
function bench(delayMs: Delay, sound: Sound): Bench<Uint8Array> {
  const encoder = OpusEncoder.create(module, 32_000);
  const packets: Uint8Array[] = [];
  const payload = (packet: number): Uint8Array => {
    for (let i = packets.length; i <= packet; i += 1) {
      packets.push(encoder.encode(Float32Array.from({ length: PACKET }, (_, n) => sound(i * PACKET + n))));
    }
    return packets[packet] ?? new Uint8Array();
  };
  return new Bench(new OpusSoundDecoder(OpusDecoder.create(module)), { payload, delayMs });
}

const power = (samples: Float32Array) => samples.reduce((sum, s) => sum + s * s, 0) / Math.max(1, samples.length);
const stalled: Delay = (packet) => (packet >= 250 && packet < 285 ? 30 + (285 - packet) * 20 : 30);
const STALL_END = 5.73;

describe("libopus behind the jitter buffer", () => {
  it("plays what was encoded", () => {
    const call = bench(() => 30, tone(440));
    call.run(4);
    expect(pitchOf(call.heard(1, 4))).toBeCloseTo(440, 0);
    expect(power(call.heard(1, 4))).toBeCloseTo(0.125, 2);
  });

  it("conceals single lost packets so that they are hardly noticed", () => {
    const call = bench((packet) => (packet % 25 === 0 && packet > 0 ? null : 30), voice);
    call.run(8);
    const whole = bench(() => 30, voice);
    whole.run(8);
    const { concealedSamples, concealmentEvents, silentSamples } = call.buffer.statistics;
    expect(concealmentEvents).toBe(15);
    expect(concealedSamples).toBeLessThan(15 * 2_000);
    expect(silentSamples).toBe(whole.buffer.statistics.silentSamples);
    expect(largestStep(call.heard(0.5, 8))).toBeLessThan(1.3 * largestStep(whole.heard(0.5, 8)));
    const change = 10 * Math.log10(power(call.heard(0.5, 8)) / power(whole.heard(0.5, 8)));
    expect(Math.abs(change)).toBeLessThan(1);
  });

  it("is silent 100 ms after a stall began: no buzz, no click", () => {
    const call = bench(stalled, tone(440));
    call.run(STALL_END + 2);
    expect(Math.max(...call.heard(5.25, 5.7).map(Math.abs))).toBe(0);
    expect(largestStep(call.heard(0.5, STALL_END + 2))).toBeLessThan(0.5 * ((2 * Math.PI * 440) / 48_000) * 2);
  });

  it("catches up after a stall of 700 ms within 2 s, at the same pitch, smoothly", () => {
    const call = bench(stalled, tone(440));
    call.run(STALL_END + 2);
    expect(call.latencyAt(STALL_END + 1.98)).toBeLessThan(1.2 * call.latencyAt(4.9));
    expect(Math.abs(pitchOf(call.heard(STALL_END + 0.1, STALL_END + 1)) / 440 - 1)).toBeLessThan(0.01);
    const talk = bench(stalled, voice);
    talk.run(STALL_END + 2);
    const caught = talk.heard(STALL_END + 0.05, STALL_END + 1.5);
    expect(roughness(caught)).toBeLessThan(1.3 * roughness(talk.heard(1, 5)));
    expect(largestStep(caught)).toBeLessThan(1.3 * largestStep(talk.heard(1, 5)));
  });

  it("is silent, and conceals nothing, after a packet that announces a pause", () => {
    const call = bench(() => 30, tone(440));
    call.run(2);
    const before = call.buffer.statistics;
    // As libopus writes it: nothing but the first octet.
    const pause = Uint8Array.of(0x78);
    const rtpTimestamp = (0xffff_0000 + 99 * PACKET) >>> 0;
    call.buffer.push(pause, rtpTimestamp, 1_790_000_001_980_000, call.now);
    const block = new Float32Array(BLOCK);
    for (let i = 0; i < 200; i += 1) {
      call.buffer.pull(block, call.now);
      call.now += BLOCK / 48_000;
    }
    expect(block.every((sample) => sample === 0)).toBe(true);
    expect(call.buffer.statistics.concealedSamples).toBe(before.concealedSamples);
    expect(call.buffer.statistics.silentSamples).toBeGreaterThan(before.silentSamples);
  });

  it("goes on after packets that are none", () => {
    const call = bench(() => 30, tone(440));
    call.run(2);
    for (let packet = 100; packet < 105; packet += 1) {
      const rtpTimestamp = (0xffff_0000 + packet * PACKET) >>> 0;
      call.buffer.push(
        Uint8Array.of(0x7b, 0xff, 1, 2, 3),
        rtpTimestamp,
        1_790_000_000_000_000 + packet * 20_000,
        call.now,
      );
    }
    call.run(4);
    expect(pitchOf(call.heard(4, 6))).toBeCloseTo(440, 0);
  });
});

describe("opusSamplesIn", () => {
  it("reads the length off the first octets (RFC 6716 §3.1)", () => {
    const toc = (config: number, code: number) => (config << 3) | code;
    expect(opusSamplesIn(Uint8Array.of(toc(1, 0)))).toBe(960);
    expect(opusSamplesIn(Uint8Array.of(toc(3, 0)))).toBe(2880);
    expect(opusSamplesIn(Uint8Array.of(toc(12, 0)))).toBe(480);
    expect(opusSamplesIn(Uint8Array.of(toc(15, 1)))).toBe(1920);
    expect(opusSamplesIn(Uint8Array.of(toc(16, 0)))).toBe(120);
    expect(opusSamplesIn(Uint8Array.of(toc(31, 3), 3))).toBe(2880);
    expect(opusSamplesIn(Uint8Array.of(toc(31, 3), 7))).toBe(0);
    expect(opusSamplesIn(new Uint8Array())).toBe(0);
  });

  it("says what libopus gives", () => {
    const packet = OpusEncoder.create(module, 24_000).encode(new Float32Array(PACKET));
    expect(opusSamplesIn(packet)).toBe(OpusDecoder.create(module).decode(packet).length);
  });
});
