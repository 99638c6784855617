/** Everything that leaves: CONTROL, frames, what is in flight, and how much may be. The session's sending half. */

import { type EncodedFrame, kindOf } from "../base/media.ts";
import { type Microseconds, type Seconds, seconds } from "../base/time.ts";
import { encode } from "../wire/codec.ts";
import type { ControlMessage, KnownControl } from "../wire/control.ts";
import { isDiscardable, isKeyframe } from "../wire/media.ts";
import type { Ack } from "../wire/path.ts";
import { MANY_LANES } from "./acknowledgements.ts";
import { Block, type BlockOptions, Urgency } from "./blocks.ts";
import { CongestionController, type PathStatistics } from "./congestion.ts";
import { ControlSender } from "./control-channel.ts";
import { Dispatcher } from "./dispatcher.ts";
import type { SessionEvent } from "./events.ts";
import { BEHIND, bestRank, type Lane, type LaneFigures, type Sent } from "./lane.ts";
import { Pacer } from "./pacing.ts";
import { Redundancy } from "./redundancy.ts";
import { Scheduler, type VideoToSend } from "./scheduler.ts";

/** Octets in flight on a lane, the message itself included, with which any connection's window has room. */
const ALONE = 3000;

/** What an ACK says of one lane: what is newly acknowledged, and how many seconds the far end held the ACK. */
interface Arrivals {
  readonly lane: Lane;
  readonly held: number;
  readonly acknowledged: readonly Sent[];
}

const ONCE: BlockOptions = {};
const TWICE: BlockOptions = { spareCount: 1 };

/** The sending half of a session. */
export class Outgoing {
  maxFrameBytes: number;
  readonly congestion = new CongestionController();
  readonly redundancy = new Redundancy();
  control = new ControlSender();
  scheduler = new Scheduler();
  readonly #lanes: ReadonlyMap<number, Lane>;
  readonly #dispatcher: Dispatcher;
  readonly #events: SessionEvent[];
  readonly #pacer = new Pacer();
  #nextBlockNumber = 0;
  #nextSendAt: Seconds | null = null;
  /** Whether something has happened since there was nothing to assign, or no lane for it. */
  #mayAssign = true;

  /**
   * @param maxFrameBytes what the far end accepts: a larger frame would end the session, so it is dropped.
   * @param lanes the session's.
   * @param events the session's list.
   */
  constructor(maxFrameBytes: number, lanes: ReadonlyMap<number, Lane>, events: SessionEvent[]) {
    this.maxFrameBytes = maxFrameBytes;
    this.#lanes = lanes;
    this.#dispatcher = new Dispatcher(lanes, this.redundancy);
    this.#events = events;
  }

  /**
   * The next message that ACK will report, in order of urgency: PONG, CONTROL, audio, video, PING. Messages for other lanes
   * may get into their outboxes: pull those lanes, too.
   *
   * @param lane the lane that can carry it.
   * @param pingAfter seconds of silence of ours after which a PING is due.
   */
  nextMessage(lane: Lane, now: Seconds, pingAfter: number): Uint8Array<ArrayBuffer> | null {
    const pong = lane.nextPong();
    if (pong !== undefined) return sent(lane, encode(pong), null, now);
    while (this.#mayAssign && lane.outbox.length === 0) this.#mayAssign = this.#assign(now);
    const waiting = lane.outbox.shift();
    if (waiting !== undefined) {
      this.#mayAssign = true;
      return sent(lane, waiting.data, waiting.block, now);
    }
    if (now < lane.lastSentAt + pingAfter) return null;
    return sent(lane, encode({ type: "ping", sentAtUs: Math.floor(now * 1e6) as Microseconds }), null, now);
  }

  /** Give the most urgent message to the lane that suits it best; false if there is nothing to give. */
  #assign(now: Seconds): boolean {
    const dispatcher = this.#dispatcher;
    if (dispatcher.assign(Urgency.CONTROL, now)) return true;
    if (this.control.isWaiting) {
      const lane = dispatcher.freeLane(Urgency.CONTROL, now);
      const data = lane === null ? null : this.control.nextMessage(lane.laneId);
      if (data !== null) {
        dispatcher.send(new Block(data, Urgency.CONTROL, now));
        return dispatcher.assign(Urgency.CONTROL, now);
      }
    }
    return this.#assignAudio(now) || this.#assignVideo(now);
  }

