import { beforeEach, describe, expect, it, vi } from "vitest";
import type { CodecBackend } from "../base/backends.ts";
import { systemClock } from "../base/clock.ts";
import type { PortLike } from "../base/frame-port.ts";
import type { EncodedFrame } from "../base/media.ts";
import type { SoundBlock } from "../base/sound-port.ts";
import { microseconds } from "../base/time.ts";
import { OpusDecoder } from "../codecs/opus-decoder.ts";
import { builtModule } from "../codecs/testing/modules.ts";
import { AudioTrackEncoder } from "./audio-track.ts";
import type { OpenSoundEncoder, SoundEncoderEvents } from "./sound-encoder.ts";
import { wasmSoundEncoder } from "./wasm-sound-encoder.ts";

const TRACK = 1;
const WALL_US = 1_790_000_000_000_000;

/** The wall clock that the encoder sees: it stands at the end of the block that the microphone gave last. */
let wallUs = WALL_US;
beforeEach(() => {
  wallUs = WALL_US;
  vi.spyOn(systemClock, "wallUs").mockImplementation(() => microseconds(wallUs));
});

class Tunnel implements PortLike {
  onmessage: ((event: MessageEvent) => void) | null = null;
  readonly frames: EncodedFrame[] = [];

  postMessage(message: { type: string; frame?: EncodedFrame }): void {
    if (message.frame !== undefined) this.frames.push(message.frame);
    if (message.type === "frame") this.onmessage?.({ data: { type: "taken", count: 1 } } as MessageEvent);
  }

  close(): void {
    // Nothing to let go.
  }

  target(bitrateBps: number): void {
    this.onmessage?.({ data: { type: "targetBitrate", bitrateBps } } as MessageEvent);
  }
}

/** A microphone behind an audio worklet's port: a tone of 500 Hz in blocks of 10 ms. */
class Microphone {
  readonly #channel = new MessageChannel();
  readonly heard: string[] = [];
  /** For how long the audio thread stood still, µs, which its own clock knows nothing of. */
  stoodStillUs = 0;
  #block = 0;
  #taken: () => void = () => undefined;

