/**
 * The tracks that we publish: takes their frames from the encoders' ports, tells the encoders when to pause, what rate to
 * keep and when a keyframe is needed. Outlives a session: a new one is told everything again.
 */

import { FrameReader, type PortLike } from "../base/frame-port.ts";
import { type EncodedFrame, kindOf, type Track } from "../base/media.ts";
import { shareBitrate } from "./bitrates.ts";

/** Waiting video older than this means that the path is full: the next frame is better not encoded at all. */
export const MAX_BACKLOG_SECONDS = 0.07;
/** Encoders are not bothered with smaller changes than this part of the rate. */
const NOTICEABLE_CHANGE = 0.04;

/** What the uplink wants from the transport. */
export interface UplinkEvents {
  frame(trackId: number, frame: EncodedFrame): void;
  targetBitrate(trackId: number, bitrateBps: number): void;
  /** The encoder has closed its port. */
  ended(trackId: number): void;
}

interface Published {
  track: Track;
  readonly reader: FrameReader;
  ceilingBps: number;
  targetBps: number | null;
  ready: boolean | null;
}

/** All tracks of ours. */
export class Uplink {
  readonly #events: UplinkEvents;
  readonly #published = new Map<number, Published>();

  constructor(events: UplinkEvents) {
    this.#events = events;
  }

  /** What is published now, mute states included. */
  get tracks(): readonly Track[] {
    return Array.from(this.#published.values(), ({ track }) => track);
  }

  /** Whether a track of that id is published. */
  has(trackId: number): boolean {
    return this.#published.has(trackId);
  }

  /** Take frames of a track from `port`; one of the same id is replaced. */
  add(track: Track, port: PortLike): void {
    this.remove(track.trackId);
    const { trackId } = track;
    const reader = new FrameReader(port, {
      onFrame: (frame) => this.#events.frame(trackId, frame),
      onEnded: () => this.#events.ended(trackId),
    });
    this.#published.set(trackId, { track, reader, ceilingBps: Number.POSITIVE_INFINITY, targetBps: null, ready: null });
  }

  /** Take no more; unknown ids are ignored. */
  remove(trackId: number): void {
    this.#published.get(trackId)?.reader.close();
    this.#published.delete(trackId);
  }

  /** Note that a track is muted or not. */
  mute(trackId: number, muted: boolean): void {
    const published = this.#published.get(trackId);
    if (published !== undefined) published.track = { ...published.track, muted };
  }

  /** The far end wants no more than this of a track. */
  limit(trackId: number, bitrateBps: number): void {
    const published = this.#published.get(trackId);
    if (published !== undefined) published.ceilingBps = bitrateBps;
  }

  /** Forget what a past session's far end wanted. */
  reset(): void {
    for (const published of this.#published.values()) published.ceilingBps = Number.POSITIVE_INFINITY;
  }

  /** Ask the encoder of a track for a keyframe. */
  requestKeyframe(trackId: number): void {
    this.#published.get(trackId)?.reader.requestKeyframe();
  }

  /**
   * Tell encoders whether to encode.
   *
   * @param hasLane whether anything can be sent at all.
   * @param backlog seconds that the oldest waiting video frame has waited.
   */
  updateReadiness(hasLane: boolean, backlog: number): void {
    for (const published of this.#published.values()) {
      const isVideo = kindOf(published.track.codec) === "video";
      const ready = hasLane && (!isVideo || backlog <= MAX_BACKLOG_SECONDS);
      if (published.ready === ready) continue;
      published.ready = ready;
      published.reader.setReady(ready);
    }
  }

  /** Share what the path can carry, and tell the encoders whose share has changed noticeably. */
  updateBitrates(pathBps: number): void {
    const rated = [...this.#published.values()];
    for (const [trackId, bitrateBps] of shareBitrate(pathBps, rated)) {
      const published = this.#published.get(trackId);
      if (published === undefined) continue;
      const { targetBps } = published;
      if (targetBps !== null && Math.abs(bitrateBps - targetBps) < targetBps * NOTICEABLE_CHANGE) continue;
      published.targetBps = bitrateBps;
      published.reader.setTargetBitrate(bitrateBps);
      this.#events.targetBitrate(trackId, bitrateBps);
    }
  }

  /** Close every port. */
  close(): void {
    for (const trackId of [...this.#published.keys()]) this.remove(trackId);
  }
}
