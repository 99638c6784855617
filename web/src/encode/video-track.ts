/**
 * One camera's way from picture to encoded frame. It pulls: a picture is taken only when the encoder and the tunnel are
 * ready for it, else it is dropped before any work is done on it. Queues: at most two pictures in the encoder.
 */

import { systemClock } from "../base/clock.ts";
import { FrameWriter, type PortLike } from "../base/frame-port.ts";
import { rtpTimestampOf } from "../base/media.ts";
import type { PictureSource } from "../base/sources.ts";
import { microseconds } from "../base/time.ts";
import { CaptureClock } from "./capture-clock.ts";
import { isDiscardable } from "./h264.ts";
import type { EncodeStatistics, VideoOptions } from "./messages.ts";
import { PictureScaler } from "./picture-scaler.ts";
import { ScaleChooser, scaledSize } from "./rate.ts";
import { SourceReader } from "./source-reader.ts";
import { encoderConfig, tryVideoEncoder, type VideoSetting } from "./video-codec.ts";

const MOST_QUEUED = 2;
/** The encoder may drop pictures by itself; those must not be waited for. */
const MOST_REMEMBERED = 32;
/** Keyframes are large: closer together than this they would choke the path that asked for them. */
const KEYFRAME_SPACING_S = 0.3;
const START_BITRATE_BPS = 800_000;
const LEAST_BITRATE_BPS = 50_000;
/** A bitrate change smaller than this is not worth a reconfiguration. */
const BITRATE_STEP = 0.05;
/** An encoder that needs longer than this for a picture, smoothed, is too slow for its size. */
const SLOW_S = 0.06;
const SMOOTHING = 0.1;
const MOST_FAILURES = 3;

