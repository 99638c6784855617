/**
 * The tunnel session: one object for both roles, without I/O, workers or a clock.
 *
 * A transport owns a `Session` and its lanes' carriers. It gives every received message to `receiveMessage`, writes what
 * `nextMessage` returns, wakes up at `nextTimeout` for `handleTimeout`, and after each of these calls reads
 * `eventsReceived`. The application calls `sendControl`, `sendFrame` and `close`; the transport then pulls again.
 *
 * The theory of a session's life stands in `state`; this file ties the parts together: `lane` (counters),
 * `control-channel` (reliable CONTROL), `scheduler` and `outgoing` (queues), `continuity` (incoming frames),
 * `acknowledgements`, `congestion`.
 */

import { CloseCode, LocalProtocolError, RemoteProtocolError, reasonOf } from "../base/errors.ts";
import { type EncodedFrame, kindOf, type MediaKind } from "../base/media.ts";
import { type Microseconds, type Seconds, seconds } from "../base/time.ts";
import { type Control, decode, encode, type Message } from "../wire/codec.ts";
import { type ControlMessage, DOWNLINK_ONLY, type KnownControl, UPLINK_ONLY } from "../wire/control.ts";
import type { Close, Hello, Welcome } from "../wire/messages.ts";
import type { Ack, Ping } from "../wire/path.ts";
import { Acknowledger } from "./acknowledgements.ts";
import { CongestionController, type PathStatistics } from "./congestion.ts";
import { IncomingTracks } from "./continuity.ts";
import { ControlOverflowError, ControlReceiver, ControlSender } from "./control-channel.ts";
import type { SessionEvent } from "./events.ts";
import { helloForLane, limitsFromWelcome, type Role, type WelcomeInfo, welcomeForLane } from "./handshake.ts";
import { Lane } from "./lane.ts";
import { DEFAULT_LIMITS, type SessionLimits } from "./limits.ts";
import { type ScheduledMessage, Scheduler } from "./scheduler.ts";
import { type State, step } from "./state.ts";

const MAX_DETAIL_LENGTH = 512;
/** A lane on which nothing was sent for the idle time-out divided by this gets a PING (PROTOCOL.md §3.6). */
const PING_SHARE = 3;

/** What a session begins with. */
export interface SessionOptions {
  /** The session's secret. */
  readonly key: string;
  readonly now: Seconds;
  readonly limits?: SessionLimits;
  /**
   * Client only: room, name, token, client and capabilities of every HELLO; `laneId`, `laneKind`, `key`, `resume` and
   * `controlReceived` in it are replaced.
   */
  readonly hello?: Hello;
}

/** One end of a tunnel session (PROTOCOL.md §3, §4, §5). */
export class Session {
  readonly role: Role;
  readonly sessionId: string;
  readonly key: string;
  #limits: SessionLimits;
  readonly #hello: Hello | null;
  #welcome: Welcome | null = null;
  #state: State = "connecting";
  #established = false;
  #deadline: Seconds | null;
  readonly #lanes = new Map<number, Lane>();
  readonly #usedLaneIds = new Set<number>();
  #closing: Uint8Array<ArrayBuffer> | null = null;
  readonly #farewells = new Map<number, Uint8Array<ArrayBuffer>>();
  #controlSender = new ControlSender();
  readonly #controlReceiver = new ControlReceiver();
  readonly #acknowledger = new Acknowledger();
  readonly #incoming = new IncomingTracks();
  #scheduler = new Scheduler();
  readonly #congestion = new CongestionController();
  #inFlightBytes = 0;
  #events: SessionEvent[] = [];

  /** @param sessionId 32 lower-case hexadecimal digits. */
  constructor(role: Role, sessionId: string, options: SessionOptions) {
    if (role === "client" && options.hello === undefined) {
      throw new LocalProtocolError("a client says who it is in HELLO");
    }
    this.role = role;
    this.sessionId = sessionId;
    this.key = options.key;
    this.#limits = options.limits ?? DEFAULT_LIMITS;
    this.#hello = options.hello ?? null;
    this.#deadline = seconds(options.now + this.#limits.resumeWindow);
  }

  // What one may ask.

  /** Whether the session ever had a welcomed lane. */
  get isEstablished(): boolean {
    return this.#established;
  }

  /** Whether `closed` has been told; only CLOSE messages may still leave. */
  get isClosed(): boolean {
    return this.#state === "closed";
  }

