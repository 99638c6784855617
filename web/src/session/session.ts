/**
 * The tunnel session: one object for both roles, without I/O, workers or a clock.
 *
 * A transport owns a `Session` and its lanes' carriers. It gives every received message to `receiveMessage`, writes what
 * `nextMessage` returns, wakes up at `nextTimeout` for `handleTimeout`, and after each of these calls reads
 * `eventsReceived`. The application calls `sendControl`, `sendFrame` and `close`; the transport then pulls again.
 *
 * The theory of a session's life stands in `state`. This file keeps that life: lanes, handshake, timers, the end. The two
 * halves are `outgoing` (with `scheduler`, `queues`, `congestion`) and `incoming` (with `continuity`).
 */

import { CloseCode, LocalProtocolError, RemoteProtocolError, reasonOf } from "../base/errors.ts";
import type { EncodedFrame } from "../base/media.ts";
import { type Microseconds, type Seconds, seconds } from "../base/time.ts";
import { decode, encode, type Message } from "../wire/codec.ts";
import type { KnownControl } from "../wire/control.ts";
import type { Hello, Welcome } from "../wire/messages.ts";
import { Acknowledger } from "./acknowledgements.ts";
import type { PathStatistics } from "./congestion.ts";
import type { SessionEvent } from "./events.ts";
import { helloForLane, limitsFromWelcome, type Role, type WelcomeInfo, welcomeForLane } from "./handshake.ts";
import { Incoming } from "./incoming.ts";
import { Lane, type LaneFigures, MAX_SILENCE } from "./lane.ts";
import { LaneCount, MAX_LANES } from "./lane-count.ts";
import { DEFAULT_LIMITS, type SessionLimits } from "./limits.ts";
import { Outgoing } from "./outgoing.ts";
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
  /** Client only: how many lanes it may want at once, at least 1. Default: `MAX_LANES`. */
  readonly maxLanes?: number;
  /** Client only: want always so many, within `maxLanes`; null: as the path demands. */
  readonly fixedLanes?: number | null;
}