/** Encodes one video track until it is stopped. */
export class VideoTrackEncoder {
  readonly #trackId: number;
  readonly #writer: FrameWriter;
  readonly #failed: (detail: string) => void;
  readonly #scales = new ScaleChooser();
  readonly #scaler = new PictureScaler();
  /** When the picture in the encoder went in, by timestamp. */
  readonly #inside = new Map<number, number>();
  readonly #source = new SourceReader<VideoFrame>(
    (picture) => this.#take(picture),
    (detail) => this.#fail(detail),
  );
  #options: VideoOptions;
  #clock = new CaptureClock();
  #encoder: VideoEncoder | null = null;
  #setting: VideoSetting | null = null;
  #layered: boolean | null = null;
  #encodeTimeS = 0;
  #targetBps = START_BITRATE_BPS;
  #muted = false;
  #keyframeWanted = true;
  #keyframeAt = Number.NEGATIVE_INFINITY;
  #originUs: number | null = null;
  #lastTimestampUs = -1;
  #failures = 0;
  #encoded = 0;
  #keyframes = 0;
  #skipped = 0;
  #refused = 0;
  #bytes = 0;
  #bytesReported = 0;
  #lastCaptureTimeUs: number | null = null;

  /** @param failed called once when there is no hope; the track stays silent then. */
  constructor(trackId: number, port: PortLike, options: VideoOptions, failed: (detail: string) => void) {
    this.#trackId = trackId;
    this.#options = options;
    this.#failed = failed;
    this.#writer = new FrameWriter(port, {
      onKeyframeNeeded: () => {
        this.#keyframeWanted = true;
      },
      onTargetBitrate: (bitrateBps) => {
        this.#targetBps = bitrateBps;
      },
    });
  }

  /** Take pictures from here from now on; null: from nowhere. Returns when the source has ended or was replaced. */
  async read(source: PictureSource | null, options = this.#options): Promise<void> {
    this.#options = options;
    this.#clock = new CaptureClock();
    this.#keyframeWanted = true;
    await this.#source.read(source?.kind === "stream" ? source.stream : null);
  }

  set muted(muted: boolean) {
    if (this.#muted && !muted) this.#keyframeWanted = true;
    this.#muted = muted;
  }

  /** End the track. */
  stop(): void {
    void this.read(null);
    this.#writer.end();
    if (this.#encoder?.state === "configured") this.#encoder.close();
    this.#encoder = null;
  }

  /** How it does; the bitrate is that since the last call. @param elapsedS since then. */
  statistics(elapsedS: number): EncodeStatistics {
    const bytes = this.#bytes - this.#bytesReported;
    this.#bytesReported = this.#bytes;
    const setting = this.#setting;
    return {
      trackId: this.#trackId,
      kind: "video",
      codec: setting === null ? null : encoderConfig(setting).codec,
      scalability: setting === null ? null : setting.layered ? "L1T2" : "L1T1",
      backend: setting === null ? null : "webcodecs",
      size: setting?.size ?? null,
      framerate: setting?.framerate ?? 0,
      limitation: "none",
      encodeTimeS: 0,
      targetBitrateBps: setting?.bitrateBps ?? 0,
      bitrateBps: Math.round((bytes * 8) / elapsedS),
      bytesEncoded: this.#bytes,
      framesEncoded: this.#encoded,
      keyframes: this.#keyframes,
      framesSkipped: this.#skipped,
      framesRefused: this.#refused,
      lastCaptureTimeUs: this.#lastCaptureTimeUs,
      level: 127,
    };
  }

  async #take(picture: VideoFrame): Promise<void> {
    const captureTimeUs = this.#clock.captureTimeUs(picture.timestamp, 0, systemClock.wallUs());
    if (this.#muted || this.#failures > MOST_FAILURES) return;
    if (!this.#writer.ready || (this.#encoder?.encodeQueueSize ?? 0) >= MOST_QUEUED) {
      this.#skipped += 1;
      return;
    }
    if (!(await this.#configured(picture))) return;
    this.#originUs ??= captureTimeUs;
    const timestamp = Math.max(Math.round(captureTimeUs - this.#originUs), this.#lastTimestampUs + 1);
    this.#lastTimestampUs = timestamp;
    const now = systemClock.monotonic();
    const keyFrame = this.#keyframeWanted && now - this.#keyframeAt >= KEYFRAME_SPACING_S;
    if (keyFrame) {
      this.#keyframeWanted = false;
      this.#keyframeAt = now;
    }
    this.#inside.set(timestamp, now);
    if (this.#inside.size > MOST_REMEMBERED) this.#inside.clear();
    const stamped = this.#scaler.scale(picture, this.#setting?.size ?? null, timestamp);
    try {
      this.#encoder?.encode(stamped, { keyFrame });
    } catch (error) {
      this.#fail(String(error));
    } finally {
      stamped.close();
    }
  }

  /** Bring the encoder to the size and bitrate of the moment. */
  async #configured(picture: VideoFrame): Promise<boolean> {
    const { framerate, maxBitrateBps } = this.#options;
    const bitrateBps = Math.max(LEAST_BITRATE_BPS, Math.min(maxBitrateBps, this.#targetBps));
    const camera = { width: picture.displayWidth, height: picture.displayHeight };
    const overloaded = this.#encodeTimeS > SLOW_S;
    const scale = this.#scales.choose(camera, framerate, bitrateBps, overloaded, systemClock.monotonic());
    const size = scaledSize(camera, scale);
    if (this.#layered === null) {
      const trial = await tryVideoEncoder({ size, framerate, bitrateBps });
      if (trial === null) {
        this.#failures = MOST_FAILURES + 1;
        this.#failed("no H.264 encoder");
        return false;
      }
      this.#layered = trial.layered;
    }
    const old = this.#setting;
    const same =
      this.#encoder?.state === "configured" &&
      old !== null &&
      old.size.width === size.width &&
      old.size.height === size.height &&
      old.framerate === framerate &&
      Math.abs(bitrateBps - old.bitrateBps) <= old.bitrateBps * BITRATE_STEP;
    if (same) return true;
    this.#setting = { size, framerate, bitrateBps, layered: this.#layered };
    this.#encodeTimeS = old?.size.width === size.width ? this.#encodeTimeS : 0;
    try {
      if (this.#encoder?.state !== "configured") this.#encoder = this.#newEncoder();
      this.#encoder.configure(encoderConfig(this.#setting));
      return true;
    } catch (error) {
      this.#fail(String(error));
      return false;
    }
  }

  #newEncoder(): VideoEncoder {
    this.#keyframeWanted = true;
    this.#inside.clear();
    this.#keyframeAt = Number.NEGATIVE_INFINITY;
    return new VideoEncoder({
      output: (chunk, metadata) => this.#give(chunk, metadata),
      error: (error) => this.#fail(error.message),
    });
  }

  #give(chunk: EncodedVideoChunk, metadata: EncodedVideoChunkMetadata | undefined): void {
    const data = new Uint8Array(chunk.byteLength);
    chunk.copyTo(data);
    const keyframe = chunk.type === "key";
    const captureTimeUs = microseconds((this.#originUs ?? 0) + chunk.timestamp);
    const now = systemClock.monotonic();
    this.#encodeTimeS += (now - (this.#inside.get(chunk.timestamp) ?? now) - this.#encodeTimeS) * SMOOTHING;
    this.#inside.delete(chunk.timestamp);
    this.#encoded += 1;
    this.#failures = 0;
    this.#bytes += data.length;
    if (keyframe) {
      this.#keyframes += 1;
      this.#keyframeAt = now;
    }
    this.#lastCaptureTimeUs = captureTimeUs;
    const frame = {
      data,
      rtpTimestamp: rtpTimestampOf(captureTimeUs, "h264"),
      captureTimeUs,
      keyframe,
      discardable: !keyframe && isDiscardable(data),
      temporalLayer: metadata?.svc?.temporalLayerId ?? 0,
      audioLevel: null,
    };
    if (!this.#writer.write(frame, true)) this.#refused += 1;
  }

  #fail(detail: string): void {
    if (this.#encoder?.state === "configured") this.#encoder.close();
    this.#encoder = null;
    this.#failures += 1;
    if (this.#failures === MOST_FAILURES + 1) this.#failed(detail);
  }
}
