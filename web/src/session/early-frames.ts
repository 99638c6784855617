/**
 * Frames that overtook the announcement of their track: kept for a moment, so that a first keyframe is not lost.
 *
 * `publish` and `track_added` travel on one lane and the frames behind them on others; a stalled lane lets a keyframe come
 * first. `incoming` gives what it keeps to the track when it is announced (PROTOCOL.md §3.3, §7.1).
 */

import type { Seconds } from "../base/time.ts";
import type { AudioMessage, VideoMessage } from "../wire/media.ts";

/** Seconds for which a frame waits for its track: CONTROL that a stalled lane held up is there by then. */
export const MAX_EARLY_TIME = 1;
/** What may wait, all tracks together; what comes on top is dropped: behind a keyframe that is gone none is of use. */
export const MAX_EARLY_FRAMES = 256;
export const MAX_EARLY_BYTES = 1_000_000;

interface Waiting {
  readonly message: AudioMessage | VideoMessage;
  readonly since: Seconds;
}

const NOTHING: readonly (AudioMessage | VideoMessage)[] = [];

/**
 * Frames of tracks that were never announced so far, in the order in which they came. What comes of a track that has ended
 * is late rather than early, and is not kept.
 */
export class EarlyFrames {
  #waiting: Waiting[] = [];
  #bytes = 0;
  /** Track ids are 16 bits on the wire, so this is bounded. */
  readonly #announced = new Set<number>();

  /** Keep a frame of a track that is unknown; without room, or if it is late, it is dropped. */
  keep(message: AudioMessage | VideoMessage, now: Seconds): void {
    this.forget(now);
    const size = message.frame.data.length;
    if (this.#announced.has(message.trackId) || this.#waiting.length >= MAX_EARLY_FRAMES) return;
    if (this.#bytes + size > MAX_EARLY_BYTES) return;
    this.#waiting.push({ message, since: now });
    this.#bytes += size;
  }

  /** The track is announced: what was kept of it, which is not kept any longer. */
  take(trackId: number, now: Seconds): readonly (AudioMessage | VideoMessage)[] {
    this.forget(now);
    this.#announced.add(trackId);
    if (this.#waiting.length === 0) return NOTHING;
    const taken = this.#waiting.map(({ message }) => message).filter((message) => message.trackId === trackId);
    this.#waiting = this.#waiting.filter(({ message }) => message.trackId !== trackId);
    for (const { frame } of taken) this.#bytes -= frame.data.length;
    return taken;
  }

  /** Drop what nobody has announced in time. */
  forget(now: Seconds): void {
    for (let oldest = this.#waiting[0]; oldest !== undefined; oldest = this.#waiting[0]) {
      if (now - oldest.since <= MAX_EARLY_TIME) return;
      this.#waiting.shift();
      this.#bytes -= oldest.message.frame.data.length;
    }
  }
}
