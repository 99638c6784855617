import { describe, expect, it } from "vitest";
import type { SoundBlock } from "../base/sound-port.ts";
import { BlockCutter } from "./block-cutter.ts";

/** Hears a ramp, 128 samples at a time. */
function hear(cutter: BlockCutter, samples: number): void {
  for (let frame = 0; frame < samples; frame += 128) {
    cutter.hear(
      Float32Array.from({ length: 128 }, (_, i) => frame + i),
      128,
      frame,
    );
  }
}

describe("BlockCutter", () => {
  it.each([48_000, 44_100, 16_000])("gives every sample once, in blocks of 10 ms at %d Hz", (sampleRate) => {
    const blocks: SoundBlock[] = [];
    const cutter = new BlockCutter(sampleRate, (block) => {
      blocks.push(block);
      cutter.taken();
    });
    hear(cutter, sampleRate);
    expect(blocks.length).toBeGreaterThanOrEqual(99);
    expect(blocks.every(({ samples }) => samples.length === sampleRate / 100)).toBe(true);
    const joined = blocks.flatMap(({ samples }) => [...samples]);
    expect(joined).toEqual(joined.map((_, i) => i));
    for (const { samples, timestampUs } of blocks) {
      expect(timestampUs).toBeCloseTo(((samples[0] ?? 0) * 1e6) / sampleRate, 3);
    }
  });

  it("drops what the reader does not take, and goes on when it does", () => {
    const blocks: SoundBlock[] = [];
    const cutter = new BlockCutter(48_000, (block) => blocks.push(block));
    hear(cutter, 48_000);
    expect(blocks.length).toBe(50);
    expect(cutter.dropped).toBe(50);
    cutter.taken();
    cutter.hear(new Float32Array(480).fill(7), 480, 96_000);
    expect(blocks.length).toBe(51);
    expect(blocks.at(-1)).toMatchObject({ timestampUs: 2_000_000 });
    expect(blocks.at(-1)?.samples[0]).toBe(7);
  });

  it("gives silence while the microphone gives nothing", () => {
    const blocks: SoundBlock[] = [];
    const cutter = new BlockCutter(48_000, (block) => blocks.push(block));
    cutter.hear(null, 960, 0);
    expect(blocks.map(({ samples }) => Math.max(...samples))).toEqual([0, 0]);
  });
});
