/**
 * One remote camera's way from encoded frame to canvas. Queues: at most 30 frames in the decoder (more: everything up to
 * the next keyframe is dropped, which is asked for), six pictures before the canvas.
 */

import { systemClock } from "../base/clock.ts";
import { FrameReader, type PortLike } from "../base/frame-port.ts";
import { codecNameOf } from "../base/h264.ts";
import type { EncodedFrame } from "../base/media.ts";
import type { DecodeStatistics } from "./messages.ts";
import { PaintQueue } from "./paint-queue.ts";
import type { SyncClock } from "./sync-clock.ts";

const MOST_IN_DECODER = 30;
const KEYFRAME_REQUEST_SPACING_S = 0.5;
const MOST_FAILURES = 5;

/** What a video track tells its owner. */
export interface VideoTrackEvents {
  onPicture(width: number, height: number): void;
  onFailed(detail: string): void;
}

/** Decodes and paints one video track until it is closed. */
export class VideoTrackDecoder {
  readonly #trackId: number;
  readonly #participantId: string;
  readonly #reader: FrameReader;
  readonly #canvas: OffscreenCanvas;
  readonly #context: OffscreenCanvasRenderingContext2D | null;
  readonly #sync: SyncClock;
  readonly #events: VideoTrackEvents;
  readonly #queue: PaintQueue<VideoFrame>;
  #decoder: VideoDecoder | null = null;
  #codec: string | null = null;
  #needsKeyframe = true;
  #requestedAt = Number.NEGATIVE_INFINITY;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #failures = 0;
  #received = 0;
  #decoded = 0;
  #painted = 0;
  #keyframes = 0;
  #bytes = 0;
  #bytesReported = 0;
  #lastCaptureTimeUs: number | null = null;
  #delayMs: number | null = null;
  #skewMs: number | null = null;

  constructor(
    trackId: number,
    participantId: string,
    port: PortLike,
    canvas: OffscreenCanvas,
    sync: SyncClock,
    events: VideoTrackEvents,
  ) {
    this.#trackId = trackId;
    this.#participantId = participantId;
    this.#canvas = canvas;
    this.#context = canvas.getContext("2d", { alpha: false });
    this.#sync = sync;
    this.#events = events;
    this.#queue = new PaintQueue((captureTimeUs, nowUs) => sync.dueUs(captureTimeUs, nowUs));
    this.#reader = new FrameReader(port, { onFrame: (frame) => this.#receive(frame) });
  }

  /** Stop and let everything go. */
  close(): void {
    this.#reader.close();
    clearTimeout(this.#timer);
    this.#queue.clear();
    if (this.#decoder?.state === "configured") this.#decoder.close();
    this.#decoder = null;
  }

  /** How it does; the bitrate is that since the last call. @param elapsedS since then. */
  statistics(elapsedS: number): DecodeStatistics {
    const bytes = this.#bytes - this.#bytesReported;
    this.#bytesReported = this.#bytes;
    return {
      trackId: this.#trackId,
      participantId: this.#participantId,
      kind: "video",
      codec: this.#codec,
      backend: this.#codec === null ? null : "webcodecs",
      framesReceived: this.#received,
      framesDecoded: this.#decoded,
      framesPainted: this.#painted,
      keyframes: this.#keyframes,
      bitrateBps: Math.round((bytes * 8) / elapsedS),
      bytesReceived: this.#bytes,
      decodeTimeS: 0,
      freezes: 0,
      freezeTimeS: 0,
      width: this.#canvas.width,
      height: this.#canvas.height,
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
    if (this.#failures > MOST_FAILURES) return;
    if ((this.#decoder?.decodeQueueSize ?? 0) >= MOST_IN_DECODER) this.#needsKeyframe = true;
    if (frame.keyframe) {
      this.#keyframes += 1;
      if (!this.#configure(frame)) return;
      this.#needsKeyframe = false;
    }
    if (this.#needsKeyframe || this.#decoder?.state !== "configured") {
      this.#requestKeyframe();
      return;
    }
    try {
      const type = frame.keyframe ? "key" : "delta";
      this.#decoder.decode(new EncodedVideoChunk({ type, timestamp: frame.captureTimeUs, data: frame.data }));
    } catch (error) {
      this.#fail(String(error));
    }
  }

  #configure(keyframe: EncodedFrame): boolean {
    const codec = codecNameOf(keyframe.data) ?? this.#codec ?? "avc1.42e01f";
    if (codec === this.#codec && this.#decoder?.state === "configured") return true;
    try {
      if (this.#decoder?.state !== "configured") {
        this.#decoder = new VideoDecoder({
          output: (picture) => this.#show(picture),
          error: (error) => this.#fail(error.message),
        });
      }
      this.#decoder.configure({ codec, optimizeForLatency: true });
      this.#codec = codec;
      return true;
    } catch (error) {
      this.#fail(String(error));
      return false;
    }
  }

  #show(picture: VideoFrame): void {
    this.#decoded += 1;
    this.#failures = 0;
    this.#queue.push(picture, picture.timestamp, systemClock.wallUs());
    this.#paint();
  }

  #paint(): void {
    clearTimeout(this.#timer);
    const nowUs = systemClock.wallUs();
    const due = this.#queue.take(nowUs);
    if (due !== null) {
      this.#draw(due.picture);
      due.picture.close();
      this.#lastCaptureTimeUs = due.captureTimeUs;
      this.#delayMs = (nowUs - due.captureTimeUs) / 1000;
      const dueUs = this.#sync.dueUs(due.captureTimeUs, nowUs);
      this.#skewMs = dueUs === null ? null : (nowUs - dueUs) / 1000;
    }
    const waitMs = this.#queue.nextInMs(nowUs);
    if (waitMs !== null) this.#timer = setTimeout(() => this.#paint(), waitMs);
  }

  #draw(picture: VideoFrame): void {
    const { displayWidth, displayHeight } = picture;
    if (this.#painted === 0 || this.#canvas.width !== displayWidth || this.#canvas.height !== displayHeight) {
      this.#canvas.width = displayWidth;
      this.#canvas.height = displayHeight;
      this.#events.onPicture(displayWidth, displayHeight);
    }
    this.#context?.drawImage(picture, 0, 0);
    this.#painted += 1;
  }

  #requestKeyframe(): void {
    const now = systemClock.monotonic();
    if (now - this.#requestedAt < KEYFRAME_REQUEST_SPACING_S) return;
    this.#requestedAt = now;
    this.#reader.requestKeyframe();
  }

  #fail(detail: string): void {
    if (this.#decoder?.state === "configured") this.#decoder.close();
    this.#decoder = null;
    this.#needsKeyframe = true;
    this.#failures += 1;
    if (this.#failures === MOST_FAILURES + 1) this.#events.onFailed(detail);
    else this.#requestKeyframe();
  }
}
