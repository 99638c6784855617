import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FrameWriter, type PortLike } from "../base/frame-port.ts";
import type { EncodedFrame } from "../base/media.ts";
import { microseconds } from "../base/time.ts";
import type { Image, Painter } from "./painter.ts";
import type { DecoderEvents, PictureDecoder } from "./picture-decoder.ts";
import { SyncClock } from "./sync-clock.ts";
import { VideoTrackDecoder } from "./video-track.ts";

/** Two ends that deliver at once. */
function makePorts(): [PortLike, PortLike] {
  const ends: PortLike[] = [];
  for (const far of [1, 0]) {
    ends.push({
      onmessage: null,
      postMessage: (data: unknown) => ends[far]?.onmessage?.({ data } as MessageEvent),
      close: () => undefined,
    });
  }
  return ends as [PortLike, PortLike];
}

const wallUs = () => Math.round((performance.timeOrigin + performance.now()) * 1000);

class World {
  readonly painted: { captureTimeUs: number; lateMs: number }[] = [];
  readonly sizes: string[] = [];
  readonly failures: string[] = [];
  readonly sync = new SyncClock();
  readonly track: VideoTrackDecoder;
  keyframesAsked = 0;
  /** How long the decoder takes for a frame. */
  decodeMs = 2;
  /** How long the painter takes for a picture. */
  paintMs = 0;
  decoded = 0;
  readonly #writer: FrameWriter;

  constructor({ works = true } = {}) {
    const [near, far] = makePorts();
    this.#writer = new FrameWriter(near, { onKeyframeNeeded: () => this.#asked() });
    const paint = (image: Image): boolean => {
      const { timestamp } = image as unknown as { timestamp: number };
      this.painted.push({ captureTimeUs: timestamp, lateMs: (wallUs() - timestamp) / 1000 });
      vi.advanceTimersByTime(this.paintMs);
      return this.painted.length === 1;
    };
    const painter: Painter = { width: 640, height: 360, paint, close: () => undefined };
    const open = async (_: unknown, events: DecoderEvents): Promise<PictureDecoder> => this.#decoder(events, works);
    this.track = new VideoTrackDecoder(
      {
        trackId: 3,
        participantId: "p",
        codec: "h264",
        codecs: "auto",
        port: far,
        painter,
        sync: this.sync,
        openers: { webcodecs: open, wasm: open },
      },
      {
        onPicture: (width, height) => void this.sizes.push(`${width}x${height}`),
        onFailed: (detail) => void this.failures.push(detail),
      },
    );
  }

  #asked(): void {
    this.keyframesAsked += 1;
  }

  #decoder(events: DecoderEvents, works: boolean): PictureDecoder {
    const waiting: number[] = [];
    const work = (): void => {
      const timestamp = waiting.shift();
      if (timestamp === undefined) return;
      if (waiting.length > 0) setTimeout(work, this.decodeMs);
      this.decoded += 1;
      const image = { displayWidth: 640, displayHeight: 360, timestamp } as VideoFrame;
      events.onPicture({ image, captureTimeUs: timestamp, close: () => undefined });
      events.onRoom();
    };
    return {
      backend: "webcodecs",
      codec: "avc1.42e01f",
      decodeTimeS: 0,
      get queueSize() {
        return waiting.length;
      },
      decode: ({ captureTimeUs }) => {
        if (!works) events.onError("not supported");
        else if (waiting.push(captureTimeUs) === 1) setTimeout(work, this.decodeMs);
      },
      close: () => undefined,
    };
  }

  /** Somebody's frame arrives. */
  frame(captureTimeUs: number, options: Partial<EncodedFrame> = {}): void {
    const frame: EncodedFrame = {
      data: new Uint8Array(100),
      rtpTimestamp: 0,
      captureTimeUs: microseconds(captureTimeUs),
      keyframe: false,
      discardable: false,
      temporalLayer: 0,
      audioLevel: null,
      ...options,
    };
    this.#writer.write(frame, true);
  }

  /** Frames arrive for so long, each a little after its capture; `delayMs` is how far their sound lags behind. */
  async run(seconds: number, delayMs: number | null, keyframeFirst = false): Promise<void> {
    for (let i = 0; i < seconds * 30; i += 1) {
      const nowUs = wallUs();
      if (delayMs !== null) this.sync.report(nowUs - delayMs * 1000, nowUs, nowUs);
      this.frame(nowUs - 20_000, { keyframe: keyframeFirst && i === 0 });
      await vi.advanceTimersByTimeAsync(33);
    }
  }
}

let world: World;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["performance", "setTimeout", "clearTimeout"] });
  world = new World();
});

afterEach(() => {
  world.track.close();
  vi.useRealTimers();
});

