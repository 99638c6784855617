/**
 * H.264 by the browser's WebCodecs. One picture is encoded for trial before it is trusted, with two temporal layers and else
 * with one. Used by the encode worker. Queues: what the browser holds, which the track keeps at two pictures that wait and two
 * that are worked on.
 */

import { systemClock } from "../base/clock.ts";
import { codecNameFor, isDiscardable } from "../base/h264.ts";
import type { EncoderEvents, PictureEncoder, RawPicture, VideoSetting } from "./picture-encoder.ts";
import { PictureScaler } from "./picture-scaler.ts";

const TRIAL_DEADLINE_MS = 5_000;
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

async function encodesOneFrame(config: VideoEncoderConfig): Promise<boolean> {
  if (!(await VideoEncoder.isConfigSupported(config).catch(() => ({ supported: false }))).supported) return false;
  let works = false;
  const encoder = new VideoEncoder({
    output: (chunk) => {
      works ||= chunk.type === "key" && chunk.byteLength > 0;
    },
    error: () => undefined,
  });
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    encoder.configure(config);
    const { width, height } = config;
    const picture = new Uint8Array((width * height * 3) / 2).fill(128);
    const frame = new VideoFrame(picture, { format: "I420", codedWidth: width, codedHeight: height, timestamp: 0 });
    encoder.encode(frame, { keyFrame: true });
    frame.close();
    const deadline = new Promise((resolve) => {
      timer = setTimeout(resolve, TRIAL_DEADLINE_MS);
    });
    await Promise.race([encoder.flush(), deadline]);
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
    if (encoder.state !== "closed") encoder.close();
  }
  return works;
}

/** What the first trial has shown; the same for all tracks of this worker. */
let worksLayered: boolean | null = null;

/** An encoder of the browser's. @throws Error when the browser has none, or none that works. */
export async function openWebCodecsEncoder(setting: VideoSetting, events: EncoderEvents): Promise<PictureEncoder> {
  if (typeof VideoEncoder === "undefined") throw new Error("this browser has no VideoEncoder");
  if (worksLayered === null) {
    if (await encodesOneFrame(configOf(setting, true))) worksLayered = true;
    else if (await encodesOneFrame(configOf(setting, false))) worksLayered = false;
    else throw new Error("the browser's H.264 encoder does not encode");
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
