/**
 * Everybody else: who is in the room, and a frame port for each of their tracks. Belongs to one session; when that is
 * replaced, `clear` makes everybody leave, and the next session tells who is there.
 */

import { FrameWriter, type PortLike } from "../base/frame-port.ts";
import { type EncodedFrame, kindOf, type Participant, type Track } from "../base/media.ts";

/** Frames that may wait unread in a decoder's port: two seconds of sound, and more of pictures than anyone should. */
const MAX_UNREAD_FRAMES = 100;

/** What the downlink tells the page and wants from the transport. */
export interface DownlinkEvents<Port> {
  participantJoined(participant: Participant): void;
  participantLeft(participantId: string): void;
  trackAdded(participantId: string, track: Track, port: Port): void;
  trackRemoved(trackId: number): void;
  trackMuted(trackId: number, muted: boolean): void;
  /** The decoder of a track needs a keyframe. */
  keyframeWanted(trackId: number): void;
}

interface Subscribed {
  readonly participantId: string;
  readonly isVideo: boolean;
  readonly writer: FrameWriter;
}

/** All participants and tracks that the gateway has announced. `Port` is `MessagePort`, or a test's stand-in. */
export class Downlink<Port extends PortLike> {
  readonly #events: DownlinkEvents<Port>;
  readonly #makeChannel: () => readonly [near: Port, far: Port];
  readonly #participants = new Set<string>();
  readonly #subscribed = new Map<number, Subscribed>();
  #framesDropped = 0;

  constructor(events: DownlinkEvents<Port>, makeChannel: () => readonly [near: Port, far: Port]) {
    this.#events = events;
    this.#makeChannel = makeChannel;
  }

  /** Frames that decoders were too slow for. */
  get framesDropped(): number {
    return this.#framesDropped;
  }

  /** Whether a track of that id is announced. */
  has(trackId: number): boolean {
    return this.#subscribed.has(trackId);
  }

  join(participant: Participant): void {
    this.#participants.add(participant.participantId);
    this.#events.participantJoined(participant);
  }

  /** Somebody leaves, and all their tracks with them. */
  leave(participantId: string): void {
    for (const [trackId, subscribed] of this.#subscribed) {
      if (subscribed.participantId === participantId) this.removeTrack(trackId);
    }
    if (this.#participants.delete(participantId)) this.#events.participantLeft(participantId);
  }

  /** Make a port for a track; one of the same id is replaced. */
  addTrack(participantId: string, track: Track): void {
    this.removeTrack(track.trackId);
    const [near, far] = this.#makeChannel();
    const { trackId } = track;
    const onKeyframeNeeded = () => this.#events.keyframeWanted(trackId);
    const writer = new FrameWriter(near, { onKeyframeNeeded }, MAX_UNREAD_FRAMES);
    this.#subscribed.set(trackId, { participantId, isVideo: kindOf(track.codec) === "video", writer });
    this.#events.trackAdded(participantId, track, far);
  }

  /** A track has ended; unknown ids are ignored. */
  removeTrack(trackId: number): void {
    const subscribed = this.#subscribed.get(trackId);
    if (subscribed === undefined) return;
    this.#subscribed.delete(trackId);
    subscribed.writer.end();
    this.#events.trackRemoved(trackId);
  }

  muteTrack(trackId: number, muted: boolean): void {
    if (this.#subscribed.has(trackId)) this.#events.trackMuted(trackId, muted);
  }

  /** Give one frame to its decoder. */
  deliver(trackId: number, frame: EncodedFrame): void {
    const subscribed = this.#subscribed.get(trackId);
    if (subscribed === undefined) return;
    if (!subscribed.writer.write(frame, subscribed.isVideo)) this.#framesDropped += 1;
  }

  /** Everybody leaves. */
  clear(): void {
    for (const trackId of [...this.#subscribed.keys()]) this.removeTrack(trackId);
    for (const participantId of [...this.#participants]) this.leave(participantId);
  }

  /** It is over for us: decoders hear no more, but nobody is said to have left, because it is we who do. */
  close(): void {
    for (const { writer } of this.#subscribed.values()) writer.end();
    this.#subscribed.clear();
    this.#participants.clear();
  }
}
