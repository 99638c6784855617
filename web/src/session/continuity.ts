/**
 * Which incoming frames are worth delivering, and when: announced, new, in order, and for video decodable.
 *
 * Lanes overtake each other. A frame that comes before the one in front of it waits a little for that one; then the missing
 * one is given up, and is dropped should it still come (PROTOCOL.md §3.4, §4). A frame names the one it refers to; for the
 * last 256 frames it is known which were decodable. Whoever misses a frame asks for a keyframe: once per track and half a
 * second, again while undecodable frames go on arriving.
 */

import type { MediaKind } from "../base/media.ts";
import { type Seconds, seconds } from "../base/time.ts";
import type { AudioMessage, VideoMessage } from "../wire/media.ts";

/** Between two requests for one track (PROTOCOL.md §3.3). */
export const KEYFRAME_REQUEST_INTERVAL: Seconds = seconds(0.5);
/** Seconds that packets wait for one in front of them: later it would be of no use to whoever listens. */
export const AUDIO_PATIENCE = 0.04;
/** Seconds that frames wait for one in front of them that they can do without. */
export const DECODABLE_PATIENCE = 0.03;
/** Seconds that frames wait for one that they refer to: a lost segment is repaired in a round trip or two. */
export const UNDECODABLE_PATIENCE = 0.35;
/** Frames of a track that may wait for one in front of them; when there are more, that one is given up. */
export const MAX_WAITING = 64;

const HALF = 2 ** 31;
const HISTORY = 256;

/** How far `number` is ahead of `newest`, modulo 2^32. */
const stepFrom = (newest: number, number: number): number => (number - newest) >>> 0;

/** Puts messages of one track back into the order of their frame numbers. */
class Order<Message extends AudioMessage | VideoMessage> {
  /** Since when what waits has waited for the frame that is next. */
  waitingSince: Seconds = seconds(0);
  #newest: number | null = null;
  readonly #waiting = new Map<number, Message>();

  /** Whether frames wait for one in front of them. */
  get isWaiting(): boolean {
    return this.#waiting.size > 0;
  }

  /** Whether too much waits. */
  get isFull(): boolean {
    return this.#waiting.size > MAX_WAITING;
  }

