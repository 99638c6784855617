/**
 * Which incoming frames are worth delivering: announced, new, and for video decodable (PROTOCOL.md §3.4, §4).
 *
 * A frame names the one it refers to; for the last 256 frames it is known which were decodable. Whoever misses a frame
 * asks for a keyframe: once per track and half a second, again while undecodable frames go on arriving.
 */

import type { MediaKind } from "../base/media.ts";
import { type Seconds, seconds } from "../base/time.ts";
import type { AudioMessage, VideoMessage } from "../wire/media.ts";

/** Between two requests for one track (PROTOCOL.md §3.3). */
export const KEYFRAME_REQUEST_INTERVAL: Seconds = seconds(0.5);

const HALF = 2 ** 31;
const HISTORY = 256;

/** How far `number` is ahead of `newest`, modulo 2^32. */
const stepFrom = (newest: number, number: number): number => (number - newest) >>> 0;

/** Takes each packet once, in order of its number; a late one is dropped. */
class IncomingAudio {
  #newest: number | null = null;

  /** Whether to deliver the packet. */
  accept(message: AudioMessage): boolean {
    if (this.#newest !== null) {
      const step = stepFrom(this.#newest, message.frameNumber);
      if (step === 0 || step >= HALF) return false;
    }
    this.#newest = message.frameNumber;
    return true;
  }
}

/** Takes each decodable frame once, and knows when a keyframe is needed. */
class IncomingVideo {
  #newest: number | null = null;
  /** At a frame's number modulo the length: 1 if it was delivered. */
  readonly #decodable = new Uint8Array(HISTORY);
  #askedAt: Seconds | null = null;
  /** Set by a gap, or by an application that needs a keyframe for its own reasons. */
  wantsKeyframe = false;

  /** Whether to deliver the frame; if not because of a gap, a keyframe is wanted from now on. */
  accept({ frameNumber, referenceDistance }: VideoMessage): boolean {
    if (this.#newest !== null) {
      const step = stepFrom(this.#newest, frameNumber);
      if (step === 0 || step >= HALF) return false;
      this.#forget(this.#newest, step);
    }
    this.#newest = frameNumber;
    if (referenceDistance === 0) {
      this.#decodable.fill(0);
      this.#decodable[frameNumber % HISTORY] = 1;
      this.wantsKeyframe = false;
      return true;
    }
    if (this.#decodable[(frameNumber - referenceDistance) & (HISTORY - 1)] === 1) {
      this.#decodable[frameNumber % HISTORY] = 1;
      return true;
    }
    this.wantsKeyframe = true;
    return false;
  }

  /** When the next request may leave. */
  get requestDueAt(): Seconds {
    return this.#askedAt === null ? seconds(0) : seconds(this.#askedAt + KEYFRAME_REQUEST_INTERVAL);
  }

  /** Whether to send a request now; it counts as sent. */
  takeRequest(now: Seconds): boolean {
    if (!this.wantsKeyframe || now < this.requestDueAt) return false;
    this.#askedAt = now;
    // Wanted again by the next undecodable frame: a track that has gone silent is not asked for ever.
    this.wantsKeyframe = false;
    return true;
  }

  /** The places of the numbers that follow `newest` still say what was there 256 frames ago. */
  #forget(newest: number, step: number): void {
    if (step >= HISTORY) this.#decodable.fill(0);
    else for (let ahead = 1; ahead <= step; ahead += 1) this.#decodable[(newest + ahead) % HISTORY] = 0;
  }
}

/** All tracks that the far end has announced. */
export class IncomingTracks {
  readonly #audio = new Map<number, IncomingAudio>();
  readonly #video = new Map<number, IncomingVideo>();

  /** How many tracks there are. */
  get size(): number {
    return this.#audio.size + this.#video.size;
  }

  /** Whether a track of that id is announced. */
  has(trackId: number): boolean {
    return this.#audio.has(trackId) || this.#video.has(trackId);
  }

  /** A track is announced; one of the same id is replaced. */
  add(trackId: number, kind: MediaKind): void {
    this.remove(trackId);
    if (kind === "audio") this.#audio.set(trackId, new IncomingAudio());
    else this.#video.set(trackId, new IncomingVideo());
  }

  /** A track has ended; unknown ones are ignored. */
  remove(trackId: number): void {
    this.#audio.delete(trackId);
    this.#video.delete(trackId);
  }

  /** Whether to deliver the packet. */
  acceptAudio(message: AudioMessage): boolean {
    return this.#audio.get(message.trackId)?.accept(message) ?? false;
  }

  /** Whether to deliver the frame. */
  acceptVideo(message: VideoMessage): boolean {
    return this.#video.get(message.trackId)?.accept(message) ?? false;
  }

  /** The application needs a keyframe of that track; unknown ones are ignored. */
  wantKeyframe(trackId: number): void {
    const track = this.#video.get(trackId);
    if (track !== undefined) track.wantsKeyframe = true;
  }

  /** The tracks to send a `keyframe_request` for now; they count as sent. */
  requestsDue(now: Seconds): number[] {
    return [...this.#video].filter(([, track]) => track.takeRequest(now)).map(([trackId]) => trackId);
  }

  /** When `requestsDue` will have something, null if nothing is wanted. */
  nextRequestAt(): Seconds | null {
    let next: Seconds | null = null;
    for (const track of this.#video.values()) {
      if (track.wantsKeyframe && (next === null || track.requestDueAt < next)) next = track.requestDueAt;
    }
    return next;
  }
}
