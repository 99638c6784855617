import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { RawPicture, VideoSetting } from "./picture-encoder.ts";

const SETTING: VideoSetting = {
  size: { width: 640, height: 360 },
  framerate: 30,
  bitrateBps: 500_000,
  content: "motion",
};

/** The browser's encoder, whose pictures come out when told to; its first one does not know temporal layers. */
class FakeVideoEncoder {
  static made: FakeVideoEncoder[] = [];
  static supportsLayers = false;
  static holdsBack = false;
  /** Whether pictures that are held back come out when the encoder is told to finish. */
  static finishes = true;
  state = "unconfigured";
  encodeQueueSize = 0;
  config: VideoEncoderConfig | null = null;
  readonly #init: { output: (chunk: unknown) => void };

  static async isConfigSupported({ scalabilityMode }: VideoEncoderConfig) {
    return { supported: FakeVideoEncoder.supportsLayers || scalabilityMode === undefined };
  }

  constructor(init: { output: (chunk: unknown) => void }) {
    this.#init = init;
    FakeVideoEncoder.made.push(this);
  }

  configure(config: VideoEncoderConfig): void {
    this.state = "configured";
    this.config = config;
  }

  /** The first picture of the trial comes out at once, unless the browser holds it back. */
  encode(_frame: unknown, { keyFrame }: { keyFrame: boolean }): void {
    if (keyFrame && !FakeVideoEncoder.holdsBack) this.give(0, "key");
  }

  async flush(): Promise<void> {
    if (!FakeVideoEncoder.finishes) return new Promise(() => undefined);
    this.give(0, "key");
  }

  give(timestamp: number, type: "key" | "delta" = "delta"): void {
    this.#init.output({ type, timestamp, byteLength: 1, copyTo: () => undefined });
  }

  close(): void {
    this.state = "closed";
  }
}

beforeEach(() => {
  vi.resetModules();
  vi.useFakeTimers({ toFake: ["performance", "setTimeout", "clearTimeout"] });
  vi.stubGlobal("VideoEncoder", FakeVideoEncoder);
  vi.stubGlobal(
    "VideoFrame",
    class {
      close(): void {}
    },
  );
  FakeVideoEncoder.made = [];
  FakeVideoEncoder.supportsLayers = false;
  FakeVideoEncoder.holdsBack = false;
  FakeVideoEncoder.finishes = true;
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

async function opened() {
  const { openWebCodecsEncoder } = await import("./webcodecs-encoder.ts");
  const encoded: number[] = [];
  const events = {
    onEncoded: ({ timestampUs }: { timestampUs: number }) => void encoded.push(timestampUs),
    onError: vi.fn(),
  };
  const encoder = await openWebCodecsEncoder(SETTING, events);
  return { encoder, encoded, fake: FakeVideoEncoder.made.at(-1) as FakeVideoEncoder };
}

const picture = { visibleRect: SETTING.size } as unknown as RawPicture;

it("uses temporal layers where a trial shows that they work", async () => {
  expect((await opened()).encoder.scalability).toBe("L1T1");
  vi.resetModules();
  FakeVideoEncoder.supportsLayers = true;
  const { encoder, fake } = await opened();
  expect([encoder.scalability, fake.config?.scalabilityMode]).toEqual(["L1T2", "L1T2"]);
});

it("counts pictures that a browser's encoder holds out of sight", async () => {
  const { encoder, encoded, fake } = await opened();
  for (let i = 0; i < 5; i += 1) await encoder.encode(picture, i * 1000, false);
  expect(encoder.queueSize).toBe(3);
  fake.give(0);
  fake.give(1000);
  expect([encoder.queueSize, encoded]).toEqual([1, [0, 1000]]);
});

it("does not wait for pictures that the encoder has dropped", async () => {
  const { encoder, fake } = await opened();
  for (let i = 0; i < 4; i += 1) await encoder.encode(picture, i * 1000, false);
  fake.give(3000);
  expect(encoder.queueSize).toBeLessThanOrEqual(0);
  for (let i = 4; i < 8; i += 1) await encoder.encode(picture, i * 1000, false);
  expect(encoder.queueSize).toBe(2);
  await vi.advanceTimersByTimeAsync(1_100);
  expect(encoder.queueSize).toBeLessThanOrEqual(0);
});

it("finds out soon that an encoder holds pictures back, and does not try it again", async () => {
  FakeVideoEncoder.holdsBack = true;
  const refused = expect(opened()).rejects.toThrow("holds pictures back");
  await vi.advanceTimersByTimeAsync(700);
  await refused;
  expect(FakeVideoEncoder.made.every(({ state }) => state === "closed")).toBe(true);
  const tried = FakeVideoEncoder.made.length;
  await expect(opened()).rejects.toThrow("holds pictures back");
  expect(FakeVideoEncoder.made.length).toBe(tried);
});

it("gives an encoder that cannot finish two seconds, and another chance with the next track", async () => {
  FakeVideoEncoder.holdsBack = true;
  FakeVideoEncoder.finishes = false;
  let over = false;
  const refused = expect(opened())
    .rejects.toThrow("gives no picture")
    .then(() => {
      over = true;
    });
  await vi.advanceTimersByTimeAsync(1_900);
  expect(over).toBe(false);
  await vi.advanceTimersByTimeAsync(200);
  await refused;
  FakeVideoEncoder.holdsBack = false;
  expect((await opened()).encoder.backend).toBe("webcodecs");
});

it("says that the browser has none", async () => {
  vi.stubGlobal("VideoEncoder", undefined);
  await expect(opened()).rejects.toThrow("VideoEncoder");
});
