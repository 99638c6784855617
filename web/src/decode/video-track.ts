/**
 * One remote camera's or screen's way from encoded frame to canvas, in sync with its sound. Queues: at most 96 frames before the
 * decoder and 4 in it (more: everything up to the next keyframe is dropped, which is asked for), seven pictures before the canvas.
 */

import type { CodecBackend, CodecChoice } from "../base/backends.ts";
import { systemClock } from "../base/clock.ts";
import { FrameReader, type PortLike } from "../base/frame-port.ts";
import type { EncodedFrame } from "../base/media.ts";
import { DecoderSwitch } from "./decoder-switch.ts";
import { FrameCopier } from "./frame-copier.ts";
import { FrameSchedule } from "./frame-schedule.ts";
import { FreezeMeter } from "./freeze-meter.ts";
import type { DecodeStatistics } from "./messages.ts";
import { PaintQueue } from "./paint-queue.ts";
import type { Painter } from "./painter.ts";
import type { DecodedPicture, OpenDecoder, VideoCodec } from "./picture-decoder.ts";
import type { SyncClock } from "./sync-clock.ts";
import { openWasmDecoder } from "./wasm-decoder.ts";
import { openWebCodecsDecoder } from "./webcodecs-decoder.ts";

const MOST_IN_DECODER = 4;
const KEYFRAME_REQUEST_SPACING_S = 0.5;
/** While newer pictures are on their way out of the decoder, one that is late by more than this is not painted… */
const LATE_US = 50_000;
/** …unless nothing was painted for so long. */
const LONGEST_UNPAINTED_S = 0.1;

/** What a video track tells its owner. */
export interface VideoTrackEvents {
  onPicture(width: number, height: number): void;
  onFailed(detail: string): void;
}

/** Whose track it is, and what it is made of. */
export interface VideoTrackParts {
  readonly trackId: number;
  readonly participantId: string;
  readonly codec: VideoCodec;
  readonly codecs: CodecChoice;
  readonly port: PortLike;
  readonly painter: Painter;
  readonly sync: SyncClock;
  /** Tests give their own. */
  readonly openers?: Readonly<Record<CodecBackend, OpenDecoder>>;
}

/** Decodes and paints one video track until it is closed. */
export class VideoTrackDecoder {
  readonly #parts: VideoTrackParts;
  readonly #events: VideoTrackEvents;
  readonly #reader: FrameReader;
  readonly #schedule: FrameSchedule;
  readonly #decoder: DecoderSwitch;
  readonly #queue: PaintQueue<DecodedPicture>;
  readonly #freezes = new FreezeMeter();
  #copier: FrameCopier | null = null;
  #needsKeyframe = true;
  #paused = false;
  #hopeless = false;
  #requestedAt = Number.NEGATIVE_INFINITY;
  #paintedAt = Number.NEGATIVE_INFINITY;
  #decodeTimer: ReturnType<typeof setTimeout> | undefined;
  #paintTimer: ReturnType<typeof setTimeout> | undefined;
  #received = 0;
  #decoded = 0;
  #painted = 0;
  #keyframes = 0;
  #bytes = 0;
  #bytesReported = 0;
  #lastCaptureTimeUs: number | null = null;
  #delayMs: number | null = null;
  #skewMs: number | null = null;

