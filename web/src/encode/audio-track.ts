/**
 * One microphone's way from sound to Opus packets of 20 ms, with capture time and RFC 6464 level. Queues: at most ten
 * blocks in the encoder; more are dropped, the newest first, because a stuck encoder will not want them either.
 */

import { systemClock } from "../base/clock.ts";
import { FrameWriter, type PortLike } from "../base/frame-port.ts";
import type { SoundSource } from "../base/sources.ts";
import { microseconds } from "../base/time.ts";
import { type AudioFrame, AudioFramer, FRAME_SAMPLES, mixDown, SAMPLE_RATE } from "./audio-framer.ts";
import { CaptureClock } from "./capture-clock.ts";
import type { EncodeStatistics } from "./messages.ts";
import { SourceReader } from "./source-reader.ts";

const MOST_BITRATE_BPS = 32_000;
const LEAST_BITRATE_BPS = 12_000;
/** A smaller change is not worth a reconfiguration. */
const BITRATE_STEP = 0.25;
const MOST_QUEUED = 10;
const MOST_REMEMBERED = 32;
const MOST_FAILURES = 3;

/** `opus` is in the standard, but not in every version of the type library; discontinuous transmission stays off. */
const configOf = (bitrate: number): AudioEncoderConfig & { opus: Record<string, unknown> } => ({
  codec: "opus",
  sampleRate: SAMPLE_RATE,
  numberOfChannels: 1,
  bitrate,
  opus: { frameDuration: 20_000, application: "voip", signal: "voice", usedtx: false },
});

