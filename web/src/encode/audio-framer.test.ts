import { describe, expect, it } from "vitest";
import { AudioFramer, FRAME_SAMPLES, mixDown } from "./audio-framer.ts";

const WALL_US = 1_790_000_000_000_000;

function tone(length: number, from = 0, rate = 48_000, hz = 440, amplitude = 0.5): Float32Array {
  return Float32Array.from({ length }, (_, i) => amplitude * Math.sin((2 * Math.PI * hz * (from + i)) / rate));
}

describe("AudioFramer", () => {
  it("joins 10 ms blocks to 20 ms frames whose times and RTP timestamps are 20 ms apart", () => {
    const framer = new AudioFramer(0xffff_ffff);
    const frames = [];
    for (let block = 0; block < 10; block += 1) {
      frames.push(...framer.push(tone(480, block * 480), 48_000, WALL_US + block * 10_000));
    }
    expect(frames.map((frame) => frame.captureTimeUs - WALL_US)).toEqual([0, 20_000, 40_000, 60_000, 80_000]);
    expect(frames.slice(0, 2).map((frame) => frame.rtpTimestamp)).toEqual([0xffff_ffff, 959]);
    const joined = frames.flatMap((frame) => [...frame.samples]);
    expect(joined).toEqual([...tone(4800)]);
  });

  it("brings 44.1 kHz to 48 kHz without changing the pitch", () => {
    const framer = new AudioFramer(0);
    const samples: number[] = [];
    for (let block = 0; block < 100; block += 1) {
      for (const frame of framer.push(tone(441, block * 441, 44_100), 44_100, WALL_US + block * 10_000)) {
        samples.push(...frame.samples);
      }
    }
    expect(Math.abs(samples.length - 48_000)).toBeLessThanOrEqual(FRAME_SAMPLES);
    let crossings = 0;
    for (let i = 1; i < samples.length; i += 1) if ((samples[i - 1] ?? 0) < 0 && (samples[i] ?? 0) >= 0) crossings += 1;
    expect(Math.abs((crossings * 48_000) / samples.length - 440)).toBeLessThan(2);
  });

  it("moves the RTP timestamp over a gap as far as the capture time", () => {
    const framer = new AudioFramer(0);
    framer.push(tone(960), 48_000, WALL_US);
    const [frame] = framer.push(tone(960), 48_000, WALL_US + 1_020_000);
    expect(frame?.captureTimeUs).toBe(WALL_US + 1_020_000);
    expect(frame?.rtpTimestamp).toBe((1_020_000 * 48) / 1000);
  });

  it("is not disturbed by jitter in the capture times", () => {
    const framer = new AudioFramer(0);
    let last = Number.NEGATIVE_INFINITY;
    for (let block = 0; block < 200; block += 1) {
      for (const frame of framer.push(tone(480), 48_000, WALL_US + block * 10_000 + (block % 7) * 1_000)) {
        if (last > 0) expect(Math.abs(frame.captureTimeUs - last - 20_000)).toBeLessThan(300);
        last = frame.captureTimeUs;
      }
    }
  });
});

describe("mixDown", () => {
  it("averages the channels", () => {
    expect([...mixDown([Float32Array.of(1, 0), Float32Array.of(0, -1)])]).toEqual([0.5, -0.5]);
  });
});