  constructor(parts: VideoTrackParts, events: VideoTrackEvents) {
    this.#parts = parts;
    this.#events = events;
    const { sync, codec, codecs, port } = parts;
    const dueUs = (captureTimeUs: number, nowUs: number) => sync.dueUs(captureTimeUs, nowUs);
    this.#schedule = new FrameSchedule(dueUs);
    this.#queue = new PaintQueue(dueUs);
    this.#decoder = new DecoderSwitch(
      codec,
      codecs,
      parts.openers ?? { webcodecs: openWebCodecsDecoder, wasm: openWasmDecoder },
      {
        onPicture: (picture) => this.#show(picture),
        onRoom: () => this.#decode(),
        onKeyframeNeeded: () => this.#missKeyframe(),
        onFailed: (detail) => this.#fail(detail),
      },
      () => systemClock.monotonic(),
    );
    this.#reader = new FrameReader(port, { onFrame: (frame) => this.#receive(frame) });
  }

  /** Whether nothing is sent to us for now, on purpose. What still comes is not shown, and the time is no freeze. */
  set paused(paused: boolean) {
    if (paused === this.#paused) return;
    this.#paused = paused;
    this.#freezes.paused();
    this.#needsKeyframe = true;
    this.#schedule.clear();
    this.#queue.clear();
    // Whoever resumes has asked for a keyframe; give it time to come.
    if (!paused) this.#requestedAt = systemClock.monotonic();
  }

  /** Its owner has switched it off or on: the time until the next picture is no freeze. */
  standStill(): void {
    this.#freezes.paused();
  }

  /** Write pictures there as well from now on; null: do not. */
  copyTo(writable: WritableStream<VideoFrame> | null): void {
    this.#copier?.close();
    this.#copier = writable === null ? null : new FrameCopier(writable);
  }

  /** Stop and let everything go. */
  close(): void {
    this.#reader.close();
    clearTimeout(this.#decodeTimer);
    clearTimeout(this.#paintTimer);
    this.#schedule.clear();
    this.#queue.clear();
    this.#decoder.close();
    this.copyTo(null);
    this.#parts.painter.close();
  }

  /** How it does; the bitrate is that since the last call. @param elapsedS since then. */
  statistics(elapsedS: number): DecodeStatistics {
    const bytes = this.#bytes - this.#bytesReported;
    this.#bytesReported = this.#bytes;
    const { trackId, participantId, painter } = this.#parts;
    return {
      trackId,
      participantId,
      kind: "video",
      codec: this.#decoder.codec,
      backend: this.#decoder.backend,
      framesReceived: this.#received,
      framesDecoded: this.#decoded,
      framesPainted: this.#painted,
      keyframes: this.#keyframes,
      bitrateBps: Math.round((bytes * 8) / elapsedS),
      bytesReceived: this.#bytes,
      decodeTimeS: this.#decoder.decodeTimeS,
      freezes: this.#freezes.freezes,
      freezeTimeS: this.#freezes.freezeTimeS,
      width: painter.width,
      height: painter.height,
      lastCaptureTimeUs: this.#lastCaptureTimeUs,
      delayMs: this.#delayMs,
      skewMs: this.#skewMs,
      level: 127,
      playout: null,
    };
  }

  #receive(frame: EncodedFrame): void {
    this.#received += 1;
    this.#bytes += frame.data.length;
    if (frame.keyframe) this.#keyframes += 1;
    if (this.#hopeless || this.#paused) return;
    if (frame.keyframe) this.#needsKeyframe = false;
    if (this.#needsKeyframe || !this.#schedule.push(frame, systemClock.wallUs())) {
      this.#missKeyframe();
      return;
    }
    this.#decode();
  }

  /** Give the decoder what it can take of what is due. */
  #decode(): void {
    clearTimeout(this.#decodeTimer);
    while (this.#decoder.queueSize < MOST_IN_DECODER) {
      const frame = this.#schedule.take(systemClock.wallUs());
      if (frame === null) break;
      this.#decoder.decode(frame);
    }
    // A full decoder calls back when it has room; this is for frames that must wait, and for a decoder that does not call.
    const waitMs = this.#schedule.nextInMs(systemClock.wallUs());
    if (waitMs !== null) this.#decodeTimer = setTimeout(() => this.#decode(), Math.max(waitMs, 5));
  }

  #show(picture: DecodedPicture): void {
    this.#decoded += 1;
    const nowUs = systemClock.wallUs();
    if (this.#paused) picture.close();
    else {
      this.#queue.push(picture, picture.captureTimeUs, nowUs);
      this.#paint(this.#isOverrun(picture, nowUs));
    }
    this.#decode();
  }

  /** A picture that is late already while others are about to come out need not be painted. */
  #isOverrun({ captureTimeUs }: DecodedPicture, nowUs: number): boolean {
    if (this.#decoder.queueSize === 0 && this.#schedule.nextInMs(nowUs) !== 0) return false;
    if (systemClock.monotonic() - this.#paintedAt >= LONGEST_UNPAINTED_S) return false;
    const dueUs = this.#parts.sync.dueUs(captureTimeUs, nowUs);
    return dueUs === null || nowUs - dueUs > LATE_US;
  }

  #paint(later = false): void {
    clearTimeout(this.#paintTimer);
    const nowUs = systemClock.wallUs();
    const due = later ? null : this.#queue.take(nowUs);
    if (due !== null) {
      this.#draw(due.picture);
      due.picture.close();
      // Painting is on the picture's way: without a graphics card it takes as long as decoding.
      const shownUs = systemClock.wallUs();
      this.#delayMs = (shownUs - due.captureTimeUs) / 1000;
      const heardUs = this.#parts.sync.heardUs(due.captureTimeUs, nowUs);
      this.#skewMs = heardUs === null ? null : (shownUs - heardUs) / 1000;
    }
    const waitMs = later ? LONGEST_UNPAINTED_S * 1000 : this.#queue.nextInMs(nowUs);
    if (waitMs !== null) this.#paintTimer = setTimeout(() => this.#paint(), waitMs);
  }

  #draw({ image, captureTimeUs }: DecodedPicture): void {
    const { painter } = this.#parts;
    if (painter.paint(image)) this.#events.onPicture(painter.width, painter.height);
    this.#copier?.write(image, captureTimeUs);
    this.#painted += 1;
    this.#lastCaptureTimeUs = captureTimeUs;
    this.#paintedAt = systemClock.monotonic();
    this.#freezes.painted(this.#paintedAt);
  }

  #missKeyframe(): void {
    if (this.#schedule.skipToKeyframe()) {
      this.#decode();
      return;
    }
    this.#needsKeyframe = true;
    const now = systemClock.monotonic();
    if (now - this.#requestedAt < KEYFRAME_REQUEST_SPACING_S) return;
    this.#requestedAt = now;
    this.#reader.requestKeyframe();
  }

  #fail(detail: string): void {
    this.#hopeless = true;
    this.#schedule.clear();
    this.#events.onFailed(detail);
  }
}
