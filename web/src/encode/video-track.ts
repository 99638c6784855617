/**
 * One camera's or screen's way from picture to encoded frame. It pulls: a picture is taken only when the encoder and the
 * tunnel are ready for it, else it is dropped before any work is done on it. Queues: at most two pictures in the encoder.
 */

import type { CodecChoice } from "../base/backends.ts";
import { systemClock } from "../base/clock.ts";
import { FrameWriter, type PortLike } from "../base/frame-port.ts";
import { rtpTimestampOf } from "../base/media.ts";
import type { PictureSource } from "../base/sources.ts";
import { microseconds } from "../base/time.ts";
import { CaptureClock } from "./capture-clock.ts";
import { FramePacer } from "./frame-pacer.ts";
import { LoadMeter } from "./load-meter.ts";
import type { EncodeStatistics, VideoOptions } from "./messages.ts";
import {
  type EncodedPicture,
  EncoderChoice,
  type PictureEncoder,
  sizeOf,
  type VideoSetting,
} from "./picture-encoder.ts";
import { picturesFrom, type SourcePicture } from "./picture-source.ts";
import { type Limitation, type PictureSize, QualityChooser } from "./rate.ts";
import { SourceReader } from "./source-reader.ts";
import { openWasmEncoder } from "./wasm-encoder.ts";
import { openWebCodecsEncoder } from "./webcodecs-encoder.ts";

const MOST_QUEUED = 2;
/** The encoder may drop pictures by itself; those must not be waited for. */
const MOST_REMEMBERED = 32;
/** Keyframes are large: closer together than this they would choke the path that asked for them. */
const KEYFRAME_SPACING_S = 0.3;
const START_BITRATE_BPS = 800_000;
const LEAST_BITRATE_BPS = 50_000;
/** A bitrate change smaller than this is not worth a reconfiguration… */
const BITRATE_STEP = 0.05;
/** …and this for encoders, as Firefox 153's, that answer each with a keyframe. */
const COSTLY_BITRATE_STEP = 0.25;
const COSTLY_WITHIN_S = 1;
/** An encoder that breaks more often than so within so many seconds is given up. */
const MOST_FAILURES = 3;
const FAILURES_WITHIN_S = 10;
/** While nothing may be sent, ask this often whether it may. */
const IDLE_MS = 50;

const sameSize = (one: PictureSize, other: PictureSize): boolean =>
  one.width === other.width && one.height === other.height;

