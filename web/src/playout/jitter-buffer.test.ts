import { describe, expect, it } from "vitest";
import { JitterBuffer } from "./jitter-buffer.ts";

const BLOCK = 128;
const PACKET = 960;
const CAPTURE_US = 1_790_000_000_000_000;

/** Delivers packets with given delays to a buffer that is pulled block by block, on a virtual clock. */
class Bench {
  readonly buffer = new JitterBuffer();
  readonly output: number[] = [];
  /** Capture time playing minus the moment, per block, ms. */
  readonly latency: number[] = [];
  now = 0;

  readonly #delayMs: (packet: number) => number | null;

  constructor(delayMs: (packet: number) => number | null) {
    this.#delayMs = delayMs;
  }

  run(seconds: number): void {
    const waiting: Array<{ at: number; packet: number }> = [];
    const first = Math.round(this.now * 50);
    for (let packet = first; packet < (this.now + seconds) * 50; packet += 1) {
      const delayMs = this.#delayMs(packet);
      if (delayMs !== null) waiting.push({ at: packet / 50 + delayMs / 1000, packet });
    }
    waiting.sort((a, b) => a.at - b.at);
    const end = this.now + seconds;
    for (; this.now < end; this.now += BLOCK / 48_000) {
      while (waiting[0] !== undefined && waiting[0].at <= this.now) this.#push(waiting.shift()?.packet ?? 0);
      const block = new Float32Array(BLOCK);
      const playing = this.buffer.playingCaptureTimeUs;
      if (playing !== null) this.latency.push(this.now * 1000 - (playing - CAPTURE_US) / 1000);
      this.buffer.pull(block, this.now);
      this.output.push(...block);
    }
  }

  #push(packet: number): void {
    const samples = new Float32Array(PACKET);
    for (let i = 0; i < PACKET; i += 1) {
      samples[i] = 0.5 * Math.sin((2 * Math.PI * 500 * (packet * PACKET + i)) / 48_000);
    }
    this.buffer.push(samples, (0xffff_0000 + packet * PACKET) >>> 0, CAPTURE_US + packet * 20_000, this.now);
  }

  largestStep(fromSample: number): number {
    let largest = 0;
    for (let i = fromSample + 1; i < this.output.length; i += 1) {
      largest = Math.max(largest, Math.abs((this.output[i] ?? 0) - (this.output[i - 1] ?? 0)));
    }
    return largest;
  }
}

const last = (values: number[]): number => values[values.length - 1] ?? Number.NaN;
/** Of a 500 Hz tone of amplitude 0.5 between neighbouring samples. */
const TONE_STEP = 0.5 * ((2 * Math.PI * 500) / 48_000);

describe("JitterBuffer", () => {
  it("plays an even stream without a click, with little delay", () => {
    const bench = new Bench(() => 30);
    bench.run(20);
    expect(bench.buffer.statistics.lateSamples).toBe(0);
    expect(bench.largestStep(4_800)).toBeLessThan(TONE_STEP * 1.2);
    expect(last(bench.latency)).toBeLessThan(30 + 40);
    expect(last(bench.latency)).toBeGreaterThan(30 + 10);
  });

  it("learns the jitter: after a while hardly anything is late", () => {
    const bench = new Bench((packet) => 30 + ((packet * 7919) % 100));
    bench.run(20);
    const before = bench.buffer.statistics.concealedSamples;
    bench.run(20);
    expect((bench.buffer.statistics.concealedSamples - before) / (20 * 48_000)).toBeLessThan(0.04);
    expect(last(bench.latency)).toBeLessThan(30 + 130);
  });

  it("comes back to a small delay after the path was slow for a while", () => {
    const bench = new Bench((packet) => (packet > 250 && packet < 350 ? 400 : 30));
    bench.run(60);
    expect(last(bench.latency)).toBeLessThan(30 + 60);
  });

  it("does not take a burst at the start for jitter", () => {
    const bench = new Bench((packet) => Math.max(30, 1_000 - packet * 20));
    bench.run(8);
    expect(last(bench.latency)).toBeLessThan(30 + 80);
  });

  it("conceals a lost packet without a click", () => {
    const bench = new Bench((packet) => (packet === 400 ? null : 30));
    bench.run(12);
    expect(bench.buffer.statistics.concealedSamples).toBeGreaterThan(900);
    expect(bench.largestStep(4_800)).toBeLessThan(TONE_STEP * 3);
  });

  it("falls silent when the stream stops, and goes on when it comes back", () => {
    const bench = new Bench((packet) => (packet > 100 && packet < 300 ? null : 30));
    bench.run(5);
    expect(bench.output.slice(4 * 48_000, 5 * 48_000).every((sample) => sample === 0)).toBe(true);
    expect(bench.buffer.playingCaptureTimeUs).toBeNull();
    bench.run(3);
    expect(Math.max(...bench.output.slice(7 * 48_000))).toBeGreaterThan(0.49);
    expect(last(bench.latency)).toBeLessThan(30 + 80);
  });

  it("starts anew when the source restarts with another timestamp", () => {
    const bench = new Bench(() => 30);
    bench.run(2);
    const samples = new Float32Array(PACKET).fill(0.25);
    for (let packet = 0; packet < 20; packet += 1) {
      bench.buffer.push(samples, 5_000_000 + packet * PACKET, CAPTURE_US + 1e9 + packet * 20_000, bench.now);
      const block = new Float32Array(PACKET);
      bench.buffer.pull(block, bench.now);
      bench.now += 0.02;
      bench.output.push(...block);
    }
    expect(last(bench.output)).toBeCloseTo(0.25, 5);
  });

  it("skips the oldest sound when more comes than it holds", () => {
    const bench = new Bench(() => 30);
    bench.run(1);
    for (let packet = 50; packet < 145; packet += 1) {
      bench.buffer.push(
        new Float32Array(PACKET).fill(0.1),
        (0xffff_0000 + packet * PACKET) >>> 0,
        CAPTURE_US + packet * 20_000,
        bench.now,
      );
    }
    const block = new Float32Array(BLOCK);
    for (let i = 0; i < 2_000; i += 1) {
      bench.now += BLOCK / 48_000;
      bench.buffer.pull(block, bench.now);
    }
    expect(bench.buffer.statistics.skippedSamples + bench.buffer.statistics.playedSamples).toBeGreaterThan(80 * PACKET);
  });
});
