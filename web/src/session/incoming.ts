/** Everything that arrives for the application: frames, CONTROL, and the keyframe requests that gaps cause. */

import { CloseCode, RemoteProtocolError } from "../base/errors.ts";
import { kindOf, type Track } from "../base/media.ts";
import type { Seconds } from "../base/time.ts";
import { type Control, decodeMedia, type WireLimits } from "../wire/codec.ts";
import { type ControlMessage, DOWNLINK_ONLY, type KnownControl, UPLINK_ONLY } from "../wire/control.ts";
import type { Fragment } from "../wire/fragment.ts";
import type { AudioMessage, VideoMessage } from "../wire/media.ts";
import { IncomingBlocks } from "./assembly.ts";
import { IncomingTracks } from "./continuity.ts";
import { ControlReceiver } from "./control-channel.ts";
import { EarlyFrames } from "./early-frames.ts";
import type { SessionEvent } from "./events.ts";
import type { Role } from "./handshake.ts";
import type { Outgoing } from "./outgoing.ts";

/** The receiving half of a session; it puts its events into the session's list and its requests into `outgoing`. */
export class Incoming {
  readonly tracks = new IncomingTracks();
  /** How many lanes the gateway would like. */
  lanesWanted = 1;
  readonly #early = new EarlyFrames();
  readonly #blocks = new IncomingBlocks();
  readonly #control = new ControlReceiver();
  readonly #notForUs: ReadonlySet<string>;
  readonly #maxTracks: number;
  readonly #wireLimits: WireLimits;
  readonly #outgoing: Outgoing;
  readonly #events: SessionEvent[];
  /** Filled and emptied again with each message. */
  readonly #ready: (AudioMessage | VideoMessage)[] = [];

  /**
   * @param role which CONTROL types are for us.
   * @param maxTracks how many tracks the far end may announce at once.
   * @param wireLimits on what fragments make.
   * @param outgoing carries our keyframe requests.
   * @param events the session's list.
   */
  constructor(role: Role, maxTracks: number, wireLimits: WireLimits, outgoing: Outgoing, events: SessionEvent[]) {
    this.#notForUs = role === "client" ? UPLINK_ONLY : DOWNLINK_ONLY;
    this.#maxTracks = maxTracks;
    this.#wireLimits = wireLimits;
    this.#outgoing = outgoing;
    this.#events = events;
  }

  /** The highest CONTROL number below which nothing is missing. */
  get controlReceived(): number {
    return this.#control.received;
  }

  /** Fragments that came when nobody needed them any more, so far. */
  get fragmentsLate(): number {
    return this.#blocks.fragmentsLate;
  }

  /**
   * Deliver a frame and what waited for it, let it wait, or drop it; and ask for the keyframes that are wanted.
   *
   * @param patient what is missing may still come on another lane.
   */
  receiveFrame(message: AudioMessage | VideoMessage, now: Seconds, patient: boolean): void {
    if (!this.tracks.has(message.trackId)) {
      this.#early.keep(message, now);
      return;
    }
    this.tracks.accept(message, now, patient, this.#ready);
    this.#deliver();
    this.sendKeyframeRequests(now);
  }

  /**
   * Keep a fragment; gives the message that it completes.
   *
   * @throws RemoteProtocolError it contradicts others, or what they make is neither VIDEO nor AUDIO.
   */
  receiveFragment(fragment: Fragment): AudioMessage | VideoMessage | null {
    const data = this.#blocks.receive(fragment);
    return data === null ? null : decodeMedia(data, this.#wireLimits);
  }

  /** Deliver what has waited long enough for frames in front of it; forget what has waited for its track. */
  deliverDue(now: Seconds, patient: boolean): void {
    this.#early.forget(now);
    this.tracks.due(now, patient, this.#ready);
    this.#deliver();
  }

  #deliver(): void {
    for (const { trackId, frame } of this.#ready) this.#events.push({ type: "frameReceived", trackId, frame });
    this.#ready.length = 0;
  }

  /**
   * Deliver CONTROL in order, and behind a track's announcement what came of it before.
   *
   * @throws RemoteProtocolError wrong direction, too far ahead, or too many tracks.
   */
  receiveControl(control: Control, now: Seconds, patient: boolean): void {
    for (const message of this.#control.receive(control)) {
      this.#take(message, now);
      if (message.type !== "publish" && message.type !== "track_added") continue;
      for (const early of this.#early.take(message.track.trackId, now)) this.receiveFrame(early, now, patient);
    }
  }

  #take(message: ControlMessage, now: Seconds): void {
    if (this.#notForUs.has(message.type)) throw new RemoteProtocolError(`${message.type} in the wrong direction`);
    switch (message.type) {
      case "unknown":
        return;
      case "keyframe_request":
        this.#outgoing.keyframeRequested(message.trackId, now);
        return;
      case "publish":
      case "track_added":
        this.#announce(message.track);
        break;
      case "unpublish":
      case "track_removed":
        this.tracks.remove(message.trackId);
        break;
      case "lanes":
        this.lanesWanted = message.wanted;
        return;
      case "pause":
        // Told first: whoever resumes a source has to do so before a keyframe is asked of it.
        this.#events.push({ type: "controlReceived", message });
        this.#outgoing.pause(message.trackId, message.paused, now);
        return;
      default:
        this.#outgoing.takeControl(message);
    }
    this.#events.push({ type: "controlReceived", message });
  }

  #announce({ trackId, codec }: Track): void {
    if (!this.tracks.has(trackId) && this.tracks.size >= this.#maxTracks) {
      throw new RemoteProtocolError("too many tracks", CloseCode.RATE_LIMITED);
    }
    this.tracks.add(trackId, kindOf(codec));
  }

  /** See what a CONTROL of ours means for what we receive. */
  sendingControl(message: KnownControl): void {
    if (message.type === "publish_rejected") this.tracks.remove(message.trackId);
  }

  /** The application needs a keyframe: ask now, or as soon as the interval since the last request is over. */
  wantKeyframe(trackId: number, now: Seconds): void {
    this.tracks.wantKeyframe(trackId);
    this.sendKeyframeRequests(now);
  }

  /** Send what is due. @throws RemoteProtocolError too many CONTROL messages wait; `overloaded`. */
  sendKeyframeRequests(now: Seconds): void {
    for (const trackId of this.tracks.requestsDue(now)) {
      this.#outgoing.sendControl({ type: "keyframe_request", trackId });
    }
  }
}
