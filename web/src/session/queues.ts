/**
 * The queues in front of the lanes: what waits, what is dropped, how frames are numbered (PROTOCOL.md §3.4, §5).
 *
 * Nothing waits anywhere else: a frame is taken out, numbered and encoded in the moment in which a lane can carry it, so
 * that what is stale is dropped before it costs a byte.
 */

import type { EncodedFrame } from "../base/media.ts";
import type { Seconds } from "../base/time.ts";
import { encodeAudio, encodeVideo } from "../wire/media.ts";

/** Seconds after which a waiting audio packet is dropped (PROTOCOL.md §5). */
const MAX_AUDIO_AGE = 0.2;
/** Packets of all tracks that may wait; the oldest is dropped. */
const MAX_AUDIO_PACKETS = 512;
/** Seconds after which a waiting frame with D set is dropped, alone. */
const MAX_DISCARDABLE_AGE = 0.1;
/** Seconds after which waiting frames give way when a newer keyframe comes. */
const MAX_SUPERSEDED_AGE = 0.1;
/** Seconds after which any other waiting frame is dropped with everything up to the next keyframe. */
const MAX_VIDEO_AGE = 0.5;
/** Seconds after which even the newest keyframe is dropped: it shows what nobody wants to see any more. */
const MAX_KEYFRAME_AGE = 2;
/** What may wait of one track; beyond it D frames go first, then what is before the newest keyframe, then behind it. */
const MAX_VIDEO_FRAMES = 64;
const MAX_VIDEO_BYTES = 2_000_000;
/** Seconds between two times that an encoder is asked for a keyframe. */
const KEYFRAME_INTERVAL = 0.5;

const MAX_REFERENCE_DISTANCE = 255;

interface Waiting {
  readonly frame: EncodedFrame;
  readonly since: Seconds;
}

interface WaitingAudio extends Waiting {
  readonly trackId: number;
}

/** Packets of all outgoing audio tracks, oldest first. */
export class AudioQueue {
  dropped = 0;
  readonly #nextNumber = new Map<number, number>();
  readonly #paused = new Set<number>();
  #waiting: WaitingAudio[] = [];

  /** How many packets wait. */
  get length(): number {
    return this.#waiting.length;
  }

  /** Whether packets of this track are taken. */
  has(trackId: number): boolean {
    return this.#nextNumber.has(trackId);
  }

  /** Take packets of this track; adding twice is adding once. */
  addTrack(trackId: number): void {
    if (!this.#nextNumber.has(trackId)) this.#nextNumber.set(trackId, 0);
  }

  /** Take no more; what waits is dropped when its turn comes. */
  removeTrack(trackId: number): void {
    this.#nextNumber.delete(trackId);
    this.#paused.delete(trackId);
  }

  /** Drop what waits of a track and take no more, or take packets again; unknown ones are ignored. */
  pause(trackId: number, paused: boolean): void {
    if (!paused || !this.#nextNumber.has(trackId)) {
      this.#paused.delete(trackId);
      return;
    }
    this.#paused.add(trackId);
    this.#waiting = this.#waiting.filter((waiting) => waiting.trackId !== trackId);
  }

  /** Queue one packet; of a paused track it is not wanted, so it does not count as dropped. */
  push(trackId: number, frame: EncodedFrame, now: Seconds): void {
    if (this.#paused.has(trackId)) return;
    if (this.#waiting.length >= MAX_AUDIO_PACKETS) {
      this.#waiting.shift();
      this.dropped += 1;
    }
    this.#waiting.push({ trackId, frame, since: now });
  }

  /** The next packet as a message, or null. */
  pop(now: Seconds): Uint8Array<ArrayBuffer> | null {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      const number = this.#nextNumber.get(next.trackId);
      if (number === undefined || now - next.since > MAX_AUDIO_AGE) {
        this.dropped += 1;
        continue;
      }
      this.#nextNumber.set(next.trackId, (number + 1) >>> 0);
      return encodeAudio(next.trackId, number, next.frame);
    }
    return null;
  }

  /** Drop what waits. */
  clear(): void {
    this.dropped += this.#waiting.length;
    this.#waiting = [];
  }
}

/**
 * The frames of one outgoing video track.
 *
 * After a loss, ours or the network's, everything up to the next keyframe is dropped and `takeKeyframeNeed` says when
 * to ask the encoder.
 */
export class VideoQueue {
  readonly trackId: number;
  dropped = 0;
  #waiting: Waiting[] = [];
  #bytes = 0;
  #nextNumber = 0;
  /** Frame number of the newest frame of each temporal layer that others may refer to. */
  #references: (number | undefined)[] = [];
  #needsKeyframe = true;
  #requested = false;
  #askedAt: Seconds | null = null;
  #keyframeLeftAt = 0;
  #paused = false;

  constructor(trackId: number) {
    this.trackId = trackId;
  }

  /** How many frames wait. */
  get length(): number {
    return this.#waiting.length;
  }

  /** When the oldest waiting frame was queued; null if none waits. */
  get since(): Seconds | null {
    return this.#waiting[0]?.since ?? null;
  }

