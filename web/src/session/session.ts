/**
 * The tunnel session: one object for both roles, without I/O, workers or a clock.
 *
 * A transport owns a `Session` and its lanes' carriers. It gives every received message to `receiveMessage`, writes what
 * `nextMessage` returns, wakes up at `nextTimeout` for `handleTimeout`, and after each of these calls reads
 * `eventsReceived`. The application calls `sendControl`, `sendFrame` and `close`; the transport then pulls again.
 *
 * This file is what the owner sees, and gives each message to whom it concerns. `lifecycle` keeps the session's life: lanes,
 * handshake, the end. The two halves are `outgoing` (with `scheduler`, `queues`, `congestion`) and `incoming` (with
 * `continuity`).
 */

import { CloseCode, LocalProtocolError, RemoteProtocolError } from "../base/errors.ts";
import type { EncodedFrame } from "../base/media.ts";
import { type Microseconds, type Seconds, seconds } from "../base/time.ts";
import { decode, encode, type Message } from "../wire/codec.ts";
import type { KnownControl } from "../wire/control.ts";
import type { Hello, Welcome } from "../wire/messages.ts";
import { Acknowledger } from "./acknowledgements.ts";
import type { PathStatistics } from "./congestion.ts";
import type { SessionEvent } from "./events.ts";
import type { Role, WelcomeInfo } from "./handshake.ts";
import { Incoming } from "./incoming.ts";
import type { Lane, LaneFigures } from "./lane.ts";
import { LaneCount, MAX_LANES } from "./lane-count.ts";
import { Lifecycle, PING_SHARE } from "./lifecycle.ts";
import { DEFAULT_LIMITS, type SessionLimits } from "./limits.ts";
import { Outgoing } from "./outgoing.ts";

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
  readonly #laneCount: LaneCount;
  #timeoutHandledAt = Number.NEGATIVE_INFINITY;
  readonly #lanes = new Map<number, Lane>();
  readonly #acknowledger = new Acknowledger();
  readonly #events: SessionEvent[] = [];
  readonly #outgoing: Outgoing;
  readonly #incoming: Incoming;
  readonly #life: Lifecycle;

  /** @param sessionId 32 lower-case hexadecimal digits. */
  constructor(role: Role, sessionId: string, options: SessionOptions) {
    if (role === "client" && options.hello === undefined) {
      throw new LocalProtocolError("a client says who it is in HELLO");
    }
    this.role = role;
    this.sessionId = sessionId;
    this.key = options.key;
    const limits = options.limits ?? DEFAULT_LIMITS;
    const maxLanes = role === "client" ? (options.maxLanes ?? MAX_LANES) : limits.maxLanes;
    this.#laneCount = new LaneCount(maxLanes, options.fixedLanes ?? null);
    this.#outgoing = new Outgoing(limits.maxFrameBytes, this.#lanes, this.#events);
    const maxTracks = role === "gateway" ? limits.maxTracks : Number.POSITIVE_INFINITY;
    this.#incoming = new Incoming(role, maxTracks, limits, this.#outgoing, this.#events);
    this.#life = new Lifecycle({
      role,
      key: options.key,
      hello: options.hello ?? null,
      limits,
      now: options.now,
      lanes: this.#lanes,
      laneCount: this.#laneCount,
      outgoing: this.#outgoing,
      incoming: this.#incoming,
      acknowledger: this.#acknowledger,
      events: this.#events,
    });
  }

  // What one may ask.

  /** Whether the session ever had a welcomed lane. */
  get isEstablished(): boolean {
    return this.#life.isEstablished;
  }

  /** Whether `closed` has been told; only CLOSE messages may still leave. */
  get isClosed(): boolean {
    return this.#life.isClosed;
  }

  /** The lanes that are open, in the order they came. */
  get laneIds(): readonly number[] {
    return [...this.#lanes.keys()];
  }

  /** The latest WELCOME that was sent or received. */
  get welcome(): Welcome | null {
    return this.#life.welcome;
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
    this.#life.openLane(laneId, kind, now);
  }

  /**
   * Gateway: a carrier's HELLO belongs here; WELCOME is its first message. A lane id that was used before fails the
   * session with `malformed`. After the end it does nothing, but `nextMessage` gives a CLOSE for the lane.
   */
  attachLane(laneId: number, hello: Hello, info: WelcomeInfo, now: Seconds): void {
    this.#guard(() => this.#life.attachLane(laneId, hello, info, now));
    this.#life.refuseLane(laneId);
  }

  /** The carrier is gone, for whatever reason; unknown lanes are ignored. */
  laneLost(laneId: number, now: Seconds): void {
    this.#life.laneLost(laneId, now);
  }

  // What comes in.

  /**
   * Take one message from a lane, HELLO excepted. Bytes that break the protocol close the session. Messages of lanes that
   * are unknown or lost, and those that come after the end, are ignored.
   */
  receiveMessage(laneId: number, data: Uint8Array<ArrayBuffer>, now: Seconds): void {
    const lane = this.#lanes.get(laneId);
    if (lane === undefined) return;
    this.#guard(() => this.#receive(lane, decode(data, this.#life.limits), now));
  }

  /** What the far end did wrong ends the session and nothing else. */
  #guard(action: () => void): void {
    try {
      action();
    } catch (error) {
      if (!(error instanceof RemoteProtocolError)) throw error;
      this.#life.end(error.code, error.message, false);
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
        this.#life.receiveWelcome(lane, message, now);
        break;
      case "close":
        this.#life.end(message.code, message.detail, true, message.reason);
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

  // What goes out.

  /**
   * The next message to write on a lane, or null if there is none or the path's window is full. Call it until it says
   * null, after any other call; write at once what it gives, for it counts as sent.
   */
  nextMessage(laneId: number, now: Seconds): Uint8Array<ArrayBuffer> | null {
    const lane = this.#lanes.get(laneId);
    if (lane === undefined) return this.#life.takeFarewell(laneId);
    const uncounted = this.#nextUncounted(lane, now);
    if (uncounted !== null) {
      lane.lastSentAt = now;
      return uncounted;
    }
    return this.#outgoing.nextMessage(lane, now, this.#life.limits.idleTimeout / PING_SHARE);
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
    if (this.#life.isClosed) return;
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
    if (this.#life.isClosed) return null;
    const handledAt = this.#timeoutHandledAt;
    let next = Math.min(
      this.#life.nextTimeout(handledAt),
      this.#incoming.tracks.nextRequestAt() ?? Number.POSITIVE_INFINITY,
      this.#incoming.tracks.nextDueAt() ?? Number.POSITIVE_INFINITY,
      this.#outgoing.nextTimeout(handledAt) ?? Number.POSITIVE_INFINITY,
    );
    const ackAt = this.#lanes.size > 0 ? this.#acknowledger.nextDueAfter(handledAt) : null;
    if (ackAt !== null && ackAt < next) next = ackAt;
    return next < Number.POSITIVE_INFINITY ? seconds(next) : null;
  }

  /** Do what is due; call it at `nextTimeout` or later, too early does no harm. */
  handleTimeout(now: Seconds): void {
    if (this.#life.isClosed) return;
    this.#timeoutHandledAt = now;
    this.#outgoing.handleTimeout(now);
    this.#life.giveUpSilentLanes(now);
    this.#guard(() => {
      this.#incoming.deliverDue(now, this.#lanes.size > 1);
      this.#incoming.sendKeyframeRequests(now);
    });
    const { deadline } = this.#life;
    if (deadline !== null && now >= deadline) {
      this.#life.end(CloseCode.TIMEOUT, "no lane came back in time", false);
    }
  }

  // The end.

  /** End the session: everything queued is dropped, each lane gets one CLOSE. `detail` is a sentence for people. */
  close(code: CloseCode, detail: string, _now: Seconds): void {
    this.#life.end(code, detail, false);
  }
}
