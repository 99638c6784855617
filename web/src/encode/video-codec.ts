/**
 * Finds an H.264 encoder configuration that really works: `isConfigSupported` promises too much, so one frame is encoded
 * for trial. Used by the encode worker, and by the page to tell early that a codec is missing.
 */

import { codecString } from "./h264.ts";
import type { PictureSize } from "./rate.ts";

const TRIAL_DEADLINE_MS = 5_000;

/** What makes one configuration out of many. */
export interface VideoSetting {
  readonly size: PictureSize;
  readonly framerate: number;
  readonly bitrateBps: number;
  /** Two temporal layers: the upper one can be dropped on the way without harm to what follows. */
  readonly layered: boolean;
}

/** The WebCodecs configuration: constrained baseline, Annex B, no delay in the encoder. */
export function encoderConfig({ size, framerate, bitrateBps, layered }: VideoSetting): VideoEncoderConfig {
  return {
    codec: codecString(size.width, size.height, framerate),
    width: size.width,
    height: size.height,
    framerate,
    bitrate: Math.round(bitrateBps),
    bitrateMode: "variable",
    latencyMode: "realtime",
    avc: { format: "annexb" },
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

/**
 * Try with two temporal layers, then with one.
 *
 * @returns whether to use layers; null when no H.264 encoder works here.
 */
export async function tryVideoEncoder(setting: Omit<VideoSetting, "layered">): Promise<{ layered: boolean } | null> {
  if (typeof VideoEncoder === "undefined") return null;
  for (const layered of [true, false]) {
    if (await encodesOneFrame(encoderConfig({ ...setting, layered }))) return { layered };
  }
  return null;
}
