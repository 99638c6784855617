/**
 * H.264 by the browser's WebCodecs. A picture must come out in time before it is trusted, with two temporal layers and else with
 * one. Used by the encode worker. Queues: what the browser holds, which the track keeps at two pictures that wait and two
 * that are worked on.
 */

import { systemClock } from "../base/clock.ts";
import { codecNameFor, isDiscardable } from "../base/h264.ts";
import type { EncoderEvents, PictureEncoder, RawPicture, VideoSetting } from "./picture-encoder.ts";
import { PictureScaler } from "./picture-scaler.ts";
import { planesLength } from "./plane-scaler.ts";

/** Firefox 153 gives nothing before it has been given 42 pictures, whatever it is asked for: of no use in a conversation. */
const TRIAL_PICTURES = 20;
const TRIAL_SPACING_MS = 100;
/** Pictures that an encoder, those of graphics cards mostly, works on at the same time. */
const PIPELINE = 2;
/** A picture that has not come out for so long was dropped. */
const LOST_S = 1;

/** Constrained baseline, Annex B, no delay in the encoder. */
function configOf({ size, framerate, bitrateBps }: VideoSetting, layered: boolean): VideoEncoderConfig {
  return {
    codec: codecNameFor(size.width, size.height, framerate),
    width: size.width,
    height: size.height,
    framerate,
    bitrate: Math.round(bitrateBps),
    bitrateMode: "variable",
    latencyMode: "realtime",
    avc: { format: "annexb" },
    // The upper layer can be dropped on the way without harm to what follows.
    ...(layered ? { scalabilityMode: "L1T2" } : {}),
  };
}

/** Encode grey pictures until the first has come out; why it has not, or null when it has. */
async function tryEncoder(config: VideoEncoderConfig): Promise<string | null> {
  const { supported } = await VideoEncoder.isConfigSupported(config).catch(() => ({ supported: false }));
  if (!supported) return "the browser has no H.264 encoder";
  let works = false;
  let failure: string | null = null;
  let cameOut = () => {};
  const first = new Promise<void>((resolve) => {
    cameOut = resolve;
  });
  const encoder = new VideoEncoder({
    output: (chunk) => {
      works ||= chunk.type === "key" && chunk.byteLength > 0;
      cameOut();
    },
    error: (error) => {
      failure = error.message;
      cameOut();
    },
  });
  try {
    encoder.configure(config);
    const { width, height } = config;
    const picture = new Uint8Array(planesLength({ width, height })).fill(128);
    for (let i = 0; i < TRIAL_PICTURES && !works && failure === null; i += 1) {
      const timestamp = i * TRIAL_SPACING_MS * 1000;
      const frame = new VideoFrame(picture, { format: "I420", codedWidth: width, codedHeight: height, timestamp });
      encoder.encode(frame, { keyFrame: i === 0 });
      frame.close();
      let timer: ReturnType<typeof setTimeout> | undefined;
      const next = new Promise((resolve) => {
        timer = setTimeout(resolve, TRIAL_SPACING_MS);
      });
      await Promise.race([first, next]);
      clearTimeout(timer);
    }
  } catch (error) {
    failure = String(error);
  } finally {
    if (encoder.state !== "closed") encoder.close();
  }
  return works ? null : (failure ?? "the browser's H.264 encoder holds pictures back");
}

/** What the first trial has shown; the same for all tracks of this worker. */
let worksLayered: boolean | null = null;

/** An encoder of the browser's. @throws Error when the browser has none, or none that works. */
export async function openWebCodecsEncoder(setting: VideoSetting, events: EncoderEvents): Promise<PictureEncoder> {
  if (typeof VideoEncoder === "undefined") throw new Error("this browser has no VideoEncoder");
  if (worksLayered === null) {
    const layered = (await tryEncoder(configOf(setting, true))) === null;
    const problem = layered ? null : await tryEncoder(configOf(setting, false));
    if (problem !== null) throw new Error(problem);
    worksLayered = layered;
  }
  return new WebCodecsEncoder(setting, worksLayered, events);
}

class WebCodecsEncoder implements PictureEncoder {
  readonly backend = "webcodecs";
  readonly depth = 2;
  readonly #layered: boolean;
  readonly #encoder: VideoEncoder;
  readonly #scaler = new PictureScaler();
  /** When each picture that has not come out went in, by timestamp, oldest first. */
  readonly #inside = new Map<number, number>();
  #setting: VideoSetting;

  constructor(setting: VideoSetting, layered: boolean, events: EncoderEvents) {
    this.#layered = layered;
    this.#setting = setting;
    this.#encoder = new VideoEncoder({
      output: (chunk, metadata) => {
        const data = new Uint8Array(chunk.byteLength);
        chunk.copyTo(data);
        const keyframe = chunk.type === "key";
        this.#cameOut(chunk.timestamp);
        events.onEncoded({
          data,
          timestampUs: chunk.timestamp,
          keyframe,
          discardable: !keyframe && isDiscardable(data),
          temporalLayer: metadata?.svc?.temporalLayerId ?? 0,
        });
      },
      error: (error) => events.onError(error.message),
    });
    this.#encoder.configure(configOf(setting, layered));
  }

  get codec(): string {
    return configOf(this.#setting, this.#layered).codec;
  }

  get scalability(): string {
    return this.#layered ? "L1T2" : "L1T1";
  }

  get queueSize(): number {
    for (const [timestamp, since] of this.#inside) {
      if (systemClock.monotonic() - since < LOST_S) break;
      this.#inside.delete(timestamp);
    }
    // Firefox 153 counts a picture only until it has gone to another process, where dozens may wait.
    return Math.max(this.#encoder.encodeQueueSize, this.#inside.size - PIPELINE);
  }

  configure(setting: VideoSetting): void {
    this.#setting = setting;
    this.#encoder.configure(configOf(setting, this.#layered));
  }

  async encode(picture: RawPicture, timestampUs: number, keyframe: boolean): Promise<void> {
    const stamped = await this.#scaler.frame(picture, this.#setting.size, timestampUs);
    try {
      // It may have broken while the picture was scaled, which was told.
      if (this.#encoder.state !== "configured") return;
      this.#inside.set(timestampUs, systemClock.monotonic());
      this.#encoder.encode(stamped, { keyFrame: keyframe });
    } finally {
      stamped.close();
    }
  }

  /** Pictures come out in order: one before it that has not was dropped by the encoder. */
  #cameOut(timestampUs: number): void {
    for (const timestamp of this.#inside.keys()) if (timestamp <= timestampUs) this.#inside.delete(timestamp);
  }

  close(): void {
    if (this.#encoder.state !== "closed") this.#encoder.close();
  }
}
