/**
 * Encoded frames that wait to be decoded until shortly before their picture is due: encoded they are small, decoded they are
 * large. After a stall, what is too old is not decoded where that can be helped. Used by the decode worker. Time is an
 * argument. Bounded: when it is full, or the decoder more than a second behind, everything up to the next keyframe
 * is dropped.
 */

import type { EncodedFrame } from "../base/media.ts";

const MOST_WAITING = 96;
/** Decode so long before the picture is due: two or three pictures of a camera. */
const LEAD_US = 100_000;
/** Whatever the sound does, no frame waits longer than this to be decoded. */
const LONGEST_WAIT_US = 1_200_000;
/** A frame that should have been decoded so long ago shows that the decoder is too slow. */
const PATIENCE_US = 1_000_000;
/** A frame that is late by more than this and that no other needs is not worth decoding. */
const LATE_US = 60_000;

interface Waiting {
  readonly frame: EncodedFrame;
  readonly arrivedUs: number;
}

/** Frames of one track, in decode order. */
export class FrameSchedule {
  readonly #dueUs: (captureTimeUs: number, nowUs: number) => number | null;
  #waiting: Waiting[] = [];

  /** @param dueUs when a picture is due, null for at once; asked again every time, since sound may speed up or stop. */
  constructor(dueUs: (captureTimeUs: number, nowUs: number) => number | null) {
    this.#dueUs = dueUs;
  }

  get length(): number {
    return this.#waiting.length;
  }

  /** Take a frame. @returns false: there is no room, or the decoder is far behind; everything was dropped, go on with a keyframe. */
  push(frame: EncodedFrame, nowUs: number): boolean {
    const oldest = this.#waiting[0];
    const tooSlow =
      oldest !== undefined &&
      nowUs - this.#momentUs(oldest, nowUs) > PATIENCE_US &&
      nowUs - oldest.arrivedUs > PATIENCE_US;
    if (tooSlow || this.#waiting.length >= MOST_WAITING) {
      this.clear();
      if (!frame.keyframe) return false;
    }
    this.#waiting.push({ frame, arrivedUs: nowUs });
    return true;
  }

  /** The next frame to decode now; null: none is due yet. */
  take(nowUs: number): EncodedFrame | null {
    this.#skipToDueKeyframe(nowUs);
    for (;;) {
      const next = this.#waiting[0];
      if (next === undefined || this.#momentUs(next, nowUs) > nowUs) return null;
      this.#waiting.shift();
      if (!this.#superfluous(next, nowUs)) return next.frame;
    }
  }

  /** How long until there is something to decode, ms; null: nothing is waiting. */
  nextInMs(nowUs: number): number | null {
    const next = this.#waiting[0];
    return next === undefined ? null : Math.max(0, (this.#momentUs(next, nowUs) - nowUs) / 1000);
  }

  /** Let go of what stands before the next keyframe. @returns whether there is one. */
  skipToKeyframe(): boolean {
    const index = this.#waiting.findIndex(({ frame }) => frame.keyframe);
    this.#waiting = index < 0 ? [] : this.#waiting.slice(index);
    return index >= 0;
  }

  /** Let everything go. */
  clear(): void {
    this.#waiting = [];
  }

  #momentUs({ frame, arrivedUs }: Waiting, nowUs: number): number {
    const dueUs = this.#dueUs(frame.captureTimeUs, nowUs);
    return dueUs === null ? arrivedUs : Math.min(dueUs - LEAD_US, arrivedUs + LONGEST_WAIT_US);
  }

  /** Nobody needs what stands before a keyframe whose own picture is due already. */
  #skipToDueKeyframe(nowUs: number): void {
    for (let index = this.#waiting.length - 1; index > 0; index -= 1) {
      const waiting = this.#waiting[index];
      if (waiting?.frame.keyframe !== true) continue;
      const dueUs = this.#dueUs(waiting.frame.captureTimeUs, nowUs);
      if (dueUs !== null && dueUs > nowUs) continue;
      this.#waiting.splice(0, index);
      return;
    }
  }

  #superfluous({ frame, arrivedUs }: Waiting, nowUs: number): boolean {
    if (!frame.discardable || frame.keyframe || this.#waiting.length === 0) return false;
    return nowUs - (this.#dueUs(frame.captureTimeUs, nowUs) ?? arrivedUs) > LATE_US;
  }
}
