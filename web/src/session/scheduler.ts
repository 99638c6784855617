/**
 * Which frame goes next: the oldest packet of audio, and among videos the frame that has waited longest.
 *
 * Holds the queues of all outgoing tracks; the session asks it whenever a lane can carry a message.
 */

import type { EncodedFrame, MediaKind } from "../base/media.ts";
import { type Seconds, seconds } from "../base/time.ts";
import { AudioQueue, VideoQueue } from "./queues.ts";

/** A frame of video as a message. */
export interface VideoToSend {
  readonly data: Uint8Array<ArrayBuffer>;
  readonly trackId: number;
}

/** All outgoing tracks and what waits of them. */
export class Scheduler {
  readonly #audio = new AudioQueue();
  readonly #video = new Map<number, VideoQueue>();
  /** The tracks of which something waits, in the order in which they came to wait. */
  readonly #ready = new Map<number, VideoQueue>();
  #droppedOfRemoved = 0;

  /** Take frames of this track; one that exists keeps its queue and its numbers. */
  addTrack(trackId: number, kind: MediaKind): void {
    if (kind === "audio") this.#audio.addTrack(trackId);
    else if (!this.#video.has(trackId)) this.#video.set(trackId, new VideoQueue(trackId));
  }

  /** Take no more frames of the track and drop what waits; unknown ones are ignored. */
  removeTrack(trackId: number): void {
    this.#audio.removeTrack(trackId);
    const queue = this.#video.get(trackId);
    if (queue === undefined) return;
    this.#video.delete(trackId);
    this.#ready.delete(trackId);
    this.#droppedOfRemoved += queue.dropped + queue.length;
  }

  /** Queue a frame; of an unknown track it is dropped. */
  push(trackId: number, frame: EncodedFrame, now: Seconds): void {
    const queue = this.#video.get(trackId);
    if (queue !== undefined) {
      queue.push(frame, now);
      if (queue.length > 0) this.#ready.set(trackId, queue);
    } else if (this.#audio.has(trackId)) {
      this.#audio.push(trackId, frame, now);
    }
  }

  /** Take and keep no frames of the track, or take them again; unknown ones are ignored. */
  pause(trackId: number, paused: boolean): void {
    this.#audio.pause(trackId, paused);
    const queue = this.#video.get(trackId);
    if (queue === undefined) return;
    queue.pause(paused);
    this.#noteEmpty(queue);
  }

  /** Drop the video that has waited too long; call it before `popVideo`, and also when nothing may leave. */
  dropStale(now: Seconds): void {
    for (const queue of this.#ready.values()) {
      queue.dropStale(now);
      this.#noteEmpty(queue);
    }
  }

  /** The next packet as a message, or null if none waits that is worth sending. */
  popAudio(now: Seconds): Uint8Array<ArrayBuffer> | null {
    return this.#audio.pop(now);
  }

  /** The next frame and its track, or null if none waits. */
  popVideo(now: Seconds): VideoToSend | null {
    for (let queue = this.#longestWaiting(); queue !== null; queue = this.#longestWaiting()) {
      const data = queue.pop(now);
      this.#noteEmpty(queue);
      if (data !== null) return { data, trackId: queue.trackId };
    }
    return null;
  }

  /** Whether a packet of audio waits. */
  get hasAudio(): boolean {
    return this.#audio.length > 0;
  }

  /** Whether a video frame waits. */
  get hasVideo(): boolean {
    return this.#ready.size > 0;
  }

  /** A frame of this video track was in flight on a lane that is gone. */
  lost(trackId: number): void {
    const queue = this.#video.get(trackId);
    if (queue === undefined) return;
    queue.lost();
    this.#noteEmpty(queue);
  }

  /** Drop all that waits: there is no lane, and what waits now is stale when there is one. */
  clear(): void {
    this.#audio.clear();
    for (const queue of this.#video.values()) queue.clear();
    this.#ready.clear();
  }

  /** The far end needs a keyframe of this track; unknown ones are ignored. */
  requestKeyframe(trackId: number): void {
    this.#video.get(trackId)?.requestKeyframe();
  }

  /** The tracks whose encoders should be asked for a keyframe now; they count as asked. */
  keyframeNeeds(now: Seconds): number[] {
    return [...this.#video.values()].filter((queue) => queue.takeKeyframeNeed(now)).map((queue) => queue.trackId);
  }

  /** `keyframeNeeds` of one track. */
  takesKeyframeNeed(trackId: number, now: Seconds): boolean {
    return this.#video.get(trackId)?.takeKeyframeNeed(now) ?? false;
  }

  /** How long the oldest waiting video frame has waited; 0 if none waits. */
  backlog(now: Seconds): Seconds {
    const since = this.#longestWaiting()?.since ?? null;
    return since === null ? seconds(0) : seconds(now - since);
  }

  /** Frames dropped here since the session began. */
  get dropped(): number {
    return [...this.#video.values()].reduce(
      (sum, queue) => sum + queue.dropped,
      this.#droppedOfRemoved + this.#audio.dropped,
    );
  }

  #noteEmpty(queue: VideoQueue): void {
    if (queue.length === 0) this.#ready.delete(queue.trackId);
  }

  #longestWaiting(): VideoQueue | null {
    let first: VideoQueue | null = null;
    for (const queue of this.#ready.values()) {
      if (queue.since !== null && (first?.since == null || queue.since < first.since)) first = queue;
    }
    return first;
  }
}