  /** Take a message; false if it is old or a repetition. */
  add(message: Message, now: Seconds): boolean {
    const { frameNumber } = message;
    // A track begins with 0, which another lane may still bring; one that replaces another may go on (§3.3).
    this.#newest ??= (frameNumber < MAX_WAITING ? -1 : frameNumber - 1) >>> 0;
    const step = stepFrom(this.#newest, frameNumber);
    if (step === 0 || step >= HALF || this.#waiting.has(frameNumber)) return false;
    if (this.#waiting.size === 0) this.waitingSince = now;
    this.#waiting.set(frameNumber, message);
    return true;
  }

  /** The message behind the newest, or null if it is not there. */
  popNext(): Message | null {
    if (this.#newest === null) return null;
    const number = (this.#newest + 1) >>> 0;
    const message = this.#waiting.get(number);
    if (message === undefined) return null;
    this.#waiting.delete(number);
    this.#newest = number;
    return message;
  }

  /** The oldest that waits, or null if none does. */
  first(): Message | null {
    const newest = this.#newest ?? 0;
    let first: Message | null = null;
    for (const message of this.#waiting.values()) {
      if (first === null || stepFrom(newest, message.frameNumber) < stepFrom(newest, first.frameNumber)) {
        first = message;
      }
    }
    return first;
  }

  /** Give up what is missing in front of the oldest that waits. */
  skipToFirst(now: Seconds): void {
    const first = this.first();
    if (first === null) return;
    this.#newest = (first.frameNumber - 1) >>> 0;
    this.waitingSince = now;
  }
}

/** Delivers each packet once, in the order of the numbers; one that is missed is waited for `AUDIO_PATIENCE`. */
export class IncomingAudio {
  readonly #order = new Order<AudioMessage>();

  /** Take a packet; what may be delivered now is added to `ready`. */
  accept(message: AudioMessage, now: Seconds, patient: boolean, ready: (AudioMessage | VideoMessage)[]): void {
    if (this.#order.add(message, now)) this.due(now, patient, ready);
  }

  /** Add what may be delivered now to `ready`; `patient`: something may still come on another lane. */
  due(now: Seconds, patient: boolean, ready: (AudioMessage | VideoMessage)[]): void {
    const order = this.#order;
    for (;;) {
      for (let message = order.popNext(); message !== null; message = order.popNext()) {
        ready.push(message);
        order.waitingSince = now;
      }
      if (!order.isWaiting) return;
      if (patient && now < order.waitingSince + AUDIO_PATIENCE && !order.isFull) return;
      order.skipToFirst(now);
    }
  }

  /** When `due` will have something; null if nothing waits. */
  get dueAt(): Seconds | null {
    return this.#order.isWaiting ? seconds(this.#order.waitingSince + AUDIO_PATIENCE) : null;
  }
}

/** Delivers each decodable frame once, in order, and knows when a keyframe is needed. */
export class IncomingVideo {
  /** Set by a gap, or by an application that needs a keyframe for its own reasons. */
  wantsKeyframe = false;
  readonly #order = new Order<VideoMessage>();
  /** The newest frame that was looked at. */
  #delivered: number | null = null;
  /** At a frame's number modulo the length: 1 if it was delivered. */
  readonly #decodable = new Uint8Array(HISTORY);
  #askedAt: Seconds | null = null;

  /** Take a frame; what may be delivered now is added to `ready`. After a gap that stays a keyframe is wanted. */
  accept(message: VideoMessage, now: Seconds, patient: boolean, ready: (AudioMessage | VideoMessage)[]): void {
    if (this.#order.add(message, now)) this.due(now, patient, ready);
  }

  /** Add what may be delivered now to `ready`; `patient`: something may still come on another lane. */
  due(now: Seconds, patient: boolean, ready: (AudioMessage | VideoMessage)[]): void {
    const order = this.#order;
    for (;;) {
      for (let message = order.popNext(); message !== null; message = order.popNext()) {
        order.waitingSince = now;
        if (this.#take(message)) ready.push(message);
      }
      if (!order.isWaiting) return;
      if (patient && now < order.waitingSince + this.#patience && !order.isFull) return;
      order.skipToFirst(now);
    }
  }

  /** When `due` will have something; null if nothing waits. */
  get dueAt(): Seconds | null {
    return this.#order.isWaiting ? seconds(this.#order.waitingSince + this.#patience) : null;
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

  /** Seconds that what waits should wait for what is missing in front of it. */
  get #patience(): number {
    const first = this.#order.first();
    return first !== null && this.#isDecodable(first) ? DECODABLE_PATIENCE : UNDECODABLE_PATIENCE;
  }

  /** Whether that frame, which is newer than those looked at, refers to one that was delivered. */
  #isDecodable({ frameNumber, referenceDistance }: VideoMessage): boolean {
    if (referenceDistance === 0) return true;
    if (this.#delivered === null || stepFrom(this.#delivered, frameNumber) > referenceDistance) return false;
    return this.#decodable[(frameNumber - referenceDistance) & (HISTORY - 1)] === 1;
  }

  /** Note a frame that is next in order; whether to deliver it. */
  #take(message: VideoMessage): boolean {
    const { frameNumber, referenceDistance } = message;
    const decodable = this.#isDecodable(message);
    if (this.#delivered !== null) this.#forget(this.#delivered, stepFrom(this.#delivered, frameNumber));
    this.#delivered = frameNumber;
    if (referenceDistance === 0) {
      this.#decodable.fill(0);
      this.wantsKeyframe = false;
    }
    if (decodable) this.#decodable[frameNumber % HISTORY] = 1;
    else this.wantsKeyframe = true;
    return decodable;
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
  /** The few tracks that want a keyframe, or have frames that wait, so that timers need not look at all of them. */
  readonly #wanting = new Map<number, IncomingVideo>();
  readonly #waiting = new Map<number, IncomingAudio | IncomingVideo>();

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
    this.#wanting.delete(trackId);
    this.#waiting.delete(trackId);
  }

  /**
   * Take a frame; what may be delivered now, of its track and in order, is added to `ready`.
   *
   * @param message of whatever track; one that was never announced is dropped.
   * @param patient whether something may still come on another lane, so that gaps are waited for.
   */
  accept(
    message: AudioMessage | VideoMessage,
    now: Seconds,
    patient: boolean,
    ready: (AudioMessage | VideoMessage)[],
  ): void {
    const { trackId } = message;
    if (message.type === "audio") {
      const track = this.#audio.get(trackId);
      if (track === undefined) return;
      track.accept(message, now, patient, ready);
      this.#noteWaiting(trackId, track);
    } else {
      const track = this.#video.get(trackId);
      if (track === undefined) return;
      track.accept(message, now, patient, ready);
      this.#noteWaiting(trackId, track);
      this.#noteWanting(trackId, track);
    }
  }

  /** Add what has waited long enough for frames in front of it to `ready`. */
  due(now: Seconds, patient: boolean, ready: (AudioMessage | VideoMessage)[]): void {
    for (const [trackId, track] of this.#waiting) {
      track.due(now, patient, ready);
      this.#noteWaiting(trackId, track);
      if (track instanceof IncomingVideo) this.#noteWanting(trackId, track);
    }
  }

  #noteWaiting(trackId: number, track: IncomingAudio | IncomingVideo): void {
    if (track.dueAt !== null) this.#waiting.set(trackId, track);
    else if (this.#waiting.size > 0) this.#waiting.delete(trackId);
  }

  #noteWanting(trackId: number, track: IncomingVideo): void {
    if (track.wantsKeyframe) this.#wanting.set(trackId, track);
    else if (this.#wanting.size > 0) this.#wanting.delete(trackId);
  }

  /** The application needs a keyframe of that track; unknown ones are ignored. */
  wantKeyframe(trackId: number): void {
    const track = this.#video.get(trackId);
    if (track === undefined) return;
    track.wantsKeyframe = true;
    this.#wanting.set(trackId, track);
  }

  /** The tracks to send a `keyframe_request` for now; they count as sent. */
  requestsDue(now: Seconds): readonly number[] {
    if (this.#wanting.size === 0) return NONE;
    const due: number[] = [];
    for (const [trackId, track] of this.#wanting) {
      if (!track.takeRequest(now)) continue;
      this.#wanting.delete(trackId);
      due.push(trackId);
    }
    return due;
  }

  /** When `requestsDue` will have something, null if nothing is wanted. */
  nextRequestAt(): Seconds | null {
    let next: Seconds | null = null;
    for (const { requestDueAt } of this.#wanting.values()) {
      if (next === null || requestDueAt < next) next = requestDueAt;
    }
    return next;
  }

  /** When `due` will have something, null if no frame waits. */
  nextDueAt(): Seconds | null {
    let next: Seconds | null = null;
    for (const { dueAt } of this.#waiting.values()) {
      if (dueAt !== null && (next === null || dueAt < next)) next = dueAt;
    }
    return next;
  }
}

const NONE: readonly number[] = [];
