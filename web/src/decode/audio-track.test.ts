import { describe, expect, it } from "vitest";
import { systemClock } from "../base/clock.ts";
import type { PortLike } from "../base/frame-port.ts";
import type { PlayoutReport, PlayoutStatistics } from "../base/pcm-port.ts";
import { AudioTrackDecoder } from "./audio-track.ts";
import { OutputClock, SyncClock } from "./sync-clock.ts";

class FakePort implements PortLike {
  onmessage: ((event: MessageEvent) => void) | null = null;
  closed = false;

  postMessage(): void {
    // Nobody listens.
  }

  close(): void {
    this.closed = true;
  }

  report(report: PlayoutReport): void {
    this.onmessage?.({ data: report } as MessageEvent);
  }
}

const playout: PlayoutStatistics = {
  delayMs: 42,
  targetMs: 40,
  playedSamples: 96_000,
  playedDelayS: 4,
  playedTargetS: 4,
  concealedSamples: 480,
  concealmentEvents: 1,
  silentSamples: 0,
  insertedSamples: 0,
  removedSamples: 960,
  skippedSamples: 0,
  lateSamples: 0,
  energy: 0.1,
};

function track() {
  const port = new FakePort();
  const clocks = { sync: new SyncClock(), output: new OutputClock() };
  const decoder = new AudioTrackDecoder(7, "p-1", null, port, clocks, () => undefined);
  // The context's time 10 s is heard now.
  const nowUs = systemClock.wallUs();
  clocks.output.set(10, nowUs);
  const report = (more: Partial<PlayoutReport>) =>
    port.report({
      contextTime: 10,
      captureTimeUs: nowUs - 150_000,
      level: 30,
      statistics: playout,
      decoding: null,
      ...more,
    });
  return { port, clocks, decoder, nowUs, report };
}

const decoding = {
  framesReceived: 102,
  framesDecoded: 100,
  bytesReceived: 8_000,
  decodeTimeS: 0.004,
  lastCaptureTimeUs: 5,
  level: null,
};

describe("AudioTrackDecoder", () => {
  it("keeps pictures in step with what the audio thread plays", () => {
    const { clocks, nowUs, report } = track();
    report({});
    // The sound of the same moment is heard 150 ms after its capture.
    expect(clocks.sync.heardUs(nowUs - 150_000, nowUs)).toBe(nowUs);
    // While the audio thread catches up, 30 ms further in 10 ms.
    report({ contextTime: 10.01, captureTimeUs: nowUs - 120_000 });
    expect(clocks.sync.heardUs(nowUs - 120_000, nowUs)).toBe(nowUs + 10_000);
  });

  it("tells what the audio thread has received and decoded", () => {
    const { decoder, report } = track();
    expect(decoder.statistics(1)).toMatchObject({ codec: null, backend: null, playout: null, delayMs: null });
    report({ decoding });
    expect(decoder.statistics(1)).toMatchObject({
      backend: "wasm",
      codec: "opus",
      framesReceived: 102,
      framesDecoded: 100,
      bitrateBps: 64_000,
      decodeTimeS: 0.004,
      lastCaptureTimeUs: 5,
      delayMs: 150,
      playout,
    });
    expect(decoder.statistics(1).bitrateBps).toBe(0);
  });

  it("tells the sender's level, and what is heard if it tells none", () => {
    const { decoder, report } = track();
    report({ level: 30 });
    report({ level: 25 });
    expect(decoder.statistics(1).level).toBe(25);
    expect(decoder.statistics(1).level).toBe(127);
    report({ level: 30, decoding: { ...decoding, level: 12 } });
    expect(decoder.statistics(1).level).toBe(12);
    report({ level: 30, decoding: { ...decoding, level: null } });
    expect(decoder.statistics(1).level).toBe(127);
  });

  it("says nothing of delay while nothing is playing, and does not hold pictures back for it", () => {
    const { clocks, decoder, nowUs, report } = track();
    report({ captureTimeUs: null });
    expect(decoder.statistics(1).delayMs).toBeNull();
    expect(clocks.sync.dueUs(nowUs, nowUs)).toBeNull();
  });

  it("lets its port go at the end", () => {
    const { decoder, port } = track();
    decoder.close();
    expect(port.closed).toBe(true);
    expect(port.onmessage).toBeNull();
  });
});
