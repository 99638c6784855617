import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { CodecBackend } from "../base/backends.ts";
import { FrameReader } from "../base/frame-port.ts";
import type { EncodedFrame } from "../base/media.ts";
import {
  EncoderChoice,
  type EncoderEvents,
  type PictureEncoder,
  type RawPicture,
  type VideoSetting,
} from "./picture-encoder.ts";
import { VideoTrackEncoder } from "./video-track.ts";

const OPTIONS = { framerate: 30, maxBitrateBps: 2_000_000, content: "motion" as const };

/** An encoder that does as it is told. */
class FakeEncoder implements PictureEncoder {
  readonly codec = "avc1.42e01f";
  readonly scalability = "L1T2";
  readonly depth = 2;
  queueSize = 0;
  closed = false;
  /** How long it takes for a picture. */
  encodeMs = 1;
  /** Makes the next picture a keyframe by itself. */
  unasked = false;
  readonly settings: VideoSetting[];
  readonly keyframes: boolean[] = [];
  readonly backend: CodecBackend;
  readonly events: EncoderEvents;

  constructor(backend: CodecBackend, setting: VideoSetting, events: EncoderEvents) {
    this.backend = backend;
    this.settings = [setting];
    this.events = events;
  }

  get setting(): VideoSetting | undefined {
    return this.settings.at(-1);
  }

  configure(setting: VideoSetting): void {
    this.settings.push(setting);
  }

  async encode(_picture: RawPicture, timestampUs: number, keyframe: boolean): Promise<void> {
    this.keyframes.push(keyframe);
    await vi.advanceTimersByTimeAsync(this.encodeMs);
    const data = new Uint8Array(1000);
    const made = keyframe || this.unasked;
    this.unasked = false;
    this.events.onEncoded({ data, timestampUs, keyframe: made, discardable: false, temporalLayer: 0 });
  }

  close(): void {
    this.closed = true;
  }
}

/** One track with a camera that is turned by hand. */
class World {
  readonly encoders: FakeEncoder[] = [];
  readonly frames: EncodedFrame[] = [];
  readonly failures: string[] = [];
  readonly track: VideoTrackEncoder;
  readonly reader: FrameReader;
  /** Target bitrates that have reached the track. */
  readonly targets: number[] = [];
  readonly #channel = new MessageChannel();
  #controller: ReadableStreamDefaultController<VideoFrame> | undefined;

  constructor(codecs: "auto" | "webcodecs" = "auto") {
    const opener = (backend: CodecBackend) => async (setting: VideoSetting, events: EncoderEvents) => {
      const encoder = new FakeEncoder(backend, setting, events);
      this.encoders.push(encoder);
      return encoder;
    };
    const choice = new EncoderChoice(codecs, { webcodecs: opener("webcodecs"), wasm: opener("wasm") });
    const failed = (detail: string) => void this.failures.push(detail);
    this.track = new VideoTrackEncoder(7, this.#channel.port1 as never, OPTIONS, codecs, failed, choice);
    const heard = this.#channel.port1.onmessage;
    this.#channel.port1.onmessage = (event) => {
      heard?.call(this.#channel.port1, event);
      if (event.data.type === "targetBitrate") this.targets.push(event.data.bitrateBps);
    };
    this.reader = new FrameReader(this.#channel.port2 as never, { onFrame: (frame) => void this.frames.push(frame) });
    const stream = new ReadableStream<VideoFrame>({
      start: (controller) => {
        this.#controller = controller;
      },
    });
    void this.track.read({ kind: "stream", stream });
  }

  get encoder(): FakeEncoder {
    const encoder = this.encoders.at(-1);
    if (encoder === undefined) throw new Error("no encoder was opened");
    return encoder;
  }

  /** The camera gives one picture; resolves when the track is ready for the next. */
  picture(): Promise<void> {
    const timestamp = performance.now() * 1000;
    return new Promise((close) => {
      const picture = { displayWidth: 1280, displayHeight: 720, timestamp, close } as unknown as VideoFrame;
      this.#controller?.enqueue(picture);
    });
  }

  /** The camera runs for so long. */
  async run(seconds: number): Promise<void> {
    const end = performance.now() + seconds * 1000;
    for (let next = performance.now(); next < end; next = Math.max(next + 1000 / 30, performance.now())) {
      await vi.advanceTimersByTimeAsync(Math.max(0, next - performance.now()));
      await this.picture();
    }
  }

  close(): void {
    this.track.stop();
    this.reader.close();
  }
}

let world: World;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["performance", "setTimeout", "clearTimeout"] });
  world = new World();
});

afterEach(() => {
  world.close();
  vi.useRealTimers();
});