  /** Queue one frame, in decode order, and make room for it; of a paused track it is not wanted. */
  push(frame: EncodedFrame, now: Seconds): void {
    if (this.#paused) return;
    if (frame.keyframe) {
      this.#needsKeyframe = false;
      this.#requested = false;
      this.#askedAt = null;
      const { since } = this;
      if (since !== null && now - since > MAX_SUPERSEDED_AGE) this.#dropFirst(this.length);
    } else if (this.#needsKeyframe) {
      this.dropped += 1;
      return;
    }
    this.#waiting.push({ frame, since: now });
    this.#bytes += frame.data.length;
    if (this.#isTooLong) this.#dropDiscardable();
    if (this.#isTooLong && !this.#dropToNewestKeyframe()) this.#dropBehindFirst();
  }

  /** Drop from the front what has waited too long. */
  dropStale(now: Seconds): void {
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      const age = now - first.since;
      if (age <= MAX_DISCARDABLE_AGE) return;
      if (first.frame.discardable && !first.frame.keyframe) {
        this.#dropFirst(1);
        continue;
      }
      if (first.frame.keyframe && age > MAX_KEYFRAME_AGE) {
        this.#dropFirst(1);
        this.lost();
        continue;
      }
      // What waited only behind its keyframe is not stale yet: dropping it would cost another keyframe.
      if (age <= MAX_VIDEO_AGE || now - this.#keyframeLeftAt <= MAX_VIDEO_AGE) return;
      if (!this.#dropToNewestKeyframe()) return;
    }
  }

  /** The next frame as a message, or null; call `dropStale` first. */
  pop(now: Seconds): Uint8Array<ArrayBuffer> | null {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      const { frame } = next;
      this.#bytes -= frame.data.length;
      const number = this.#nextNumber;
      const distance = this.#referenceDistance(frame, number);
      if (distance === null) {
        this.dropped += 1;
        this.lost();
        continue;
      }
      this.#nextNumber = (number + 1) >>> 0;
      if (frame.keyframe) {
        this.#keyframeLeftAt = now;
        this.#references = [number];
      } else if (!frame.discardable) {
        this.#references[frame.temporalLayer] = number;
      }
      return encodeVideo(this.trackId, number, distance, frame);
    }
    return null;
  }

  /** A frame that others refer to will not arrive: only a keyframe helps, a waiting one or the next. */
  lost(): void {
    const first = this.#waiting.findIndex(({ frame }) => frame.keyframe);
    this.#dropFirst(first < 0 ? this.length : first);
    this.#needsKeyframe = this.length === 0;
  }

  /** Drop what waits and take nothing, or go on with the next keyframe. */
  pause(paused: boolean): void {
    if (paused === this.#paused) return;
    this.#paused = paused;
    this.#waiting = [];
    this.#bytes = 0;
    this.#needsKeyframe = true;
    this.#askedAt = null;
  }

  /** The far end needs a keyframe; one that waits already is as good. */
  requestKeyframe(): void {
    if (!this.#waiting.some(({ frame }) => frame.keyframe)) this.#requested = true;
  }

  /** Whether to ask the encoder for a keyframe now; it counts as asked. */
  takeKeyframeNeed(now: Seconds): boolean {
    if (this.#paused || (!this.#needsKeyframe && !this.#requested)) return false;
    if (this.#askedAt !== null && now - this.#askedAt < KEYFRAME_INTERVAL) return false;
    this.#askedAt = now;
    this.#requested = false;
    return true;
  }

  /** Drop what waits, and wait for a keyframe. */
  clear(): void {
    this.#dropFirst(this.length);
    this.#needsKeyframe = true;
  }

  /**
   * How far back the frame's reference is: the newest of the layers below its own, or of the base layer. Null if there
   * is no such frame, or none near enough to be named.
   */
  #referenceDistance(frame: EncodedFrame, number: number): number | null {
    if (frame.keyframe) return 0;
    let distance = 0;
    for (let layer = 0; layer < Math.max(frame.temporalLayer, 1); layer += 1) {
      const reference = this.#references[layer];
      if (reference === undefined) continue;
      const candidate = (number - reference) >>> 0;
      if (distance === 0 || candidate < distance) distance = candidate;
    }
    return distance >= 1 && distance <= MAX_REFERENCE_DISTANCE ? distance : null;
  }

  get #isTooLong(): boolean {
    return this.length > MAX_VIDEO_FRAMES || this.#bytes > MAX_VIDEO_BYTES;
  }

  #dropFirst(count: number): void {
    for (const { frame } of this.#waiting.splice(0, count)) this.#bytes -= frame.data.length;
    this.dropped += count;
  }

  /** Keep the keyframe in front, and wait for the next one. */
  #dropBehindFirst(): void {
    const [first, ...rest] = this.#waiting;
    if (first === undefined) return;
    this.#needsKeyframe = rest.length > 0;
    this.dropped += rest.length;
    this.#waiting = [first];
    this.#bytes = first.frame.data.length;
  }

  #dropDiscardable(): void {
    const kept = this.#waiting.filter(({ frame }) => frame.keyframe || !frame.discardable);
    this.dropped += this.length - kept.length;
    this.#waiting = kept;
    this.#bytes = kept.reduce((sum, { frame }) => sum + frame.data.length, 0);
  }

  /** Let the newest waiting keyframe be the first, or drop all if none waits; false if it was the first already. */
  #dropToNewestKeyframe(): boolean {
    const newest = this.#waiting.findLastIndex(({ frame }) => frame.keyframe);
    if (newest === 0) return false;
    if (newest < 0) this.clear();
    else this.#dropFirst(newest);
    return true;
  }
}
