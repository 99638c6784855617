import { describe, expect, it } from "vitest";
import {
  EncoderChoice,
  EncoderIsLate,
  type OpenEncoder,
  type PictureEncoder,
  sizeOf,
  type VideoSetting,
} from "./picture-encoder.ts";

const SETTING: VideoSetting = {
  size: { width: 640, height: 360 },
  framerate: 30,
  bitrateBps: 500_000,
  content: "motion",
};
const EVENTS = { onEncoded: () => undefined, onError: () => undefined };

const tried: string[] = [];
const working =
  (backend: "webcodecs" | "wasm"): OpenEncoder =>
  async () => {
    tried.push(backend);
    return { backend } as PictureEncoder;
  };
const broken =
  (backend: "webcodecs" | "wasm"): OpenEncoder =>
  async () => {
    tried.push(backend);
    throw new Error(`no ${backend} today`);
  };

describe("EncoderChoice", () => {
  it("takes WebCodecs when it works, and only then our own", async () => {
    const both = new EncoderChoice("auto", { webcodecs: working("webcodecs"), wasm: working("wasm") });
    expect((await both.open(SETTING, EVENTS))?.backend).toBe("webcodecs");
    const one = new EncoderChoice("auto", { webcodecs: broken("webcodecs"), wasm: working("wasm") });
    expect((await one.open(SETTING, EVENTS))?.backend).toBe("wasm");
  });

  it.each(["webcodecs", "wasm"] as const)("does not fall back when %s is asked for", async (codecs) => {
    const openers = { webcodecs: working("webcodecs"), wasm: working("wasm"), [codecs]: broken(codecs) };
    const choice = new EncoderChoice(codecs, openers);
    expect(await choice.open(SETTING, EVENTS)).toBeNull();
    expect(choice.reason).toBe(`${codecs}: no ${codecs} today`);
  });

  it("does not try again what has failed, and says why each did", async () => {
    const choice = new EncoderChoice("auto", { webcodecs: broken("webcodecs"), wasm: working("wasm") });
    await choice.open(SETTING, EVENTS);
    tried.length = 0;
    await choice.open(SETTING, EVENTS);
    expect(tried).toEqual(["wasm"]);
    expect(choice.giveUp("wasm", "it crashed")).toBe(false);
    expect(await choice.open(SETTING, EVENTS)).toBeNull();
    expect(choice.reason).toBe("webcodecs: no webcodecs today; wasm: it crashed");
    expect(choice.late).toBe(false);
  });

  it("tells an encoder that is late from one that is not there", async () => {
    const late = async () => Promise.reject(new EncoderIsLate());
    const choice = new EncoderChoice("webcodecs", { webcodecs: late, wasm: working("wasm") });
    expect(await choice.open(SETTING, EVENTS)).toBeNull();
    expect(choice.late).toBe(true);
    expect(choice.reason).toContain("holds pictures back");
  });
});

it("measures pictures as they are to be seen", () => {
  const frame = { displayWidth: 360, displayHeight: 640, codedWidth: 640, codedHeight: 360 } as VideoFrame;
  expect(sizeOf(frame)).toEqual({ width: 360, height: 640 });
  expect(sizeOf({ width: 4, height: 2 } as ImageBitmap)).toEqual({ width: 4, height: 2 });
});