describe("VideoTrackEncoder", () => {
  it("begins with a keyframe and says what is at work", async () => {
    await world.picture();
    await vi.advanceTimersByTimeAsync(30);
    await world.picture();
    await vi.waitFor(() => expect(world.frames).toHaveLength(2));
    expect(world.frames.map(({ keyframe }) => keyframe)).toEqual([true, false]);
    expect(world.track.statistics(1)).toMatchObject({
      trackId: 7,
      backend: "webcodecs",
      size: { width: 1280, height: 720 },
      framerate: 30,
      limitation: "none",
      framesEncoded: 2,
      keyframes: 1,
      bytesEncoded: 2000,
      encodeTimeS: expect.closeTo(0.002, 5),
    });
    expect(world.track.statistics(2).bitrateBps).toBe(0);
  });

  it("follows the target bitrate with the next picture, and makes no keyframe of it", async () => {
    await world.picture();
    world.reader.setTargetBitrate(1_400_000);
    await vi.waitFor(async () => {
      await vi.advanceTimersByTimeAsync(33);
      await world.picture();
      expect(world.encoder.setting?.bitrateBps).toBe(1_400_000);
    });
    expect(world.encoder.keyframes.filter(Boolean)).toHaveLength(1);
    expect(world.encoder.setting?.size.width).toBe(1280);
  });

  it("changes the bitrate rarely of an encoder that makes a keyframe of each change", async () => {
    await world.picture();
    const encoder = world.encoder;
    encoder.configure = (setting) => {
      encoder.settings.push(setting);
      encoder.unasked = true;
    };
    const aim = async (bitrateBps: number) => {
      world.reader.setTargetBitrate(bitrateBps);
      await vi.waitFor(async () => {
        await vi.advanceTimersByTimeAsync(33);
        await world.picture();
        expect(world.targets.at(-1)).toBe(bitrateBps);
      });
      await world.run(0.1);
      return encoder.setting?.bitrateBps;
    };
    expect(await aim(1_000_000)).toBe(1_000_000);
    expect(await aim(1_100_000)).toBe(1_000_000);
    expect(await aim(900_000)).toBe(1_000_000);
    expect(await aim(700_000)).toBe(700_000);
  });

  it("becomes smaller at once when the path is narrow, and says so", async () => {
    await world.picture();
    world.reader.setTargetBitrate(200_000);
    await vi.waitFor(async () => {
      await vi.advanceTimersByTimeAsync(33);
      await world.picture();
      expect(world.track.statistics(1)).toMatchObject({
        limitation: "bandwidth",
        size: { width: 640, height: 360 },
        targetBitrateBps: 200_000,
      });
    });
  });

  it("drops pictures at their source while the encoder is full", async () => {
    await world.picture();
    world.encoder.queueSize = 2;
    await vi.advanceTimersByTimeAsync(33);
    await world.picture();
    expect(world.encoder.keyframes).toHaveLength(1);
    expect(world.track.statistics(1).framesSkipped).toBe(1);
  });

  it("steps down within four seconds when the machine is too slow, and comes back", async () => {
    await world.run(1);
    world.encoder.encodeMs = 100;
    await world.run(4);
    expect(world.track.statistics(1).limitation).toBe("cpu");
    expect(world.encoder.setting?.size.height).toBeLessThan(600);
    world.encoder.encodeMs = 2;
    await world.run(25);
    expect(world.track.statistics(1)).toMatchObject({ limitation: "none", size: { width: 1280, height: 720 } });
    expect(world.encoders).toHaveLength(1);
  });

  it("opens a broken encoder anew, and moves on to the next backend when it breaks again and again", async () => {
    const backends: string[] = [];
    for (let i = 0; i < 5; i += 1) {
      await vi.advanceTimersByTimeAsync(40);
      await world.picture();
      backends.push(world.encoder.backend);
      if (i < 4) world.encoder.events.onError("the driver is gone");
    }
    expect(backends).toEqual(["webcodecs", "webcodecs", "webcodecs", "webcodecs", "wasm"]);
    expect(world.failures).toEqual([]);
    expect(world.encoders.slice(0, 4).every(({ closed }) => closed)).toBe(true);
    expect(world.encoder.keyframes).toEqual([true]);
  });

  it("bears an encoder that breaks now and then", async () => {
    for (let i = 0; i < 10; i += 1) {
      await vi.advanceTimersByTimeAsync(5_000);
      await world.picture();
      world.encoder.events.onError("the driver is gone");
    }
    expect(world.encoders.every(({ backend }) => backend === "webcodecs")).toBe(true);
  });

  it("says once and clearly that a forced backend does not work", async () => {
    world.close();
    world = new World("webcodecs");
    for (let i = 0; i < 8; i += 1) {
      await vi.advanceTimersByTimeAsync(40);
      await world.picture();
      world.encoder.events.onError("the driver is gone");
    }
    expect(world.failures).toEqual(["webcodecs: the driver is gone"]);
  });

  it("encodes nothing while it is muted, and begins with a keyframe afterwards", async () => {
    await world.picture();
    world.track.muted = true;
    await world.run(0.5);
    expect(world.encoder.keyframes).toHaveLength(1);
    world.track.muted = false;
    await world.run(0.03);
    expect(world.encoder.keyframes).toEqual([true, true]);
  });
});
