/** Everything that leaves: CONTROL, frames, what is in flight, and how much may be. The session's sending half. */

import { type EncodedFrame, kindOf } from "../base/media.ts";
import { type Microseconds, type Seconds, seconds } from "../base/time.ts";
import { encode } from "../wire/codec.ts";
import type { ControlMessage, KnownControl } from "../wire/control.ts";
import type { Ack } from "../wire/path.ts";
import { CongestionController, type PathStatistics } from "./congestion.ts";
import { ControlSender } from "./control-channel.ts";
import type { SessionEvent } from "./events.ts";
import type { Lane } from "./lane.ts";
import { type ScheduledMessage, Scheduler } from "./scheduler.ts";

/** The sending half of a session. */
export class Outgoing {
  maxFrameBytes: number;
  readonly congestion = new CongestionController();
  control = new ControlSender();
  scheduler = new Scheduler();
  readonly #events: SessionEvent[];
  #inFlightBytes = 0;
  #hasLane = false;

  /**
   * @param maxFrameBytes what the far end accepts: a larger frame would end the session, so it is dropped.
   * @param events the session's list.
   */
  constructor(maxFrameBytes: number, events: SessionEvent[]) {
    this.maxFrameBytes = maxFrameBytes;
    this.#events = events;
  }

  /**
   * The next message that ACK will report, in order of urgency: PONG, CONTROL, audio, video, PING.
   *
   * @param lane the lane that can carry it.
   * @param pingAfter seconds of silence of ours after which a PING is due.
   */
  nextMessage(lane: Lane, now: Seconds, pingAfter: number): Uint8Array<ArrayBuffer> | null {
    const next = this.#next(lane, now, pingAfter);
    if (next === null) return null;
    lane.sent(next.data.length, now, next.videoTrackId);
    this.#inFlightBytes += next.data.length;
    return next.data;
  }

  #next(lane: Lane, now: Seconds, pingAfter: number): ScheduledMessage | null {
    const pong = lane.nextPong();
    if (pong !== undefined) return { data: encode(pong), videoTrackId: null };
    const control = this.control.nextMessage(lane.laneId);
    if (control !== null) return { data: control, videoTrackId: null };
    const frame = this.#nextFrame(lane, now);
    if (frame !== null) return frame;
    if (now < lane.lastSentAt + pingAfter) return null;
    return { data: encode({ type: "ping", sentAtUs: Math.floor(now * 1e6) as Microseconds }), videoTrackId: null };
  }

  /** Audio is not held back by the window: it is small, and its delay is heard. */
  #nextFrame(lane: Lane, now: Seconds): ScheduledMessage | null {
    this.scheduler.dropStale(now);
    const withVideo = this.scheduler.hasVideo && this.congestion.allowsVideo(this.#inFlightBytes);
    if (lane.isStalled(this.congestion.roundTrip ?? 0, now)) return null;
    return this.scheduler.pop(now, withVideo);
  }

  /**
   * Queue a CONTROL, and begin or end the track that it announces.
   *
   * @throws RemoteProtocolError too many wait; `overloaded`.
   */
  sendControl(message: KnownControl): void {
    switch (message.type) {
      case "publish":
      case "track_added":
        this.scheduler.addTrack(message.track.trackId, kindOf(message.track.codec));
        break;
      case "unpublish":
      case "track_removed":
        this.scheduler.removeTrack(message.trackId);
        break;
    }
    this.control.send(message);
  }

  /** See what a received CONTROL means for what we send. */
  takeControl(message: ControlMessage): void {
    if (message.type === "publish_rejected") this.scheduler.removeTrack(message.trackId);
  }

  /** The far end does not want frames of our track, or wants them again; video then goes on with a keyframe. */
  pause(trackId: number, paused: boolean, now: Seconds): void {
    this.scheduler.pause(trackId, paused);
    if (!paused) this.tellKeyframeNeeds(now);
  }

  /** Queue a frame; without a lane, too large, or of an unknown track, it is dropped. */
  sendFrame(trackId: number, frame: EncodedFrame, now: Seconds): void {
    if (!this.#hasLane) return;
    if (frame.data.length > this.maxFrameBytes) this.scheduler.lost(trackId);
    else this.scheduler.push(trackId, frame, now);
    if (this.#pathIsOpen && this.scheduler.takesKeyframeNeed(trackId, now)) {
      this.#events.push({ type: "keyframeNeeded", trackId });
    }
  }

  /** The far end needs a keyframe of our track. */
  keyframeRequested(trackId: number, now: Seconds): void {
    this.scheduler.requestKeyframe(trackId);
    this.tellKeyframeNeeds(now);
  }

  /** Ask the encoders for the keyframes that are needed, once those can leave. */
  tellKeyframeNeeds(now: Seconds): void {
    if (!this.#pathIsOpen) return;
    for (const trackId of this.scheduler.keyframeNeeds(now)) this.#events.push({ type: "keyframeNeeded", trackId });
  }

  get #pathIsOpen(): boolean {
    return this.#hasLane && this.#inFlightBytes < this.congestion.limit;
  }

  /**
   * Learn what has arrived; lanes that are gone are skipped.
   *
   * @throws RemoteProtocolError something is acknowledged that was never sent.
   */
  takeAck(ack: Ack, lanes: ReadonlyMap<number, Lane>, now: Seconds): void {
    this.control.acknowledge(ack.controlReceived);
    const sentAt = ack.sentAtUs / 1e6;
    for (const receipt of ack.lanes) {
      const lane = lanes.get(receipt.laneId);
      if (lane === undefined) continue;
      const { octets, last } = lane.acknowledge(receipt.messagesReceived);
      if (last === null) continue;
      this.#inFlightBytes -= octets;
      const held = receipt.heldUs / 1e6;
      const delay = sentAt - held - last.sentAt;
      const roundTrip = now - last.sentAt - held;
      this.congestion.acknowledged({ octets, delay, roundTrip, at: seconds(sentAt) }, now);
    }
    this.tellKeyframeNeeds(now);
    const bitrateBps = this.congestion.takeChange();
    if (bitrateBps !== null) this.#events.push({ type: "pathEstimateChanged", bitrateBps });
  }

  /** There is a lane to send on. */
  laneOpened(): void {
    this.#hasLane = true;
  }

  /** Send its CONTROL again, give its frames up; without any lane drop what waits. */
  laneLost(lane: Lane, isLast: boolean): void {
    this.#inFlightBytes -= lane.inFlightBytes;
    this.control.laneLost(lane.laneId);
    for (const trackId of new Set(lane.inFlight.map(({ videoTrackId }) => videoTrackId))) {
      if (trackId !== null) this.scheduler.lost(trackId);
    }
    if (!isLast) return;
    this.#hasLane = false;
    this.scheduler.clear();
    this.congestion.pathChanged();
  }

  /** Keep nothing: the session is over. */
  end(): void {
    this.#hasLane = false;
    this.#inFlightBytes = 0;
    this.scheduler = new Scheduler();
    this.control = new ControlSender();
  }

  /** Figures of the path at `now`. */
  path(now: Seconds): PathStatistics {
    return {
      bitrateBps: this.congestion.bitrateBps,
      deliveredBps: this.congestion.delivered.bps,
      roundTrip: this.congestion.roundTrip,
      queueingDelay: seconds(this.congestion.delay.newest),
      inFlightBytes: this.#inFlightBytes,
      windowBytes: this.congestion.limit,
      backlog: this.scheduler.backlog(now),
      framesDropped: this.scheduler.dropped,
    };
  }
}