  /** The lanes that are open, in the order they came. */
  get laneIds(): readonly number[] {
    return [...this.#lanes.keys()];
  }

  /** The latest WELCOME that was sent or received. */
  get welcome(): Welcome | null {
    return this.#welcome;
  }

  /** What the path can carry now, all outgoing tracks together. */
  get targetBitrateBps(): number {
    return this.#congestion.bitrateBps;
  }

  /** Figures of the path at `now`. */
  path(now: Seconds): PathStatistics {
    const congestion = this.#congestion;
    return {
      bitrateBps: congestion.bitrateBps,
      deliveredBps: congestion.delivered.bps,
      roundTrip: congestion.roundTrip,
      queueingDelay: seconds(congestion.delay.newest),
      inFlightBytes: this.#inFlightBytes,
      windowBytes: congestion.window,
      backlog: this.#scheduler.backlog(now),
      framesDropped: this.#scheduler.dropped,
    };
  }

  /** What happened since the last call. */
  eventsReceived(): SessionEvent[] {
    const happened = this.#events;
    this.#events = [];
    return happened;
  }

  // Lanes.

  /**
   * Client: a carrier is open; HELLO is its first message. After the end it does nothing.
   *
   * @throws LocalProtocolError the lane id was used before, or this is a gateway.
   */
  openLane(laneId: number, kind: string, now: Seconds): void {
    if (this.#hello === null || this.#usedLaneIds.has(laneId)) {
      throw new LocalProtocolError("a lane id is used once, by the client");
    }
    if (this.#state === "closed") return;
    const hello = helloForLane(this.#hello, {
      laneId,
      laneKind: kind,
      key: this.key,
      resume: this.#state === "detached",
      controlReceived: this.#controlReceiver.received,
    });
    this.#usedLaneIds.add(laneId);
    this.#lanes.set(laneId, new Lane(laneId, kind, encode(hello), false, now));
  }

  /**
   * Gateway: a carrier's HELLO belongs here; WELCOME is its first message. A lane id that was used before fails the
   * session with `malformed`. After the end it does nothing, but `nextMessage` gives a CLOSE for the lane.
   */
  attachLane(laneId: number, hello: Hello, info: WelcomeInfo, now: Seconds): void {
    this.#guard(() => this.#attachLane(laneId, hello, info, now));
    if (this.#state === "closed" && this.#closing !== null) this.#farewells.set(laneId, this.#closing);
  }

  #attachLane(laneId: number, hello: Hello, info: WelcomeInfo, now: Seconds): void {
    if (this.#state === "closed") return;
    if (this.#usedLaneIds.has(laneId)) throw new RemoteProtocolError("lane id used twice");
    if (hello.resume) for (const staleId of this.laneIds) this.#giveUp(staleId, now);
    this.#controlSender.acknowledge(hello.controlReceived);
    this.#welcome = welcomeForLane(info, this.#limits, {
      laneId,
      resumed: this.#established,
      controlReceived: this.#controlReceiver.received,
    });
    this.#usedLaneIds.add(laneId);
    this.#lanes.set(laneId, new Lane(laneId, hello.laneKind, encode(this.#welcome), true, now));
    this.#welcomed(false, now);
  }

  /** The carrier is gone, for whatever reason; unknown lanes are ignored. */
  laneLost(laneId: number, now: Seconds): void {
    this.#farewells.delete(laneId);
    const lane = this.#lanes.get(laneId);
    if (lane === undefined) return;
    this.#lanes.delete(laneId);
    this.#inFlightBytes -= lane.inFlightBytes;
    this.#controlSender.laneLost(laneId);
    this.#acknowledger.laneLost(laneId);
    for (const trackId of new Set(lane.inFlight.map(({ videoTrackId }) => videoTrackId))) {
      if (trackId !== null) this.#scheduler.lost(trackId);
    }
    if (this.#lanes.size > 0) return;
    this.#scheduler.clear();
    const wasOpen = this.#state === "open";
    this.#state = step(this.#state, "lastLaneLost");
    if (!wasOpen) return;
    this.#deadline = seconds(now + this.#limits.resumeWindow);
    this.#congestion.pathChanged();
    this.#events.push({ type: "allLanesLost" });
  }

  #giveUp(laneId: number, now: Seconds): void {
    this.#events.push({ type: "laneLost", laneId });
    this.laneLost(laneId, now);
  }

  #welcomed(resumed: boolean, now: Seconds): void {
    const was = this.#state;
    this.#state = step(was, "welcomed");
    this.#deadline = null;
    if (!this.#established) {
      this.#established = true;
      this.#events.push({ type: "established", resumed });
    } else if (was === "detached") {
      this.#events.push({ type: "resumed" });
    }
    this.#tellKeyframeNeeds(now);
  }

  // What comes in.