/** Encodes one video track until it is stopped. */
export class VideoTrackEncoder {
  readonly #trackId: number;
  readonly #writer: FrameWriter;
  readonly #failed: (detail: string, late: boolean) => void;
  readonly #choice: EncoderChoice;
  readonly #quality = new QualityChooser();
  readonly #pacer = new FramePacer();
  readonly #load = new LoadMeter();
  /** When the picture in the encoder went in, and whether it is to be a keyframe, by timestamp. */
  readonly #inside = new Map<number, { since: number; keyframe: boolean }>();
  readonly #source = new SourceReader<SourcePicture>(
    (picture) => this.#take(picture),
    (detail) => this.#fail(detail),
  );
  #options: VideoOptions;
  #clock = new CaptureClock();
  #encoder: PictureEncoder | null = null;
  #setting: VideoSetting | null = null;
  #limitation: Limitation = "none";
  #targetBps = START_BITRATE_BPS;
  #muted = false;
  #stopped = false;
  #hopeless = false;
  #bitrateStep = BITRATE_STEP;
  /** When rates changed and nothing else. */
  #ratesChangedAt = Number.NEGATIVE_INFINITY;
  #keyframeWanted = true;
  #keyframeAt = Number.NEGATIVE_INFINITY;
  #originUs: number | null = null;
  #lastTimestampUs = -1;
  #failures: number[] = [];
  #encodeTimeS = 0;
  #encoded = 0;
  #keyframes = 0;
  #skipped = 0;
  #refused = 0;
  #bytes = 0;
  #bytesReported = 0;
  #lastCaptureTimeUs: number | null = null;

  /**
   * @param failed called once when there is no hope; the track stays silent then. `late`: as `EncoderChoice.late`.
   * @param choice which encoders there are; tests give their own.
   */
  constructor(
    trackId: number,
    port: PortLike,
    options: VideoOptions,
    codecs: CodecChoice,
    failed: (detail: string, late: boolean) => void,
    choice = new EncoderChoice(codecs, { webcodecs: openWebCodecsEncoder, wasm: openWasmEncoder }),
  ) {
    this.#trackId = trackId;
    this.#options = options;
    this.#failed = failed;
    this.#choice = choice;
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
    let pictures: ReadableStream<SourcePicture> | null = null;
    try {
      if (source !== null) pictures = picturesFrom(source, () => this.#waitMs());
    } catch (error) {
      this.#giveUp(String(error));
    }
    await this.#source.read(pictures);
  }

  set muted(muted: boolean) {
    if (this.#muted && !muted) this.#keyframeWanted = true;
    this.#muted = muted;
  }

  /** End the track. */
  stop(): void {
    this.#stopped = true;
    void this.read(null);
    this.#writer.end();
    this.#drop();
  }

  /** How it does; the bitrate is that since the last call. @param elapsedS since then. */
  statistics(elapsedS: number): EncodeStatistics {
    const bytes = this.#bytes - this.#bytesReported;
    this.#bytesReported = this.#bytes;
    const [setting, encoder] = [this.#setting, this.#encoder];
    return {
      trackId: this.#trackId,
      kind: "video",
      codec: encoder?.codec ?? null,
      scalability: encoder?.scalability ?? null,
      backend: encoder?.backend ?? null,
      size: setting?.size ?? null,
      framerate: setting?.framerate ?? 0,
      limitation: this.#limitation,
      encodeTimeS: this.#encodeTimeS,
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

  get #full(): boolean {
    return (this.#encoder?.queueSize ?? 0) >= MOST_QUEUED;
  }

  get #framerate(): number {
    return this.#setting?.framerate ?? this.#options.framerate;
  }

  /** For sources that are asked for each picture: how long not to. */
  #waitMs(): number {
    if (this.#muted || this.#hopeless || !this.#writer.ready || this.#full) return IDLE_MS;
    return this.#pacer.waitUs(systemClock.wallUs(), this.#framerate) / 1000;
  }

  async #take({ picture, timestampUs }: SourcePicture): Promise<void> {
    const wallUs = systemClock.wallUs();
    const captureTimeUs = this.#clock.captureTimeUs(timestampUs, 0, wallUs);
    if (this.#muted || this.#hopeless || !this.#pacer.take(captureTimeUs, this.#framerate)) return;
    const full = this.#full;
    this.#load.arrived((wallUs - captureTimeUs) / 1e6, full);
    if (full || !this.#writer.ready) {
      this.#skipped += 1;
      return;
    }
    const encoder = await this.#configured(sizeOf(picture));
    if (encoder === null) return;
    this.#originUs ??= captureTimeUs;
    const timestamp = Math.max(Math.round(captureTimeUs - this.#originUs), this.#lastTimestampUs + 1);
    this.#lastTimestampUs = timestamp;
    const now = systemClock.monotonic();
    const keyframe = this.#keyframeWanted && now - this.#keyframeAt >= KEYFRAME_SPACING_S;
    if (keyframe) {
      this.#keyframeWanted = false;
      this.#keyframeAt = now;
    }
    this.#inside.set(timestamp, { since: now, keyframe });
    if (this.#inside.size > MOST_REMEMBERED) this.#inside.clear();
    await encoder.encode(picture, timestamp, keyframe);
  }

  /** An encoder with the setting of the moment; null: there is none, which was told. */
  async #configured(picture: PictureSize): Promise<PictureEncoder | null> {
    const { framerate, maxBitrateBps, content } = this.#options;
    const bitrateBps = Math.max(LEAST_BITRATE_BPS, Math.min(maxBitrateBps, this.#targetBps));
    const load = this.#load.load(this.#framerate, this.#encoder?.depth ?? MOST_QUEUED);
    const wish = { picture, framerate, content };
    const { limitation, ...rung } = this.#quality.choose(wish, bitrateBps, load, systemClock.monotonic());
    this.#limitation = limitation;
    const setting = { ...rung, bitrateBps, content };
    if (this.#encoder === null) return this.#open(setting);
    this.#change(this.#encoder, setting);
    return this.#encoder;
  }

  async #open(setting: VideoSetting): Promise<PictureEncoder | null> {
    this.#keyframeWanted = true;
    this.#keyframeAt = Number.NEGATIVE_INFINITY;
    this.#inside.clear();
    this.#load.reset();
    const encoder = await this.#choice.open(setting, {
      onEncoded: (encoded) => this.#give(encoded),
      onError: (detail) => this.#fail(detail),
    });
    if (this.#stopped) encoder?.close();
    else if (encoder === null) this.#giveUp(this.#choice.reason);
    else {
      this.#encoder = encoder;
      this.#setting = setting;
      return encoder;
    }
    return null;
  }

  #change(encoder: PictureEncoder, setting: VideoSetting): void {
    const old = this.#setting;
    const sameRung = old !== null && sameSize(old.size, setting.size) && old.framerate === setting.framerate;
    const sameContent = old?.content === setting.content;
    const closeEnough =
      old !== null && Math.abs(setting.bitrateBps - old.bitrateBps) <= old.bitrateBps * this.#bitrateStep;
    if (sameRung && sameContent && closeEnough) return;
    if (!sameRung) this.#load.reset();
    const onlyRates = sameContent && old !== null && sameSize(old.size, setting.size);
    this.#ratesChangedAt = onlyRates ? systemClock.monotonic() : Number.NEGATIVE_INFINITY;
    this.#setting = setting;
    encoder.configure(setting);
  }

  #give({ data, timestampUs, keyframe, discardable, temporalLayer }: EncodedPicture): void {
    const captureTimeUs = microseconds((this.#originUs ?? 0) + timestampUs);
    const now = systemClock.monotonic();
    const given = this.#inside.get(timestampUs);
    const elapsedS = now - (given?.since ?? now);
    this.#inside.delete(timestampUs);
    this.#load.encoded(elapsedS);
    this.#encodeTimeS += elapsedS;
    this.#encoded += 1;
    this.#bytes += data.length;
    if (keyframe) {
      this.#keyframes += 1;
      this.#keyframeAt = now;
      const unasked = given?.keyframe === false;
      if (unasked && now - this.#ratesChangedAt < COSTLY_WITHIN_S) this.#bitrateStep = COSTLY_BITRATE_STEP;
    }
    this.#lastCaptureTimeUs = captureTimeUs;
    const rtpTimestamp = rtpTimestampOf(captureTimeUs, "h264");
    const frame = { data, rtpTimestamp, captureTimeUs, keyframe, discardable, temporalLayer, audioLevel: null };
    if (!this.#writer.write(frame, true)) this.#refused += 1;
  }

  #fail(detail: string): void {
    if (this.#stopped || this.#hopeless) return;
    const backend = this.#encoder?.backend;
    this.#drop();
    const now = systemClock.monotonic();
    this.#failures = [...this.#failures.filter((at) => now - at < FAILURES_WITHIN_S), now];
    if (this.#failures.length <= MOST_FAILURES) return;
    this.#failures = [];
    if (backend === undefined || !this.#choice.giveUp(backend, detail)) this.#giveUp(this.#choice.reason || detail);
  }

  #giveUp(detail: string): void {
    if (this.#hopeless) return;
    this.#hopeless = true;
    this.#drop();
    this.#failed(detail, this.#choice.late);
  }

  #drop(): void {
    this.#encoder?.close();
    this.#encoder = null;
  }
}
