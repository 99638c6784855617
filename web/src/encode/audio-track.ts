/**
 * One microphone's way from sound to Opus packets of 20 ms, with capture time and RFC 6464 level. Queues: at most ten
 * frames in the encoder; more are dropped, the newest first, because a stuck encoder will not want them either.
 */

import type { CodecBackend, CodecChoice } from "../base/backends.ts";
import { systemClock } from "../base/clock.ts";
import { FrameWriter, type PortLike } from "../base/frame-port.ts";
import type { SoundSource } from "../base/sources.ts";
import { microseconds } from "../base/time.ts";
import { type AudioFrame, AudioFramer } from "./audio-framer.ts";
import { CaptureClock } from "./capture-clock.ts";
import type { EncodeStatistics } from "./messages.ts";
import { type OpenSoundEncoder, type SoundEncoder, SoundEncoderChoice } from "./sound-encoder.ts";
import { type SourceSound, soundFrom } from "./sound-source.ts";
import { SourceReader } from "./source-reader.ts";
import { openWasmSoundEncoder } from "./wasm-sound-encoder.ts";
import { openWebCodecsSoundEncoder } from "./webcodecs-sound-encoder.ts";

const INITIAL_BITRATE_BPS = 32_000;
const MOST_BITRATE_BPS = 48_000;
const LEAST_BITRATE_BPS = 12_000;
/** Of the target, for the headers of 50 packets a second. */
const HEADERS_BPS = 8_000;
/** A smaller change is not worth a reconfiguration. */
const BITRATE_STEP = 0.25;
const MOST_QUEUED = 10;
/** In a row; then the next backend is tried. */
const MOST_FAILURES = 3;

const OPENERS: Readonly<Record<CodecBackend, OpenSoundEncoder>> = {
  wasm: openWasmSoundEncoder,
  webcodecs: openWebCodecsSoundEncoder,
};

/** Encodes one audio track until it is stopped. */
export class AudioTrackEncoder {
  readonly #trackId: number;
  readonly #writer: FrameWriter;
  readonly #choice: SoundEncoderChoice;
  readonly #failed: (detail: string) => void;
  readonly #framer = new AudioFramer(Math.floor(Math.random() * 2 ** 32));
  readonly #source = new SourceReader<SourceSound>(
    (sound) => this.#take(sound),
    (detail) => this.#fail(this.#encoder, detail),
  );
  #clock = new CaptureClock();
  #encoder: SoundEncoder | null = null;
  /** Being opened, none left, or stopped: sound is not encoded. */
  #state: "idle" | "opening" | "open" | "over" = "idle";
  #bitrateBps = INITIAL_BITRATE_BPS;
  #muted = false;
  #failures = 0;
  #encoded = 0;
  #skipped = 0;
  #refused = 0;
  #bytes = 0;
  #bytesReported = 0;
  #spentMs = 0;
  #level = 127;
  #lastCaptureTimeUs: number | null = null;

  /** @param failed called once when there is no hope; the track stays silent then. */
  constructor(
    trackId: number,
    port: PortLike,
    codecs: CodecChoice,
    failed: (detail: string) => void,
    openers: Readonly<Record<CodecBackend, OpenSoundEncoder>> = OPENERS,
  ) {
    this.#trackId = trackId;
    this.#failed = failed;
    this.#choice = new SoundEncoderChoice(codecs, openers);
    this.#writer = new FrameWriter(port, { onTargetBitrate: (bitrateBps) => this.#aim(bitrateBps) });
  }

  /** Listen to this from now on; null: to nothing. Returns when the source has ended or was replaced. */
  async read(source: SoundSource | null): Promise<void> {
    this.#clock = new CaptureClock({ unsteady: source?.kind === "port" });
    if (source !== null && this.#state === "idle") void this.#open();
    await this.#source.read(source === null ? null : soundFrom(source));
  }

  set muted(muted: boolean) {
    this.#muted = muted;
  }

  /** End the track. */
  stop(): void {
    this.#state = "over";
    void this.read(null);
    this.#writer.end();
    this.#encoder?.close();
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
      backend: this.#encoder?.backend ?? null,
      size: null,
      framerate: 0,
      limitation: "none",
      encodeTimeS: this.#spentMs / 1000,
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

  #take({ samples, sampleRate, timestampUs }: SourceSound): void {
    const durationUs = (samples.length / sampleRate) * 1e6;
    const captureTimeUs = this.#clock.captureTimeUs(timestampUs, durationUs, systemClock.wallUs());
    for (const frame of this.#framer.push(samples, sampleRate, captureTimeUs)) this.#encode(frame);
  }

  #encode(frame: AudioFrame): void {
    this.#level = Math.min(this.#level, frame.level & 0x7f);
    if (this.#muted || this.#state === "over") return;
    const encoder = this.#encoder;
    if (encoder === null || !this.#writer.ready || encoder.queueSize >= MOST_QUEUED) {
      this.#skipped += 1;
      return;
    }
    try {
      encoder.encode(frame);
    } catch (error) {
      this.#fail(encoder, String(error));
    }
  }

  #aim(targetBps: number): void {
    const bitrateBps = Math.max(LEAST_BITRATE_BPS, Math.min(MOST_BITRATE_BPS, Math.round(targetBps - HEADERS_BPS)));
    if (Math.abs(bitrateBps - this.#bitrateBps) < this.#bitrateBps * BITRATE_STEP) return;
    this.#bitrateBps = bitrateBps;
    try {
      this.#encoder?.setBitrate(bitrateBps);
    } catch (error) {
      this.#fail(this.#encoder, String(error));
    }
  }

  async #open(): Promise<void> {
    this.#state = "opening";
    const bitrateBps = this.#bitrateBps;
    let opened: SoundEncoder | null = null;
    opened = await this.#choice.open(bitrateBps, {
      onEncoded: (data, frame, spentMs) => this.#give(data, frame, spentMs),
      onError: (detail) => this.#fail(opened, detail),
    });
    // Stopped meanwhile.
    if (this.#state !== "opening") {
      opened?.close();
      return;
    }
    if (opened === null) {
      this.#state = "over";
      this.#failed(this.#choice.reason);
      return;
    }
    this.#state = "open";
    this.#encoder = opened;
    if (this.#bitrateBps !== bitrateBps) opened.setBitrate(this.#bitrateBps);
  }

  #give(data: Uint8Array<ArrayBuffer>, frame: AudioFrame, spentMs: number): void {
    if (this.#state === "over") return;
    this.#encoded += 1;
    this.#failures = 0;
    this.#bytes += data.length;
    this.#spentMs += spentMs;
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

  /** An encoder has failed: another of its kind, or of the next kind, takes its place. */
  #fail(encoder: SoundEncoder | null, detail: string): void {
    if (encoder === null || encoder !== this.#encoder) return;
    this.#encoder = null;
    encoder.close();
    this.#failures += 1;
    if (this.#failures > MOST_FAILURES) {
      this.#failures = 0;
      this.#choice.giveUp(encoder.backend, detail);
    }
    void this.#open();
  }
}
