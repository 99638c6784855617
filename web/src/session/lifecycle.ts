/**
 * The life of a session and of its lanes: how they begin, are welcomed, get lost, and how all of it ends.
 *
 * The theory stands in `state`, the rules in PROTOCOL.md §3.1, §3.2, §3.7 and §4. `session` owns one of these, asks it on
 * every message and timer, and gives it the two halves that have to know of lanes.
 */

import { CloseCode, LocalProtocolError, RemoteProtocolError, reasonOf } from "../base/errors.ts";
import { type Seconds, seconds } from "../base/time.ts";
import { encode } from "../wire/codec.ts";
import type { Hello, Welcome } from "../wire/messages.ts";
import type { Acknowledger } from "./acknowledgements.ts";
import type { SessionEvent } from "./events.ts";
import { helloForLane, limitsFromWelcome, type Role, type WelcomeInfo, welcomeForLane } from "./handshake.ts";
import type { Incoming } from "./incoming.ts";
import { Lane, MAX_SILENCE } from "./lane.ts";
import type { LaneCount } from "./lane-count.ts";
import type { SessionLimits } from "./limits.ts";
import type { Outgoing } from "./outgoing.ts";
import { type State, step } from "./state.ts";

const MAX_DETAIL_LENGTH = 512;
/** A lane on which nothing was sent for the idle time-out divided by this gets a PING (PROTOCOL.md §3.6). */
export const PING_SHARE = 3;

/** What a life begins with. */
export interface LifecycleOptions {
  readonly role: Role;
  /** The session's secret. */
  readonly key: string;
  /** Client only: what every HELLO says. */
  readonly hello: Hello | null;
  /** Bounds and timers; a client's change with WELCOME. */
  readonly limits: SessionLimits;
  readonly now: Seconds;
  /** An empty table, which both halves see. */
  readonly lanes: Map<number, Lane>;
  /** Learns what the far end admits. */
  readonly laneCount: LaneCount;
  /** These have to know when lanes come and go. */
  readonly outgoing: Outgoing;
  readonly incoming: Incoming;
  readonly acknowledger: Acknowledger;
  /** The session's list. */
  readonly events: SessionEvent[];
}

/** State, lanes and farewells. */
export class Lifecycle {
  limits: SessionLimits;
  state: State = "connecting";
  isEstablished = false;
  /** When the session ends unless a lane is welcomed; null: never. */
  deadline: Seconds | null;
  /** The latest WELCOME that was sent or received. */
  welcome: Welcome | null = null;
  readonly #options: LifecycleOptions;
  /** Those that are open, in the order they came. */
  readonly #lanes: Map<number, Lane>;
  readonly #outgoing: Outgoing;
  readonly #events: SessionEvent[];
  /** Only who can open another lane gains by giving one up early. */
  readonly #maxSilence: number;
  readonly #usedLaneIds = new Set<number>();
  #closing: Uint8Array<ArrayBuffer> | null = null;
  readonly #farewells = new Map<number, Uint8Array<ArrayBuffer>>();

  constructor(options: LifecycleOptions) {
    this.#options = options;
    this.limits = options.limits;
    this.deadline = seconds(options.now + options.limits.resumeWindow);
    this.#lanes = options.lanes;
    this.#outgoing = options.outgoing;
    this.#events = options.events;
    this.#maxSilence = options.role === "client" ? MAX_SILENCE : Number.POSITIVE_INFINITY;
  }

  /** Whether `closed` has been told; only farewells may still leave. */
  get isClosed(): boolean {
    return this.state === "closed";
  }

  // How lanes begin.

  /**
   * Client: a carrier is open; HELLO is its first message. After the end it does nothing.
   *
   * @throws LocalProtocolError the lane id was used before, or this is a gateway.
   */
  openLane(laneId: number, kind: string, now: Seconds): void {
    const { hello, key, incoming } = this.#options;
    if (hello === null || this.#usedLaneIds.has(laneId)) {
      throw new LocalProtocolError("a lane id is used once, by the client");
    }
    if (this.isClosed) return;
    const ours = helloForLane(hello, {
      laneId,
      laneKind: kind,
      key,
      // Of several lanes that are opened at once only the first resumes; the others join it.
      resume: this.state === "detached" && this.#lanes.size === 0,
      controlReceived: incoming.controlReceived,
    });
    this.#addLane(new Lane(laneId, kind, encode(ours), false, now));
  }