  /**
   * Take one message from a lane, HELLO excepted. Bytes that break the protocol close the session. Messages of lanes that
   * are unknown or lost, and those that come after the end, are ignored.
   */
  receiveMessage(laneId: number, data: Uint8Array<ArrayBuffer>, now: Seconds): void {
    const lane = this.#lanes.get(laneId);
    if (lane === undefined) return;
    this.#guard(() => this.#receive(lane, decode(data, this.#limits), data.length, now));
  }

  /** What the far end did wrong ends the session and nothing else. */
  #guard(action: () => void): void {
    try {
      action();
    } catch (error) {
      if (!(error instanceof RemoteProtocolError)) throw error;
      this.#end(error.code, error.message, false);
    }
  }

  #receive(lane: Lane, message: Message, size: number, now: Seconds): void {
    const { type } = message;
    if (type === "hello") throw new RemoteProtocolError("HELLO on a lane that has one");
    if (!lane.welcomed && type !== "welcome" && type !== "close") {
      throw new RemoteProtocolError("something before WELCOME");
    }
    lane.lastHeardAt = now;
    if (type !== "ack" && type !== "welcome") {
      lane.received(size, now);
      this.#acknowledger.received(lane.laneId, now);
    }
    switch (type) {
      case "audio":
        if (this.#incoming.acceptAudio(message)) this.#deliver(message.trackId, message.frame);
        break;
      case "video":
        if (this.#incoming.acceptVideo(message)) this.#deliver(message.trackId, message.frame);
        else this.#sendKeyframeRequests(now);
        break;
      case "ack":
        this.#receiveAck(message, now);
        break;
      case "control":
        this.#receiveControl(message, now);
        break;
      case "ping":
        this.#receivePing(lane, message, now);
        break;
      case "welcome":
        this.#receiveWelcome(lane, message, now);
        break;
      case "close":
        this.#receiveClose(message);
        break;
      case "pong":
      case "skipped":
        // It was counted, and that is all.
        break;
    }
  }

  #deliver(trackId: number, frame: EncodedFrame): void {
    this.#events.push({ type: "frameReceived", trackId, frame });
  }

  #receiveAck(ack: Ack, now: Seconds): void {
    this.#controlSender.acknowledge(ack.controlReceived);
    for (const receipt of ack.lanes) {
      const lane = this.#lanes.get(receipt.laneId);
      if (lane === undefined) continue;
      const { octets, last } = lane.acknowledge(receipt.messagesReceived);
      if (last === null) continue;
      this.#inFlightBytes -= octets;
      const receivedAt = receipt.lastReceivedAtUs / 1e6;
      const sentAt = ack.sentAtUs / 1e6;
      const delay = receivedAt - last.sentAt;
      const roundTrip = now - last.sentAt - (sentAt - receivedAt);
      this.#congestion.acknowledged({ octets, delay, roundTrip, at: seconds(sentAt) }, now);
    }
    this.#tellKeyframeNeeds(now);
    const bitrateBps = this.#congestion.takeChange();
    if (bitrateBps !== null) this.#events.push({ type: "pathEstimateChanged", bitrateBps });
  }

  #receiveControl(control: Control, now: Seconds): void {
    for (const message of this.#controlReceiver.receive(control)) this.#takeControl(message, now);
  }

  #takeControl(message: ControlMessage, now: Seconds): void {
    const wrong = this.role === "client" ? UPLINK_ONLY : DOWNLINK_ONLY;
    if (wrong.has(message.type)) throw new RemoteProtocolError(`${message.type} in the wrong direction`);
    switch (message.type) {
      case "unknown":
        return;
      case "keyframe_request":
        this.#scheduler.requestKeyframe(message.trackId);
        this.#tellKeyframeNeeds(now);
        return;
      case "publish":
      case "track_added":
        this.#announceIncoming(message.track.trackId, kindOf(message.track.codec));
        break;
      case "unpublish":
      case "track_removed":
        this.removeIncomingTrack(message.trackId);
        break;
      case "publish_rejected":
        this.removeOutgoingTrack(message.trackId);
        break;
    }
    this.#events.push({ type: "controlReceived", message });
  }

  #announceIncoming(trackId: number, kind: MediaKind): void {
    const maxTracks = this.role === "gateway" ? this.#welcome?.limits.maxTracks : undefined;
    if (maxTracks !== undefined && !this.#incoming.has(trackId) && this.#incoming.size >= maxTracks) {
      throw new RemoteProtocolError("too many tracks", CloseCode.RATE_LIMITED);
    }
    this.addIncomingTrack(trackId, kind);
  }

  #receivePing(lane: Lane, ping: Ping, now: Seconds): void {
    lane.queuePong({ type: "pong", pingSentAtUs: ping.sentAtUs, receivedAtUs: microsecondsFloor(now) });
  }

  #receiveWelcome(lane: Lane, welcome: Welcome, now: Seconds): void {
    if (lane.welcomed || welcome.laneId !== lane.laneId) {
      throw new RemoteProtocolError("WELCOME that answers no HELLO");
    }
    if (this.#established && !welcome.resumed) {
      throw new RemoteProtocolError("the gateway has forgotten the session", CloseCode.SESSION_UNKNOWN);
    }
    this.#controlSender.acknowledge(welcome.controlReceived);
    this.#welcome = welcome;
    this.#limits = limitsFromWelcome(this.#limits, welcome);
    // A tenth is left for headers, CONTROL and bursts.
    this.#congestion.setMaxBitrate(Math.floor((welcome.limits.maxBytesPerSecond * 8 * 9) / 10));
    lane.welcomed = true;
    this.#welcomed(welcome.resumed, now);
  }

  #receiveClose(close: Close): void {
    this.#end(close.code, close.detail, true, close.reason);
  }

  // What goes out.

  /**
   * The next message to write on a lane, or null if there is none or the path's window is full. Call it until it says
   * null, after any other call; write at once what it gives, for it counts as sent.
   */
  nextMessage(laneId: number, now: Seconds): Uint8Array<ArrayBuffer> | null {
    const lane = this.#lanes.get(laneId);
    if (lane === undefined) {
      const farewell = this.#farewells.get(laneId) ?? null;
      this.#farewells.delete(laneId);
      return farewell;
    }
    const uncounted = this.#nextUncounted(lane, now);
    if (uncounted !== null) {
      lane.lastSentAt = now;
      return uncounted;
    }
    const next = this.#nextCounted(lane, now);
    if (next === null) return null;
    lane.sent(next.data.length, now, next.videoTrackId);
    this.#inFlightBytes += next.data.length;
    return next.data;
  }

  /** HELLO, WELCOME and ACK: what no ACK reports. */
  #nextUncounted(lane: Lane, now: Seconds): Uint8Array<ArrayBuffer> | null {
    const { greeting } = lane;
    if (greeting !== null) {
      lane.greeting = null;
      return greeting;
    }
    if (!this.#acknowledger.isDue(lane.laneId, now)) return null;
    return encode(this.#acknowledger.make(this.#lanes.values(), this.#controlReceiver.received, now));
  }

  #nextCounted(lane: Lane, now: Seconds): ScheduledMessage | null {
    const pong = lane.nextPong();
    if (pong !== undefined) return { data: encode(pong), videoTrackId: null };
    const control = this.#controlSender.nextMessage(lane.laneId);
    if (control !== null) return { data: control, videoTrackId: null };
    const media = this.#nextMedia(now);
    if (media !== null) return media;
    if (now < lane.lastSentAt + this.#limits.idleTimeout / PING_SHARE) return null;
    return { data: encode({ type: "ping", sentAtUs: microsecondsFloor(now) }), videoTrackId: null };
  }

  #nextMedia(now: Seconds): ScheduledMessage | null {
    const inFlight = this.#inFlightBytes;
    const withVideo = this.#scheduler.hasVideo && this.#congestion.allowsVideo(inFlight);
    if (!this.#congestion.allowsAudio(inFlight)) return null;
    return this.#scheduler.pop(now, withVideo);
  }

  /**
   * Queue a CONTROL: delivered in order and once while the session lives, resumes included.
   *
   * `publish` and `track_added` add the track to the outgoing ones, `unpublish` and `track_removed` end it;
   * `publish_rejected` ends an incoming one. `keyframe_request` is coalesced: sent now or as soon as half a second has
   * passed since the last one for the track. After the end it does nothing.
   */
  sendControl(message: KnownControl, now: Seconds): void {
    if (this.#state === "closed") return;
    switch (message.type) {
      case "keyframe_request":
        this.#incoming.wantKeyframe(message.trackId);
        this.#sendKeyframeRequests(now);
        return;
      case "publish":
      case "track_added":
        this.addOutgoingTrack(message.track.trackId, kindOf(message.track.codec));
        break;
      case "unpublish":
      case "track_removed":
        this.removeOutgoingTrack(message.trackId);
        break;
      case "publish_rejected":
        this.removeIncomingTrack(message.trackId);
        break;
    }
    this.#queueControl(message);
  }

  #queueControl(message: KnownControl): void {
    try {
      this.#controlSender.send(message);
    } catch (error) {
      if (!(error instanceof ControlOverflowError)) throw error;
      this.#end(CloseCode.OVERLOADED, "the far end does not take our messages", false);
    }
  }

  #sendKeyframeRequests(now: Seconds): void {
    for (const trackId of this.#incoming.requestsDue(now)) this.#queueControl({ type: "keyframe_request", trackId });
  }

  /** Queue a frame in decode order. It may be dropped (PROTOCOL.md §5): no lane, a slow path, an unknown track. */
  sendFrame(trackId: number, frame: EncodedFrame, now: Seconds): void {
    if (this.#lanes.size === 0) return;
    this.#scheduler.push(trackId, frame, now);
    if (this.#pathIsOpen && this.#scheduler.takesKeyframeNeed(trackId, now)) {
      this.#events.push({ type: "keyframeNeeded", trackId });
    }
  }

  /** Whether a keyframe that is asked for now has a chance to leave. */
  get #pathIsOpen(): boolean {
    return this.#lanes.size > 0 && this.#inFlightBytes < this.#congestion.window;
  }

  #tellKeyframeNeeds(now: Seconds): void {
    if (!this.#pathIsOpen) return;
    for (const trackId of this.#scheduler.keyframeNeeds(now)) this.#events.push({ type: "keyframeNeeded", trackId });
  }

  // Time.

  /** When `handleTimeout` (and then `nextMessage`) has to be called; null: never. */
  nextTimeout(): Seconds | null {
    if (this.#state === "closed") return null;
    const { idleTimeout } = this.#limits;
    let next = Number.POSITIVE_INFINITY;
    const consider = (at: number | null) => {
      if (at !== null && at < next) next = at;
    };
    consider(this.#deadline);
    consider(this.#incoming.nextRequestAt());
    if (this.#lanes.size > 0) consider(this.#acknowledger.dueAt);
    for (const lane of this.#lanes.values()) {
      consider(lane.lastHeardAt + idleTimeout);
      consider(lane.lastSentAt + idleTimeout / PING_SHARE);
    }
    return next === Number.POSITIVE_INFINITY ? null : seconds(next);
  }

  /** Do what is due; call it at `nextTimeout` or later, too early does no harm. */
  handleTimeout(now: Seconds): void {
    if (this.#state === "closed") return;
    for (const lane of [...this.#lanes.values()]) {
      if (now >= lane.lastHeardAt + this.#limits.idleTimeout || lane.isOverdue) this.#giveUp(lane.laneId, now);
    }
    this.#sendKeyframeRequests(now);
    if (this.#deadline !== null && now >= this.#deadline) {
      this.#end(CloseCode.TIMEOUT, "no lane came back in time", false);
    }
  }

  // Tracks.

  /** Take frames of this track; done by `sendControl` for the messages that announce tracks. */
  addOutgoingTrack(trackId: number, kind: MediaKind): void {
    this.#scheduler.addTrack(trackId, kind);
  }

  /** Drop the track's queued frames and take no more; unknown ones are ignored. */
  removeOutgoingTrack(trackId: number): void {
    this.#scheduler.removeTrack(trackId);
  }

  /** Deliver frames of this track; done when `publish` or `track_added` arrives. */
  addIncomingTrack(trackId: number, kind: MediaKind): void {
    this.#incoming.add(trackId, kind);
  }

  /** Deliver no more frames of the track; unknown ones are ignored. */
  removeIncomingTrack(trackId: number): void {
    this.#incoming.remove(trackId);
  }

  // The end.

  /** End the session: everything queued is dropped, each lane gets one CLOSE. `detail` is a sentence for people. */
  close(code: CloseCode, detail: string, _now: Seconds): void {
    this.#end(code, detail, false);
  }

  #end(code: number, detail: string, byRemote: boolean, reason = reasonOf(code) ?? ""): void {
    if (this.#state === "closed") return;
    this.#state = step(this.#state, "end");
    const told = [...detail].slice(0, MAX_DETAIL_LENGTH).join("");
    if (!byRemote) {
      this.#closing = encode({ type: "close", code, reason, detail: told });
      for (const lane of this.#lanes.values()) {
        // A client's lane that has not said HELLO has nothing to close.
        if (lane.greeting === null || this.role === "gateway") this.#farewells.set(lane.laneId, this.#closing);
      }
    }
    this.#lanes.clear();
    this.#inFlightBytes = 0;
    this.#scheduler = new Scheduler();
    this.#controlSender = new ControlSender();
    this.#events.push({ type: "closed", code, reason, byRemote, detail: told });
  }
}

const microsecondsFloor = (now: Seconds): Microseconds => Math.floor(now * 1e6) as Microseconds;