/** Encodes one audio track until it is stopped. */
export class AudioTrackEncoder {
  readonly #trackId: number;
  readonly #writer: FrameWriter;
  readonly #failed: (detail: string) => void;
  readonly #framer = new AudioFramer(Math.floor(Math.random() * 2 ** 32));
  /** What belongs to the packets that have not come out yet, by timestamp. */
  readonly #inside = new Map<number, AudioFrame>();
  readonly #source = new SourceReader<AudioData>(
    (data) => this.#take(data),
    (detail) => this.#fail(detail),
  );
  #clock = new CaptureClock();
  #encoder: AudioEncoder | null = null;
  #bitrateBps = MOST_BITRATE_BPS;
  #muted = false;
  #timestampUs = 0;
  #failures = 0;
  #encoded = 0;
  #skipped = 0;
  #refused = 0;
  #bytes = 0;
  #bytesReported = 0;
  #level = 127;
  #lastCaptureTimeUs: number | null = null;

  /** @param failed called once when there is no hope; the track stays silent then. */
  constructor(trackId: number, port: PortLike, failed: (detail: string) => void) {
    this.#trackId = trackId;
    this.#failed = failed;
    this.#writer = new FrameWriter(port, { onTargetBitrate: (bitrateBps) => this.#aim(bitrateBps) });
  }

  /** Listen to this from now on; null: to nothing. Returns when the source has ended or was replaced. */
  async read(source: SoundSource | null): Promise<void> {
    this.#clock = new CaptureClock();
    await this.#source.read(source?.kind === "stream" ? source.stream : null);
  }

  set muted(muted: boolean) {
    this.#muted = muted;
  }

  /** End the track. */
  stop(): void {
    void this.read(null);
    this.#writer.end();
    if (this.#encoder?.state === "configured") this.#encoder.close();
    this.#encoder = null;
  }

  /** How it does; bitrate and level are those since the last call. @param elapsedS since then. */
  statistics(elapsedS: number): EncodeStatistics {
    const bytes = this.#bytes - this.#bytesReported;
    this.#bytesReported = this.#bytes;
    const level = this.#level;
    this.#level = 127;
    return {
      trackId: this.#trackId,
      kind: "audio",
      codec: this.#encoder === null ? null : "opus",
      scalability: null,
      backend: this.#encoder === null ? null : "webcodecs",
      size: null,
      framerate: 0,
      limitation: "none",
      encodeTimeS: 0,
      targetBitrateBps: this.#bitrateBps,
      bitrateBps: Math.round((bytes * 8) / elapsedS),
      bytesEncoded: this.#bytes,
      framesEncoded: this.#encoded,
      keyframes: 0,
      framesSkipped: this.#skipped,
      framesRefused: this.#refused,
      lastCaptureTimeUs: this.#lastCaptureTimeUs,
      level,
    };
  }

  #take(data: AudioData): void {
    const durationUs = (data.numberOfFrames / data.sampleRate) * 1e6;
    const captureTimeUs = this.#clock.captureTimeUs(data.timestamp, durationUs, systemClock.wallUs());
    const channels = Array.from({ length: data.numberOfChannels }, (_, planeIndex) => {
      const samples = new Float32Array(data.numberOfFrames);
      data.copyTo(samples, { planeIndex, format: "f32-planar" });
      return samples;
    });
    for (const frame of this.#framer.push(mixDown(channels), data.sampleRate, captureTimeUs)) this.#encode(frame);
  }

  #encode(frame: AudioFrame): void {
    this.#level = Math.min(this.#level, frame.level & 0x7f);
    if (this.#muted || this.#failures > MOST_FAILURES) return;
    if (!this.#writer.ready || (this.#encoder?.encodeQueueSize ?? 0) >= MOST_QUEUED) {
      this.#skipped += 1;
      return;
    }
    // The encoder counts by itself from the first timestamp on, so it gets an even count and the times stay here.
    const timestamp = this.#timestampUs;
    this.#timestampUs += 20_000;
    this.#inside.set(timestamp, frame);
    for (const old of this.#inside.keys()) if (this.#inside.size > MOST_REMEMBERED) this.#inside.delete(old);
    const data = new AudioData({
      format: "f32-planar",
      sampleRate: SAMPLE_RATE,
      numberOfFrames: FRAME_SAMPLES,
      numberOfChannels: 1,
      timestamp,
      data: frame.samples,
    });
    try {
      this.#encoder ??= this.#newEncoder();
      this.#encoder.encode(data);
    } catch (error) {
      this.#fail(String(error));
    } finally {
      data.close();
    }
  }

  #aim(targetBps: number): void {
    const bitrateBps = Math.max(LEAST_BITRATE_BPS, Math.min(MOST_BITRATE_BPS, Math.round(targetBps)));
    if (Math.abs(bitrateBps - this.#bitrateBps) < this.#bitrateBps * BITRATE_STEP) return;
    this.#bitrateBps = bitrateBps;
    if (this.#encoder?.state === "configured") this.#encoder.configure(configOf(bitrateBps));
  }

  #newEncoder(): AudioEncoder {
    this.#inside.clear();
    const encoder = new AudioEncoder({
      output: (chunk) => this.#give(chunk),
      error: (error) => this.#fail(error.message),
    });
    encoder.configure(configOf(this.#bitrateBps));
    return encoder;
  }

  #give(chunk: EncodedAudioChunk): void {
    const key = Math.round(chunk.timestamp / 20_000) * 20_000;
    const frame = this.#inside.get(key);
    if (frame === undefined) return;
    this.#inside.delete(key);
    const data = new Uint8Array(chunk.byteLength);
    chunk.copyTo(data);
    this.#encoded += 1;
    this.#failures = 0;
    this.#bytes += data.length;
    this.#lastCaptureTimeUs = frame.captureTimeUs;
    const encoded = {
      data,
      rtpTimestamp: frame.rtpTimestamp,
      captureTimeUs: microseconds(frame.captureTimeUs),
      keyframe: false,
      discardable: false,
      temporalLayer: 0,
      audioLevel: frame.level,
    };
    if (!this.#writer.write(encoded, false)) this.#refused += 1;
  }

  #fail(detail: string): void {
    if (this.#encoder?.state === "configured") this.#encoder.close();
    this.#encoder = null;
    this.#failures += 1;
    if (this.#failures === MOST_FAILURES + 1) this.#failed(detail);
  }
}
