/**
 * H.264 by the browser's WebCodecs. A picture must come out in time before it is trusted, with two temporal layers and else with
 * one. Used by the encode worker. Queues: what the browser holds, which the track keeps at two pictures that wait and two
 * that are worked on.
 */

import { systemClock } from "../base/clock.ts";
import { codecNameFor, isDiscardable } from "../base/h264.ts";
import {
  type EncoderEvents,
  EncoderIsLate,
  type PictureEncoder,
  type RawPicture,
  type VideoSetting,
} from "./picture-encoder.ts";
import { PictureScaler } from "./picture-scaler.ts";
import { planesLength } from "./plane-scaler.ts";

const TRIAL_PICTURES = 20;
/**
 * Firefox 153 gives nothing before it has been given 42 pictures, whatever it is asked for: of no use in a conversation. So many
 * more pictures are waited for once the machine has shown, with an encoder that was told to finish, how fast it could be.
 */
const LATE_PICTURES = 5;
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

/** A grey picture. */
function trialPicture({ width, height }: VideoEncoderConfig, timestamp: number): VideoFrame {
  const planes = new Uint8Array(planesLength({ width, height })).fill(128);
  return new VideoFrame(planes, { format: "I420", codedWidth: width, codedHeight: height, timestamp });
}

function encodeTrialPicture(encoder: VideoEncoder, config: VideoEncoderConfig, index: number): void {
  const picture = trialPicture(config, index * TRIAL_SPACING_MS * 1000);
  encoder.encode(picture, { keyFrame: index === 0 });
  picture.close();
}

/** Whether one picture comes out of an encoder that is told that there will be no other; resolves when it has. */
async function finishesOne(config: VideoEncoderConfig): Promise<boolean> {
  let came = false;
  const encoder = new VideoEncoder({
    output: () => {
      came = true;
    },
    error: () => undefined,
  });
  try {
    encoder.configure(config);
    encodeTrialPicture(encoder, config, 0);
    await encoder.flush();
  } catch {
    return false;
  } finally {
    if (encoder.state !== "closed") encoder.close();
  }
  return came;
}

/** Encode grey pictures until the first has come out; why it has not, or null when it has. */
async function tryEncoder(config: VideoEncoderConfig): Promise<Error | null> {
  const { supported } = await VideoEncoder.isConfigSupported(config).catch(() => ({ supported: false }));
  if (!supported) return new Error("the browser has no H.264 encoder");
  let works = false;
  let failure: Error | null = null;
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
      failure = error;
      cameOut();
    },
  });
  let finished = false;
  let most = TRIAL_PICTURES;
  try {
    encoder.configure(config);
    for (let i = 0; i < most && !works && failure === null; i += 1) {
      encodeTrialPicture(encoder, config, i);
      if (i === 1) {
        void finishesOne(config).then((came) => {
          finished = came;
          if (came) most = Math.min(most, i + LATE_PICTURES);
        });
      }
      let timer: ReturnType<typeof setTimeout> | undefined;
      const next = new Promise((resolve) => {
        timer = setTimeout(resolve, TRIAL_SPACING_MS);
      });
      await Promise.race([first, next]);
      clearTimeout(timer);
    }
  } catch (error) {
    failure = error instanceof Error ? error : new Error(String(error));
  } finally {
    if (encoder.state !== "closed") encoder.close();
  }
  if (works || failure !== null) return failure;
  return finished ? new EncoderIsLate() : new Error("the browser's H.264 encoder gives no picture");
}

/** What the first trial has shown; the same for all tracks of this worker. */
let worksLayered: boolean | EncoderIsLate | null = null;

/** An encoder of the browser's. @throws EncoderIsLate or another Error when the browser has none that works. */
export async function openWebCodecsEncoder(setting: VideoSetting, events: EncoderEvents): Promise<PictureEncoder> {
  if (typeof VideoEncoder === "undefined") throw new Error("this browser has no VideoEncoder");
  if (worksLayered === null) {
    const layered = (await tryEncoder(configOf(setting, true))) === null;
    const problem = layered ? null : await tryEncoder(configOf(setting, false));
    // A machine that was too busy to answer may be asked again; an encoder that answers late always does.
    if (problem instanceof EncoderIsLate) worksLayered = problem;
    else if (problem !== null) throw problem;
    else worksLayered = layered;
  }
  if (worksLayered instanceof EncoderIsLate) throw worksLayered;
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