  /**
   * Gateway: a carrier's HELLO belongs here; WELCOME is its first message. After the end it does nothing.
   *
   * @throws RemoteProtocolError the lane id was used before, or there are too many lanes.
   */
  attachLane(laneId: number, hello: Hello, info: WelcomeInfo, now: Seconds): void {
    if (this.isClosed) return;
    if (this.#usedLaneIds.has(laneId)) throw new RemoteProtocolError("lane id used twice");
    if (hello.resume) {
      // The client counts its lanes: what is younger than this HELLO was opened beside it and overtook it.
      for (const staleId of [...this.#lanes.keys()]) if (staleId < laneId) this.#giveUp(staleId, now);
    }
    if (this.#lanes.size >= this.limits.maxLanes) {
      throw new RemoteProtocolError("too many lanes", CloseCode.RATE_LIMITED);
    }
    this.#outgoing.control.acknowledge(hello.controlReceived);
    this.welcome = welcomeForLane(info, this.limits, {
      laneId,
      resumed: this.isEstablished,
      controlReceived: this.#options.incoming.controlReceived,
    });
    this.#addLane(new Lane(laneId, hello.laneKind, encode(this.welcome), true, now));
    this.#welcomed(false, now);
  }

  #addLane(lane: Lane): void {
    this.#usedLaneIds.add(lane.laneId);
    this.#lanes.set(lane.laneId, lane);
    this.#outgoing.lanesChanged();
  }

  /**
   * Client: the gateway has taken this lane.
   *
   * @throws RemoteProtocolError it answers no HELLO, or the gateway has forgotten the session.
   */
  receiveWelcome(lane: Lane, welcome: Welcome, now: Seconds): void {
    if (lane.welcomed || welcome.laneId !== lane.laneId) {
      throw new RemoteProtocolError("WELCOME that answers no HELLO");
    }
    if (this.isEstablished && !welcome.resumed) {
      throw new RemoteProtocolError("the gateway has forgotten the session", CloseCode.SESSION_UNKNOWN);
    }
    this.#outgoing.control.acknowledge(welcome.controlReceived);
    this.welcome = welcome;
    this.limits = limitsFromWelcome(this.limits, welcome);
    this.#outgoing.maxFrameBytes = welcome.limits.maxFrameBytes;
    this.#options.laneCount.limit(welcome.limits.maxLanes);
    // A tenth is left for headers, CONTROL and bursts.
    this.#outgoing.congestion.setMaxBitrate(Math.floor((welcome.limits.maxBytesPerSecond * 8 * 9) / 10));
    lane.welcomed = true;
    this.#outgoing.lanesChanged();
    this.#welcomed(welcome.resumed, now);
  }

  #welcomed(resumed: boolean, now: Seconds): void {
    const was = this.state;
    this.state = step(was, "welcomed");
    this.deadline = null;
    if (!this.isEstablished) {
      this.isEstablished = true;
      this.#events.push({ type: "established", resumed });
    } else if (was === "detached") {
      this.#events.push({ type: "resumed" });
    }
    this.#outgoing.tellKeyframeNeeds(now);
  }

  // How they get lost.

  /** The carrier is gone, for whatever reason; unknown lanes are ignored. */
  laneLost(laneId: number, now: Seconds): void {
    this.#farewells.delete(laneId);
    const lane = this.#lanes.get(laneId);
    if (lane === undefined) return;
    this.#lanes.delete(laneId);
    this.#options.acknowledger.laneLost([...this.#lanes.values()], now);
    this.#outgoing.laneLost(lane);
    if (this.#lanes.size > 0) return;
    const wasOpen = this.state === "open";
    this.state = step(this.state, "lastLaneLost");
    if (!wasOpen) return;
    this.deadline = seconds(now + this.limits.resumeWindow);
    this.#events.push({ type: "allLanesLost" });
  }

  #giveUp(laneId: number, now: Seconds): void {
    this.#events.push({ type: "laneLost", laneId });
    this.laneLost(laneId, now);
  }

  /** Give up the lanes on which nothing has come for too long, or of which nothing is acknowledged. */
  giveUpSilentLanes(now: Seconds): void {
    for (const lane of [...this.#lanes.values()]) {
      const lostAt = lane.lostAt(this.limits.idleTimeout, this.#maxSilence);
      if (now >= lostAt || lane.isOverdue) this.#giveUp(lane.laneId, now);
    }
  }

  /**
   * When a PING, the loss of a lane or the session's end is due; infinity: never.
   *
   * @param handledAt the last time-out; a PING that was due then waits only for a pull.
   */
  nextTimeout(handledAt: number): number {
    const { idleTimeout } = this.limits;
    let next: number = this.deadline ?? Number.POSITIVE_INFINITY;
    for (const lane of this.#lanes.values()) {
      const pingAt = lane.lastSentAt + idleTimeout / PING_SHARE;
      if (handledAt < pingAt && pingAt < next) next = pingAt;
      next = Math.min(next, lane.lostAt(idleTimeout, this.#maxSilence));
    }
    return next;
  }

  // The end.

  /** Close the session, once; unless the far end did, each lane gets a CLOSE as its farewell. */
  end(code: number, detail: string, byRemote: boolean, reason = reasonOf(code) ?? ""): void {
    if (this.isClosed) return;
    this.state = step(this.state, "end");
    const told = [...detail].slice(0, MAX_DETAIL_LENGTH).join("");
    if (!byRemote) {
      this.#closing = encode({ type: "close", code, reason, detail: told });
      for (const lane of this.#lanes.values()) {
        // A client's lane that has not said HELLO has nothing to close.
        const hasSpoken = lane.greeting === null || this.#options.role === "gateway";
        if (hasSpoken) this.#farewells.set(lane.laneId, this.#closing);
      }
    }
    this.#lanes.clear();
    this.#outgoing.end();
    this.#events.push({ type: "closed", code, reason, byRemote, detail: told });
  }

  /** After our own end: a lane that came too late gets the farewell of the others. */
  refuseLane(laneId: number): void {
    if (this.isClosed && this.#closing !== null) this.#farewells.set(laneId, this.#closing);
  }

  /** The CLOSE that a lane of an ended session still has to carry, once; null if there is none. */
  takeFarewell(laneId: number): Uint8Array<ArrayBuffer> | null {
    const farewell = this.#farewells.get(laneId) ?? null;
    this.#farewells.delete(laneId);
    return farewell;
  }
}
