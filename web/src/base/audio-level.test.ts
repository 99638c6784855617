import { describe, expect, it } from "vitest";
import { audioLevelOctet, levelOf } from "./audio-level.ts";

function tone(amplitude: number): Float32Array {
  return Float32Array.from({ length: 960 }, (_, i) => amplitude * Math.sin((2 * Math.PI * 500 * i) / 48_000));
}

describe("levelOf", () => {
  it("is 127 for silence and the negative of dBov for a tone", () => {
    expect(levelOf(new Float32Array(960))).toBe(127);
    expect(levelOf(tone(1))).toBe(3);
    expect(levelOf(tone(0.001))).toBe(63);
    expect(levelOf(new Float32Array(0))).toBe(127);
  });
});

describe("audioLevelOctet", () => {
  it("marks a loud tone as voice, and a faint one not", () => {
    expect(audioLevelOctet(tone(1))).toBe(0x80 | 3);
    expect(audioLevelOctet(tone(0.001))).toBe(63);
  });
});