describe("VideoTrackDecoder", () => {
  it("counts the time of painting as a part of the delay", async () => {
    await world.run(1, null, true);
    const before = world.track.statistics(1).delayMs ?? 0;
    world.paintMs = 5;
    await world.run(1, null);
    expect(world.track.statistics(1).delayMs).toBeCloseTo(before + 5, 0);
  });

  it("paints at once what has no sound, and tells the size", async () => {
    await world.run(1, null, true);
    expect(world.painted).toHaveLength(30);
    expect(Math.max(...world.painted.map(({ lateMs }) => lateMs))).toBeLessThan(30);
    expect(world.sizes).toEqual(["640x360"]);
    expect(world.track.statistics(1)).toMatchObject({
      trackId: 3,
      backend: "webcodecs",
      framesReceived: 30,
      framesDecoded: 30,
      framesPainted: 30,
      bytesReceived: 3000,
      freezes: 0,
      skewMs: null,
    });
  });

  it.each([60, 150, 300, 450, 1000])(
    "shows each picture within 40 ms of its sound, which is %d ms late",
    async (delayMs) => {
      await world.run(3, delayMs, true);
      const late = world.painted.slice(5).map(({ lateMs }) => lateMs - delayMs);
      expect(late.length).toBeGreaterThan(30);
      for (const skew of late) expect(Math.abs(skew)).toBeLessThanOrEqual(40);
      expect(Math.abs(world.track.statistics(1).skewMs ?? Number.NaN)).toBeLessThanOrEqual(40);
    },
  );

  it("follows the sound when its delay shrinks again", async () => {
    await world.run(1, 300, true);
    await world.run(1, 100);
    for (const { lateMs } of world.painted.slice(-20)) expect(Math.abs(lateMs - 100)).toBeLessThanOrEqual(40);
  });

  it("shows the newest picture first after a stall, and does not paint its way through the old ones", async () => {
    await world.run(1, 60, true);
    const before = world.painted.length;
    const stalledUs = wallUs();
    await vi.advanceTimersByTimeAsync(700);
    for (let i = 0; i < 21; i += 1) world.frame(stalledUs + i * 33_000, { discardable: i % 2 === 1 });
    world.sync.report(wallUs() - 60_000, wallUs(), wallUs());
    await vi.advanceTimersByTimeAsync(60);
    expect(world.painted.at(-1)?.captureTimeUs).toBe(stalledUs + 20 * 33_000);
    expect(world.painted.length - before).toBeLessThanOrEqual(6);
    expect(world.track.statistics(1)).toMatchObject({ freezes: 1 });
    expect(world.track.statistics(1).freezeTimeS).toBeCloseTo(0.7, 0);
  });

  it("goes straight to a keyframe that came with the burst", async () => {
    await world.run(1, 60, true);
    const decodedBefore = world.decoded;
    const stalledUs = wallUs();
    await vi.advanceTimersByTimeAsync(700);
    world.decodeMs = 30;
    for (let i = 0; i < 21; i += 1) world.frame(stalledUs + i * 33_000, { keyframe: i === 18 });
    await vi.advanceTimersByTimeAsync(300);
    expect(world.painted.at(-1)?.captureTimeUs).toBe(stalledUs + 20 * 33_000);
    expect(world.decoded - decodedBefore).toBeLessThan(12);
  });

  it("asks for a keyframe while it has none, but not with every frame", async () => {
    await world.run(2, null);
    expect(world.painted).toEqual([]);
    expect(world.keyframesAsked).toBeGreaterThanOrEqual(3);
    expect(world.keyframesAsked).toBeLessThanOrEqual(5);
  });

  it("shows nothing while it is paused, begins again with a keyframe, and calls that no freeze", async () => {
    await world.run(1, null, true);
    world.track.paused = true;
    const [painted, asked] = [world.painted.length, world.keyframesAsked];
    await world.run(0.1, null);
    await vi.advanceTimersByTimeAsync(20_000);
    expect([world.painted.length, world.keyframesAsked]).toEqual([painted, asked]);
    world.track.paused = false;
    await world.run(0.1, null);
    expect([world.painted.length, world.keyframesAsked]).toEqual([painted, asked]);
    await world.run(1, null, true);
    expect(world.painted.length - painted).toBeGreaterThanOrEqual(29);
    expect(world.track.statistics(1).freezes).toBe(0);
  });

  it("does not take somebody's switched off camera for a freeze", async () => {
    await world.run(1, null, true);
    world.track.standStill();
    await vi.advanceTimersByTimeAsync(5_000);
    await world.run(1, null, true);
    expect(world.track.statistics(1).freezes).toBe(0);
  });

  it("says once that it cannot decode", async () => {
    world.track.close();
    world = new World({ works: false });
    await world.run(2, null, true);
    expect(world.failures).toEqual(["webcodecs: not supported; wasm: not supported"]);
    expect(world.track.statistics(1)).toMatchObject({ backend: null, codec: null, framesReceived: 60 });
  });

  it("keeps up with a decoder that is slower than the camera by letting frames go", async () => {
    world.decodeMs = 50;
    await world.run(1, null, true);
    for (let i = 0; i < 8; i += 1) {
      await world.run(1, null, world.keyframesAsked > 0);
    }
    expect(world.painted.length).toBeGreaterThan(60);
    expect(world.painted.at(-1)?.lateMs).toBeLessThan(1_500);
  });
});