  constructor() {
    this.#channel.port2.onmessage = ({ data }: MessageEvent<{ type: string }>) => {
      this.heard.push(data.type);
      this.#taken();
    };
  }

  get source() {
    return { kind: "port", port: this.#channel.port1 as unknown as MessagePort } as const;
  }

  /** One block after the other, each when the one before was taken. */
  async say(blocks: number): Promise<void> {
    for (let i = 0; i < blocks; i += 1, this.#block += 1) {
      const from = this.#block * 480;
      const samples = Float32Array.from({ length: 480 }, (_, n) => Math.sin((2 * Math.PI * 500 * (from + n)) / 48_000));
      const block: SoundBlock = { samples, sampleRate: 48_000, timestampUs: this.#block * 10_000 };
      wallUs = WALL_US + this.stoodStillUs + (this.#block + 1) * 10_000;
      const taken = new Promise<void>((resolve) => {
        this.#taken = resolve;
      });
      this.#channel.port2.postMessage(block);
      await taken;
    }
  }

  close(): void {
    this.#channel.port2.close();
  }
}

const wasm: OpenSoundEncoder = async (bitrateBps, events) => wasmSoundEncoder(builtModule("opus"), bitrateBps, events);
const refuse =
  (reason: string): OpenSoundEncoder =>
  () =>
    Promise.reject(new Error(reason));

function track(codecs: "auto" | CodecBackend, openers: Record<CodecBackend, OpenSoundEncoder>) {
  const tunnel = new Tunnel();
  const failures: string[] = [];
  const encoder = new AudioTrackEncoder(TRACK, tunnel, codecs, (detail) => failures.push(detail), openers);
  const microphone = new Microphone();
  const ended = encoder.read(microphone.source);
  const stop = async () => {
    encoder.stop();
    await ended;
    await vi.waitFor(() => expect(microphone.heard.at(-1)).toBe("stop"));
    microphone.close();
  };
  return { tunnel, failures, encoder, microphone, stop };
}

/** What an encoder that has no work says of itself. */
const readyWith = (encoder: AudioTrackEncoder, backend: CodecBackend) =>
  vi.waitFor(() => expect(encoder.statistics(1).backend).toBe(backend));

describe("AudioTrackEncoder", () => {
  it("makes packets of libopus that hold what was said, with times and levels", async () => {
    const { tunnel, encoder, microphone, failures, stop } = track("auto", { wasm, webcodecs: refuse("not this") });
    await readyWith(encoder, "wasm");
    await microphone.say(50);
    await vi.waitFor(() => expect(tunnel.frames.length).toBe(25));
    const decoder = OpusDecoder.create(builtModule("opus"));
    const heard = tunnel.frames.flatMap((frame) => [...decoder.decode(frame.data)]);
    const rms = Math.sqrt(heard.slice(9_600).reduce((sum, s) => sum + s * s, 0) / (heard.length - 9_600));
    expect(rms).toBeCloseTo(Math.SQRT1_2, 1);
    const [first, second] = tunnel.frames;
    expect(first?.audioLevel).toBe(0x80 | 3);
    expect(((second?.rtpTimestamp ?? 0) - (first?.rtpTimestamp ?? 0)) >>> 0).toBe(960);
    expect((second?.captureTimeUs ?? 0) - (first?.captureTimeUs ?? 0)).toBeCloseTo(20_000, -3);

    const statistics = encoder.statistics(0.5);
    expect(statistics).toMatchObject({ backend: "wasm", codec: "opus", framesEncoded: 25, level: 3, framesSkipped: 0 });
    expect(statistics.bytesEncoded).toBe(tunnel.frames.reduce((sum, frame) => sum + frame.data.length, 0));
    expect(statistics.encodeTimeS).toBeGreaterThan(0);
    expect(failures).toEqual([]);
    await stop();
  });

  it("knows soon again when sound was captured after the audio thread has stood still", async () => {
    const { tunnel, encoder, microphone, stop } = track("auto", { wasm, webcodecs: refuse("not this") });
    await readyWith(encoder, "wasm");
    await microphone.say(200);
    microphone.stoodStillUs = 600_000;
    await microphone.say(300);
    await vi.waitFor(() => expect(tunnel.frames.length).toBeGreaterThan(240));
    const ageUs = wallUs - (encoder.statistics(1).lastCaptureTimeUs ?? 0);
    // It ends a block of 20 ms, or half of one before.
    expect(ageUs).toBeGreaterThanOrEqual(20_000);
    expect(ageUs).toBeLessThan(50_000);
    await stop();
  });

  it("follows the target bitrate between 12 and 48 kb/s", async () => {
    const { tunnel, encoder, microphone, stop } = track("auto", { wasm, webcodecs: refuse("not this") });
    await readyWith(encoder, "wasm");
    const octets = async (targetBps: number) => {
      tunnel.target(targetBps);
      const from = tunnel.frames.length;
      await microphone.say(100);
      await vi.waitFor(() => expect(tunnel.frames.length).toBe(from + 50));
      return tunnel.frames.slice(from).reduce((sum, frame) => sum + frame.data.length, 0);
    };
    expect(encoder.statistics(1).targetBitrateBps).toBe(32_000);
    const most = await octets(200_000);
    expect(encoder.statistics(1).targetBitrateBps).toBe(48_000);
    const least = await octets(1_000);
    expect(encoder.statistics(1).targetBitrateBps).toBe(12_000);
    expect(least).toBeLessThan(0.6 * most);
    await stop();
  });

  it("takes the browser's encoder where libopus cannot be had", async () => {
    const browser: OpenSoundEncoder = async (bitrateBps, events) => ({
      ...(await wasm(bitrateBps, events)),
      backend: "webcodecs",
    });
    const { tunnel, encoder, microphone, stop } = track("auto", { wasm: refuse("no file"), webcodecs: browser });
    await readyWith(encoder, "webcodecs");
    await microphone.say(4);
    await vi.waitFor(() => expect(tunnel.frames.length).toBe(2));
    await stop();
  });

  it("says why when no encoder works, once", async () => {
    const openers = { wasm: refuse("no file"), webcodecs: refuse("no AudioEncoder") };
    const { failures, microphone, encoder, stop } = track("auto", openers);
    await vi.waitFor(() => expect(failures).toEqual(["wasm: no file; webcodecs: no AudioEncoder"]));
    await microphone.say(10);
    await vi.waitFor(() => expect(microphone.heard.length).toBe(10));
    expect(encoder.statistics(1)).toMatchObject({ backend: null, framesEncoded: 0 });
    expect(failures.length).toBe(1);
    await stop();
  });

  it("uses nothing but what is asked for", async () => {
    const { failures, stop } = track("webcodecs", { wasm, webcodecs: refuse("no AudioEncoder") });
    await vi.waitFor(() => expect(failures).toEqual(["webcodecs: no AudioEncoder"]));
    await stop();
  });

  it("opens another encoder when one breaks, and another kind when it breaks again and again", async () => {
    let opened = 0;
    const broken: OpenSoundEncoder = async (_bitrateBps, _events: SoundEncoderEvents) => {
      opened += 1;
      return {
        backend: "wasm",
        queueSize: 0,
        encode: () => {
          throw new Error("broken");
        },
        setBitrate: () => undefined,
        close: () => undefined,
      };
    };
    const browser: OpenSoundEncoder = async (bitrateBps, events) => ({
      ...(await wasm(bitrateBps, events)),
      backend: "webcodecs",
    });
    const { tunnel, encoder, microphone, stop } = track("auto", { wasm: broken, webcodecs: browser });
    await readyWith(encoder, "wasm");
    await vi.waitFor(async () => {
      await microphone.say(2);
      expect(encoder.statistics(1).backend).toBe("webcodecs");
    });
    expect(opened).toBe(4);
    await microphone.say(4);
    await vi.waitFor(() => expect(tunnel.frames.length).toBeGreaterThanOrEqual(2));
    await stop();
  });

  it("sends nothing while muted, but tells the level", async () => {
    const { tunnel, encoder, microphone, stop } = track("auto", { wasm, webcodecs: refuse("not this") });
    await readyWith(encoder, "wasm");
    encoder.muted = true;
    await microphone.say(10);
    await vi.waitFor(() => expect(encoder.statistics(1).level).toBe(3));
    expect(tunnel.frames).toEqual([]);
    await stop();
  });
});
