import { describe, expect, it } from "vitest";
import type { PortLike } from "../base/frame-port.ts";
import type { EncodedFrame } from "../base/media.ts";
import type { PlayoutReport } from "../base/pcm-port.ts";
import { microseconds } from "../base/time.ts";
import { Player } from "./player.ts";
import type { SoundDecoder } from "./sound-decoder.ts";

class FakePort implements PortLike {
  onmessage: ((event: MessageEvent) => void) | null = null;
  readonly posted: unknown[] = [];
  closed = false;

  postMessage(message: unknown): void {
    this.posted.push(message);
  }

  close(): void {
    this.closed = true;
  }

  deliver(data: unknown): void {
    this.onmessage?.({ data } as MessageEvent);
  }
}

/** Packets of 20 ms whose one octet is the loudness. */
class FakeDecoder implements SoundDecoder<Uint8Array> {
  closed = false;

  samplesIn(): number {
    return 960;
  }

  decode(packet: Uint8Array): Float32Array {
    return new Float32Array(960).fill((packet[0] ?? 0) / 100);
  }

  conceal(samples: number): Float32Array {
    return new Float32Array(samples);
  }

  close(): void {
    this.closed = true;
  }
}

const CAPTURE_US = 1_790_000_000_000_000;
const frame = (packet: number, audioLevel: number | null): EncodedFrame => ({
  data: Uint8Array.of(50, 0, 0),
  rtpTimestamp: packet * 960,
  captureTimeUs: microseconds(CAPTURE_US + packet * 20_000),
  keyframe: false,
  discardable: false,
  temporalLayer: 0,
  audioLevel,
});

/** Delivers frames, some later than others, and pulls what is heard. */
function play(seconds: number, frames: FakePort, player: Player, clock: { now: number }, heldUntil = 0): number {
  const block = new Float32Array(128);
  let next = 0;
  for (; clock.now < seconds; clock.now += 128 / 48_000) {
    while (next * 0.02 <= clock.now) {
      const held = next * 0.02 > 2 && clock.now < heldUntil;
      if (held) break;
      frames.deliver({ type: "frame", frame: frame(next, 20) });
      next += 1;
    }
    player.pull(block, clock.now);
  }
  return block[127] ?? 0;
}

describe("Player", () => {
  it("takes frames as they come, and tells the decode worker ten times a second what is heard", () => {
    const [sound, frames] = [new FakePort(), new FakePort()];
    const clock = { now: 0 };
    const player = Player.ofOpus(sound, frames, new FakeDecoder(), () => clock.now, Date.now);
    expect(play(2, frames, player, clock)).toBeCloseTo(0.5, 5);
    expect(frames.posted.filter((message) => (message as { type: string }).type === "taken").length).toBe(100);

    const reports = sound.posted as PlayoutReport[];
    expect(reports.length).toBeGreaterThan(18);
    const report = reports.at(-1);
    expect(report?.captureTimeUs).toBeGreaterThan(CAPTURE_US + 1_700_000);
    expect(report?.level).toBe(6);
    expect(report?.decoding).toMatchObject({ level: 20, framesReceived: expect.closeTo(99, -1) });
    expect(report?.decoding?.bytesReceived).toBe(3 * (report?.decoding?.framesReceived ?? 0));
    // What was captured is heard a fixed time later: the pairs are exact.
    const delays = reports.slice(-5).map((r) => r.contextTime - ((r.captureTimeUs ?? 0) - CAPTURE_US) / 1e6);
    expect(Math.max(...delays) - Math.min(...delays)).toBeLessThan(0.001);
  });

  it("reports more often while it catches up, for lips to follow", () => {
    const [sound, frames] = [new FakePort(), new FakePort()];
    const clock = { now: 0 };
    const player = Player.ofOpus(sound, frames, new FakeDecoder(), () => clock.now, Date.now);
    play(3.5, frames, player, clock, 2.7);
    const reports = sound.posted as PlayoutReport[];
    const between = (from: number, to: number) => reports.filter((r) => r.contextTime >= from && r.contextTime < to);
    expect(between(1, 2).length).toBeLessThanOrEqual(11);
    expect(between(2.7, 3.5).length).toBeGreaterThan(15);
    expect(between(2.3, 2.6).every((report) => report.captureTimeUs === null)).toBe(true);
  });

  it("plays what the decode worker has decoded", () => {
    const sound = new FakePort();
    const clock = { now: 0 };
    const player = Player.ofPcm(sound, () => clock.now);
    const block = new Float32Array(128);
    for (let packet = 0; clock.now < 1; clock.now += 128 / 48_000) {
      for (; packet * 0.02 <= clock.now; packet += 1) {
        const samples = new Float32Array(960).fill(0.25);
        sound.deliver({ samples, rtpTimestamp: packet * 960, captureTimeUs: CAPTURE_US + packet * 20_000 });
      }
      player.pull(block, clock.now);
    }
    expect(block[0]).toBeCloseTo(0.25, 5);
    expect((sound.posted.at(-1) as PlayoutReport).decoding).toBeNull();
  });

  it("lets everything go at its end", () => {
    const [sound, frames, decoder] = [new FakePort(), new FakePort(), new FakeDecoder()];
    Player.ofOpus(sound, frames, decoder, () => 0, Date.now).close();
    expect([sound.closed, frames.closed, decoder.closed]).toEqual([true, true, true]);
    expect(frames.onmessage).toBeNull();
  });
});
