import { beforeEach, describe, expect, it } from "vitest";
import type { CodecBackend, CodecChoice } from "../base/backends.ts";
import type { EncodedFrame } from "../base/media.ts";
import { microseconds } from "../base/time.ts";
import { DecoderSwitch } from "./decoder-switch.ts";
import type { DecodedPicture, DecoderEvents, PictureDecoder } from "./picture-decoder.ts";

const settled = async () => {
  for (let i = 0; i < 6; i += 1) await Promise.resolve();
};

const frame = (time: number, keyframe = false): EncodedFrame => ({
  data: Uint8Array.of(time),
  rtpTimestamp: 0,
  captureTimeUs: microseconds(time),
  keyframe,
  discardable: false,
  temporalLayer: 0,
  audioLevel: null,
});

/** A decoder whose pictures come out when told to. */
class FakeDecoder implements PictureDecoder {
  readonly codec = "avc1.42e01f";
  readonly queueSize = 0;
  decodeTimeS = 0;
  closed = false;
  readonly given: number[] = [];
  readonly backend: CodecBackend;
  readonly events: DecoderEvents;

  constructor(backend: CodecBackend, events: DecoderEvents) {
    this.backend = backend;
    this.events = events;
  }

  decode({ captureTimeUs, data }: EncodedFrame): void {
    this.given.push(captureTimeUs);
    // As a transfer would.
    data.fill(0);
  }

  show(captureTimeUs: number): void {
    this.events.onPicture({ captureTimeUs, close: () => void closed.push(captureTimeUs) } as DecodedPicture);
  }

  close(): void {
    this.closed = true;
  }
}

let decoders: FakeDecoder[];
let told: string[];
let closed: number[];
let now: number;
let unavailable: Set<CodecBackend>;

beforeEach(() => {
  decoders = [];
  told = [];
  closed = [];
  now = 0;
  unavailable = new Set();
});

function made(codecs: CodecChoice = "auto"): DecoderSwitch {
  const opener = (backend: CodecBackend) => async (_: unknown, events: DecoderEvents) => {
    if (unavailable.has(backend)) throw new Error("there is none");
    const decoder = new FakeDecoder(backend, events);
    decoders.push(decoder);
    return decoder;
  };
  return new DecoderSwitch(
    "h264",
    codecs,
    { webcodecs: opener("webcodecs"), wasm: opener("wasm") },
    {
      onPicture: ({ captureTimeUs }) => void told.push(`picture ${captureTimeUs}`),
      onRoom: () => void told.push("room"),
      onKeyframeNeeded: () => void told.push("keyframe"),
      onFailed: (detail) => void told.push(`failed ${detail}`),
    },
    () => now,
  );
}

const last = () => decoders.at(-1) as FakeDecoder;

describe("DecoderSwitch", () => {
  it("opens a decoder with the first keyframe and gives it what has come meanwhile", async () => {
    const decoder = made();
    decoder.decode(frame(1, true));
    decoder.decode(frame(2));
    await settled();
    decoder.decode(frame(3));
    expect(last().given).toEqual([1, 2, 3]);
    expect(decoder.backend).toBeNull();
    last().show(1);
    expect([decoder.backend, decoder.codec, told]).toEqual(["webcodecs", "avc1.42e01f", ["picture 1"]]);
  });

  it("asks for a keyframe when it has none to begin with", () => {
    made().decode(frame(1));
    expect(told).toEqual(["keyframe"]);
  });

  it("begins with the same frames in the next backend when the trial fails", async () => {
    const decoder = made();
    decoder.decode(frame(1, true));
    await settled();
    decoder.decode(frame(2));
    last().events.onError("unsupported configuration");
    await settled();
    expect(decoders.map(({ backend, given }) => [backend, given])).toEqual([
      ["webcodecs", [1, 2]],
      ["wasm", [1, 2]],
    ]);
    last().show(1);
    expect([decoder.backend, told, decoders[0]?.closed]).toEqual(["wasm", ["picture 1"], true]);
  });

  it("leaves a decoder that takes everything and shows nothing", async () => {
    const decoder = made();
    for (let time = 0; time < 60; time += 1) {
      now += 0.033;
      decoder.decode(frame(time, time === 0));
      await settled();
    }
    expect(last().backend).toBe("webcodecs");
    for (let time = 60; time < 80; time += 1) {
      now += 0.1;
      decoder.decode(frame(time));
      await settled();
    }
    expect([decoders.length, last().backend]).toEqual([2, "wasm"]);
    expect(last().given[0]).toBe(0);
  });

  it("says once that nothing works, and why", async () => {
    unavailable.add("wasm");
    const decoder = made();
    decoder.decode(frame(1, true));
    await settled();
    last().events.onError("not supported");
    await settled();
    decoder.decode(frame(2, true));
    await settled();
    expect(told).toEqual(["failed webcodecs: not supported; wasm: there is none"]);
  });

  it.each(["webcodecs", "wasm"] as const)("does not fall back when %s is asked for", async (codecs) => {
    unavailable.add(codecs);
    made(codecs).decode(frame(1, true));
    await settled();
    expect(told).toEqual([`failed ${codecs}: there is none`]);
  });

  it("opens a decoder anew that breaks in the middle, and goes on with a keyframe", async () => {
    const decoder = made();
    decoder.decode(frame(1, true));
    await settled();
    last().show(1);
    last().decodeTimeS = 2;
    last().events.onError("corrupt");
    expect(told).toEqual(["picture 1", "keyframe"]);
    decoder.decode(frame(5, true));
    await settled();
    expect(decoders.map(({ backend, given }) => [backend, given])).toEqual([
      ["webcodecs", [1]],
      ["webcodecs", [5]],
    ]);
    expect(decoder.decodeTimeS).toBe(2);
  });

  it("moves on when a decoder breaks again and again", async () => {
    const decoder = made();
    for (let time = 0; time < 7; time += 1) {
      decoder.decode(frame(time, true));
      await settled();
      last().show(time);
      last().events.onError("corrupt");
    }
    expect(decoders.map(({ backend }) => backend)).toEqual([...Array<string>(6).fill("webcodecs"), "wasm"]);
  });

  it("hears nothing of a decoder that was left", async () => {
    const decoder = made();
    decoder.decode(frame(1, true));
    await settled();
    const old = last();
    old.events.onError("unsupported");
    await settled();
    old.show(1);
    old.events.onError("again");
    expect([told, closed, decoders.length]).toEqual([[], [1], 2]);
    decoder.close();
    expect(last().closed).toBe(true);
    last().show(2);
    expect(closed).toEqual([1, 2]);
  });
});