/** One end of a tunnel session (PROTOCOL.md §3, §4, §5). */
export class Session {
  readonly role: Role;
  readonly sessionId: string;
  readonly key: string;
  #limits: SessionLimits;
  readonly #hello: Hello | null;
  readonly #laneCount: LaneCount;
  #welcome: Welcome | null = null;
  #state: State = "connecting";
  #established = false;
  #deadline: Seconds | null;
  #timeoutHandledAt = Number.NEGATIVE_INFINITY;
  /** Only who can open another lane gains by giving one up early. */
  readonly #maxSilence: number;
  readonly #lanes = new Map<number, Lane>();
  readonly #usedLaneIds = new Set<number>();
  #closing: Uint8Array<ArrayBuffer> | null = null;
  readonly #farewells = new Map<number, Uint8Array<ArrayBuffer>>();
  readonly #acknowledger = new Acknowledger();
  readonly #events: SessionEvent[] = [];
  readonly #outgoing: Outgoing;
  readonly #incoming: Incoming;

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
    const maxLanes = role === "client" ? (options.maxLanes ?? MAX_LANES) : this.#limits.maxLanes;
    this.#laneCount = new LaneCount(maxLanes, options.fixedLanes ?? null);
    this.#deadline = seconds(options.now + this.#limits.resumeWindow);
    this.#maxSilence = role === "client" ? MAX_SILENCE : Number.POSITIVE_INFINITY;
    this.#outgoing = new Outgoing(this.#limits.maxFrameBytes, this.#lanes, this.#events);
    const maxTracks = role === "gateway" ? this.#limits.maxTracks : Number.POSITIVE_INFINITY;
    this.#incoming = new Incoming(role, maxTracks, this.#limits, this.#outgoing, this.#events);
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
    return this.#outgoing.bitrateBps;
  }

  /** How many lanes the client should hold now, by what both directions measure (`lanesWantedChanged`). */
  get lanesWanted(): number {
    return this.#laneCount.wanted;
  }

  /** Figures of the lanes that are open, in the order they came. */
  laneFigures(now: Seconds): LaneFigures[] {
    return this.#outgoing.laneFigures(now);
  }

  /** Figures of the path at `now`. */
  path(now: Seconds): PathStatistics {
    return this.#outgoing.path(now, this.#incoming.fragmentsLate);
  }

  /** What happened since the last call. */
  eventsReceived(): SessionEvent[] {
    return this.#events.splice(0);
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
      // Of several lanes that are opened at once only the first resumes; the others join it.
      resume: this.#state === "detached" && this.#lanes.size === 0,
      controlReceived: this.#incoming.controlReceived,
    });
    this.#addLane(new Lane(laneId, kind, encode(hello), false, now));
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
    if (hello.resume) {
      // The client counts its lanes: what is younger than this HELLO was opened beside it and overtook it.
      for (const staleId of this.laneIds) if (staleId < laneId) this.#giveUp(staleId, now);
    }
    if (this.#lanes.size >= this.#limits.maxLanes) {
      throw new RemoteProtocolError("too many lanes", CloseCode.RATE_LIMITED);
    }
    this.#outgoing.control.acknowledge(hello.controlReceived);
    this.#welcome = welcomeForLane(info, this.#limits, {
      laneId,
      resumed: this.#established,
      controlReceived: this.#incoming.controlReceived,
    });
    this.#addLane(new Lane(laneId, hello.laneKind, encode(this.#welcome), true, now));
    this.#welcomed(false, now);
  }

  #addLane(lane: Lane): void {
    this.#usedLaneIds.add(lane.laneId);
    this.#lanes.set(lane.laneId, lane);
    this.#outgoing.lanesChanged();
  }

  /** The carrier is gone, for whatever reason; unknown lanes are ignored. */
  laneLost(laneId: number, now: Seconds): void {
    this.#farewells.delete(laneId);
    const lane = this.#lanes.get(laneId);
    if (lane === undefined) return;
    this.#lanes.delete(laneId);
    this.#acknowledger.laneLost([...this.#lanes.values()], now);
    this.#outgoing.laneLost(lane);
    if (this.#lanes.size > 0) return;
    const wasOpen = this.#state === "open";
    this.#state = step(this.#state, "lastLaneLost");
    if (!wasOpen) return;
    this.#deadline = seconds(now + this.#limits.resumeWindow);
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
    this.#outgoing.tellKeyframeNeeds(now);
  }

  // What comes in.

  /**
   * Take one message from a lane, HELLO excepted. Bytes that break the protocol close the session. Messages of lanes that
   * are unknown or lost, and those that come after the end, are ignored.
   */
  receiveMessage(laneId: number, data: Uint8Array<ArrayBuffer>, now: Seconds): void {
    const lane = this.#lanes.get(laneId);
    if (lane === undefined) return;
    this.#guard(() => this.#receive(lane, decode(data, this.#limits), now));
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

  #receive(lane: Lane, message: Message, now: Seconds): void {
    const { type } = message;
    if (type === "hello") throw new RemoteProtocolError("HELLO on a lane that has one");
    if (!lane.welcomed && type !== "welcome" && type !== "close") {
      throw new RemoteProtocolError("something before WELCOME");
    }
    lane.lastHeardAt = now;
    if (type !== "ack" && type !== "welcome") {
      lane.received(now);
      this.#acknowledger.received(this.#lanes.size, now);
    }
    switch (type) {
      case "audio":
      case "video":
        this.#incoming.receiveFrame(message, now, this.#lanes.size > 1);
        break;
      case "fragment": {
        const whole = this.#incoming.receiveFragment(message);
        if (whole !== null) this.#incoming.receiveFrame(whole, now, this.#lanes.size > 1);
        break;
      }
      case "control":
        this.#incoming.receiveControl(message, now, this.#lanes.size > 1);
        this.#laneCount.remoteWish(this.#incoming.lanesWanted);
        this.#tellLanesWanted();
        break;
      case "ack":
        this.#outgoing.takeAck(message, now);
        this.#laneCount.wish(this.#outgoing.redundancy.lanes);
        this.#tellLanesWanted();
        break;
      case "ping":
        lane.queuePong({
          type: "pong",
          pingSentAtUs: message.sentAtUs,
          receivedAtUs: Math.floor(now * 1e6) as Microseconds,
        });
        break;
      case "welcome":
        this.#receiveWelcome(lane, message, now);
        break;
      case "close":
        this.#end(message.code, message.detail, true, message.reason);
        break;
      case "pong":
      case "skipped":
        // It was counted, and that is all.
        break;
    }
  }

  #tellLanesWanted(): void {
    const wanted = this.#laneCount.takeChange();
    if (wanted === null) return;
    if (this.role === "client") this.#events.push({ type: "lanesWantedChanged", count: wanted });
    else if (wanted > 1) this.#outgoing.sendControl({ type: "lanes", wanted });
  }

  #receiveWelcome(lane: Lane, welcome: Welcome, now: Seconds): void {
    if (lane.welcomed || welcome.laneId !== lane.laneId) {
      throw new RemoteProtocolError("WELCOME that answers no HELLO");
    }
    if (this.#established && !welcome.resumed) {
      throw new RemoteProtocolError("the gateway has forgotten the session", CloseCode.SESSION_UNKNOWN);
    }
    this.#outgoing.control.acknowledge(welcome.controlReceived);
    this.#welcome = welcome;
    this.#limits = limitsFromWelcome(this.#limits, welcome);
    this.#outgoing.maxFrameBytes = welcome.limits.maxFrameBytes;
    this.#laneCount.limit(welcome.limits.maxLanes);
    // A tenth is left for headers, CONTROL and bursts.
    this.#outgoing.congestion.setMaxBitrate(Math.floor((welcome.limits.maxBytesPerSecond * 8 * 9) / 10));
    lane.welcomed = true;
    this.#outgoing.lanesChanged();
    this.#welcomed(welcome.resumed, now);
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
    return this.#outgoing.nextMessage(lane, now, this.#limits.idleTimeout / PING_SHARE);
  }

  /** HELLO, WELCOME and ACK: what no ACK reports. */
  #nextUncounted(lane: Lane, now: Seconds): Uint8Array<ArrayBuffer> | null {
    const { greeting } = lane;
    if (greeting !== null) {
      lane.greeting = null;
      return greeting;
    }
    if (!this.#acknowledger.isDue(lane.laneId, this.#lanes.size, now)) return null;
    return encode(this.#acknowledger.make([...this.#lanes.values()], this.#incoming.controlReceived, now));
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
    this.#guard(() => {
      if (message.type === "keyframe_request") {
        this.#incoming.wantKeyframe(message.trackId, now);
        return;
      }
      this.#incoming.sendingControl(message);
      this.#outgoing.sendControl(message);
    });
  }

  /** Queue a frame in decode order. It may be dropped (PROTOCOL.md §5): no lane, a slow path, an unknown track. */
  sendFrame(trackId: number, frame: EncodedFrame, now: Seconds): void {
    this.#outgoing.sendFrame(trackId, frame, now);
  }

  // Time.

  /**
   * When `handleTimeout` (and then `nextMessage`) has to be called; null: never.
   *
   * What was due at the last `handleTimeout` and waits only for a pull is not told again: a lane whose carrier takes
   * nothing must not make its owner spin.
   */
  nextTimeout(): Seconds | null {
    if (this.#state === "closed") return null;
    const { idleTimeout } = this.#limits;
    const handledAt = this.#timeoutHandledAt;
    let next = Math.min(
      this.#deadline ?? Number.POSITIVE_INFINITY,
      this.#incoming.tracks.nextRequestAt() ?? Number.POSITIVE_INFINITY,
      this.#incoming.tracks.nextDueAt() ?? Number.POSITIVE_INFINITY,
      this.#outgoing.nextTimeout(handledAt) ?? Number.POSITIVE_INFINITY,
    );
    for (const lane of this.#lanes.values()) {
      const pingAt = lane.lastSentAt + idleTimeout / PING_SHARE;
      if (handledAt < pingAt && pingAt < next) next = pingAt;
      next = Math.min(next, lane.lostAt(idleTimeout, this.#maxSilence));
    }
    const ackAt = this.#lanes.size > 0 ? this.#acknowledger.nextDueAfter(handledAt) : null;
    if (ackAt !== null && ackAt < next) next = ackAt;
    return next < Number.POSITIVE_INFINITY ? seconds(next) : null;
  }

  /** Do what is due; call it at `nextTimeout` or later, too early does no harm. */
  handleTimeout(now: Seconds): void {
    if (this.#state === "closed") return;
    this.#timeoutHandledAt = now;
    this.#outgoing.handleTimeout(now);
    for (const lane of [...this.#lanes.values()]) {
      const lostAt = lane.lostAt(this.#limits.idleTimeout, this.#maxSilence);
      if (now >= lostAt || lane.isOverdue) this.#giveUp(lane.laneId, now);
    }
    this.#guard(() => {
      this.#incoming.deliverDue(now, this.#lanes.size > 1);
      this.#incoming.sendKeyframeRequests(now);
    });
    if (this.#deadline !== null && now >= this.#deadline) {
      this.#end(CloseCode.TIMEOUT, "no lane came back in time", false);
    }
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
    this.#outgoing.end();
    this.#events.push({ type: "closed", code, reason, byRemote, detail: told });
  }
}