  /** Audio is not held back by the window: it is small, and its delay is heard. */
  #assignAudio(now: Seconds): boolean {
    const dispatcher = this.#dispatcher;
    if (dispatcher.assign(Urgency.AUDIO, now)) return true;
    if (!this.scheduler.hasAudio || dispatcher.freeLane(Urgency.AUDIO, now) === null) return false;
    const message = this.scheduler.popAudio(now);
    if (message === null) return false;
    const repeat = this.#lanes.size > 1 && this.redundancy.isLossy(now);
    dispatcher.send(new Block(message, Urgency.AUDIO, now, repeat ? TWICE : ONCE));
    return dispatcher.assign(Urgency.AUDIO, now);
  }

  #assignVideo(now: Seconds): boolean {
    const dispatcher = this.#dispatcher;
    for (const trackId of dispatcher.dropStale(now)) this.scheduler.lost(trackId);
    this.scheduler.dropStale(now);
    const waits = dispatcher.waits(Urgency.VIDEO);
    if (!waits && !this.scheduler.hasVideo) return false;
    if (!this.congestion.allowsVideo(dispatcher.bytesInFlight)) return false;
    if (!this.#pacer.allows(this.congestion.bitrateBps, now)) {
      this.#nextSendAt = this.#pacer.openAt;
      return false;
    }
    if (!waits && dispatcher.freeLane(Urgency.VIDEO, now) !== null) {
      const video = this.scheduler.popVideo(now);
      if (video !== null) dispatcher.send(this.#videoBlock(video, now));
    }
    const size = dispatcher.pieceSize(Urgency.VIDEO);
    if (!dispatcher.assign(Urgency.VIDEO, now)) return false;
    this.#pacer.sent(size);
    return true;
  }

  #videoBlock({ data, trackId }: VideoToSend, now: Seconds): Block {
    // Keyframes are few, and so large that hedges for their first pieces leave while the last ones are held back.
    const relaxed = isDiscardable(data) || isKeyframe(data);
    const lanes = this.#dispatcher.usableCount;
    const { dataCount, spareCount } = this.redundancy.plan(data.length, lanes, now, relaxed);
    const number = this.#nextBlockNumber;
    if (dataCount > 1) this.#nextBlockNumber = (number + 1) >>> 0;
    return new Block(data, Urgency.VIDEO, now, { number, dataCount, spareCount, videoTrackId: trackId });
  }

  /**
   * Queue a CONTROL, and begin or end the track that it announces.
   *
   * @throws RemoteProtocolError too many wait; `overloaded`.
   */
  sendControl(message: KnownControl): void {
    this.#mayAssign = true;
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
    this.#mayAssign = true;
    this.scheduler.pause(trackId, paused);
    if (!paused) this.tellKeyframeNeeds(now);
  }

  /** Queue a frame; without a lane, too large, or of an unknown track, it is dropped. */
  sendFrame(trackId: number, frame: EncodedFrame, now: Seconds): void {
    this.#mayAssign = true;
    if (this.#lanes.size === 0) return;
    if (frame.data.length > this.maxFrameBytes) this.scheduler.lost(trackId);
    else this.scheduler.push(trackId, frame, now);
    if (this.#pathIsOpen && this.scheduler.takesKeyframeNeed(trackId, now)) {
      this.#events.push({ type: "keyframeNeeded", trackId });
    }
  }

  /** The far end needs a keyframe of our track. */
  keyframeRequested(trackId: number, now: Seconds): void {
    this.#mayAssign = true;
    this.scheduler.requestKeyframe(trackId);
    this.tellKeyframeNeeds(now);
  }

  /** Ask the encoders for the keyframes that are needed, once those can leave. */
  tellKeyframeNeeds(now: Seconds): void {
    if (!this.#pathIsOpen) return;
    for (const trackId of this.scheduler.keyframeNeeds(now)) this.#events.push({ type: "keyframeNeeded", trackId });
  }

  get #pathIsOpen(): boolean {
    return this.#lanes.size > 0 && this.#dispatcher.bytesInFlight < this.congestion.limit;
  }

  /**
   * Learn what has arrived; lanes that are gone are skipped.
   *
   * @throws RemoteProtocolError something is acknowledged that was never sent.
   */
  takeAck(ack: Ack, now: Seconds): void {
    this.#mayAssign = true;
    this.control.acknowledge(ack.controlReceived);
    const arrivals: Arrivals[] = [];
    for (const { laneId, messagesReceived, heldUs } of ack.lanes) {
      const lane = this.#lanes.get(laneId);
      if (lane === undefined) continue;
      const acknowledged = lane.acknowledge(messagesReceived);
      if (acknowledged.length > 0) arrivals.push({ lane, held: heldUs / 1e6, acknowledged });
    }
    if (arrivals.length > 0) {
      this.#learn(arrivals, seconds(ack.sentAtUs / 1e6), now);
      this.#dispatcher.hedge(now);
    }
    this.tellKeyframeNeeds(now);
    const bitrateBps = this.congestion.takeChange(this.#dispatcher.cost);
    if (bitrateBps !== null) this.#events.push({ type: "pathEstimateChanged", bitrateBps });
  }

  /** Take what an ACK reports; of all lanes the one that was quickest tells the delay of the path. */
  #learn(arrivals: readonly Arrivals[], ackSentAt: Seconds, now: Seconds): void {
    const dispatcher = this.#dispatcher;
    const overtaking = dispatcher.newestAcknowledged;
    // In a queue messages of one lane may pass those of another without any loss.
    const queueing = this.congestion.isQueueing;
    const manyLanes = this.#lanes.size >= MANY_LANES;
    const best = bestRank(this.#lanes.values());
    let octets = 0;
    let delay = Number.POSITIVE_INFINITY;
    let roundTrip = Number.POSITIVE_INFINITY;
    for (const { lane, held, acknowledged } of arrivals) {
      let onTime = false;
      let lastSentAt = 0;
      let lastAhead = 0;
      for (const sent of acknowledged) {
        octets += sent.size;
        dispatcher.acknowledged(sent);
        const late = lane.isLate(sent, overtaking);
        // What a worse kind of lane brings late says nothing of the network.
        if (!queueing && lane.rank === best) this.redundancy.acknowledged(late, now);
        onTime = !late;
        lastSentAt = sent.sentAt;
        lastAhead = sent.ahead + sent.size;
        if (lastSentAt >= overtaking - BEHIND) lane.provenBytes = Math.max(lane.provenBytes, lastAhead);
      }
      dispatcher.newestAcknowledged = Math.max(dispatcher.newestAcknowledged, lastSentAt);
      // Behind other data of its lane a message may have waited for that lane's own window.
      if (!onTime || lane.rank !== best || (manyLanes && lastAhead > ALONE)) continue;
      const laneDelay = ackSentAt - held - lastSentAt;
      const laneRoundTrip = now - lastSentAt - held;
      if (laneDelay > delay || (laneDelay === delay && laneRoundTrip >= roundTrip)) continue;
      delay = laneDelay;
      roundTrip = laneRoundTrip;
    }
    if (delay === Number.POSITIVE_INFINITY) {
      this.congestion.delivered.add(octets, ackSentAt, now);
      return;
    }
    this.congestion.acknowledged({ octets, delay, roundTrip, at: ackSentAt, manyLanes }, now);
    dispatcher.roundTrip = this.congestion.roundTrip ?? 0;
    if (this.congestion.isCongested) this.redundancy.congested(now);
  }

  /** When `handleTimeout` is due, later than it was last; null: never. */
  nextTimeout(handledAt: number): Seconds | null {
    const hedgeAt = this.#dispatcher.nextHedgeAt(handledAt);
    if (this.#nextSendAt === null || hedgeAt === null) return hedgeAt ?? this.#nextSendAt;
    return this.#nextSendAt < hedgeAt ? this.#nextSendAt : hedgeAt;
  }

  /** Let video go on whose time has come, and repeat what waits for its ACK for too long. */
  handleTimeout(now: Seconds): void {
    this.#dispatcher.hedge(now);
    this.#mayAssign = true;
    if (this.#nextSendAt !== null && now >= this.#nextSendAt) this.#nextSendAt = null;
  }

  /** A lane was opened or welcomed. */
  lanesChanged(): void {
    this.#mayAssign = true;
  }

  /** Send its CONTROL again, and its frames if there is another lane; without any drop what waits. */
  laneLost(lane: Lane): void {
    this.#mayAssign = true;
    this.control.laneLost(lane.laneId);
    for (const trackId of this.#dispatcher.laneLost(lane)) this.scheduler.lost(trackId);
    if (this.#lanes.size > 0) {
      // A worse kind has delays of its own, which are no queue.
      if (lane.rank < bestRank(this.#lanes.values())) this.congestion.pathChanged();
      return;
    }
    this.scheduler.clear();
    this.congestion.pathChanged();
  }

  /** Keep nothing: the session is over. */
  end(): void {
    this.scheduler = new Scheduler();
    this.control = new ControlSender();
  }

  /** Figures of each lane at `now`. */
  laneFigures(now: Seconds): LaneFigures[] {
    const { newestAcknowledged } = this.#dispatcher;
    const roundTrip = this.congestion.roundTrip ?? 0;
    return Array.from(this.#lanes.values(), (lane) => lane.figures(newestAcknowledged, roundTrip, now));
  }

  /** What the path can carry of media, all tracks together: the estimate without what redundancy costs. */
  get bitrateBps(): number {
    return Math.floor(this.congestion.bitrateBps / this.#dispatcher.cost);
  }

  /** Figures of the path at `now`, with what the receiving half counts. */
  path(now: Seconds, fragmentsLate: number): PathStatistics {
    return {
      bitrateBps: this.bitrateBps,
      deliveredBps: this.congestion.delivered.bps,
      roundTrip: this.congestion.roundTrip,
      queueingDelay: seconds(this.congestion.delay.newest),
      inFlightBytes: this.#dispatcher.bytesInFlight,
      windowBytes: this.congestion.limit,
      backlog: this.scheduler.backlog(now),
      framesDropped: this.scheduler.dropped,
      fragmentsLate,
    };
  }
}

/** Note that a message leaves, and give it. */
function sent(lane: Lane, data: Uint8Array<ArrayBuffer>, block: Block | null, now: Seconds): Uint8Array<ArrayBuffer> {
  lane.sent(data.length, now, block);
  return data;
}
