/**
 * Keeps a session's lanes: as many as the session wants, of the best kind that works, opened behind the call's start. Belongs
 * to one session; what it knows about success and failure of the gateway itself (`Reconnection`) and of kinds of lanes
 * (`KindLadder`) is shared with the sessions before and after.
 *
 * While no lane is up, attempts follow `Reconnection`: again and again with back-off, at once when the network comes back or
 * somebody looks at the page. The first attempt opens two WebSockets; whichever is there first begins or resumes the
 * session, and the other joins it. When none is welcomed in time, a lane of the next kind is begun beside them. Further
 * lanes of the kind that carries the session follow two at a time; one that fails is tried again with a back-off of its own,
 * for the call goes on without it. A lane too many is closed after a while, when nothing is on its way on it.
 *
 * While a worse kind carries the session, a better one is tried now and then. When it is up both are lanes of one session
 * (which uses the better one only), so the worse one can go when it has fallen silent, and no frame is lost over that.
 */

import type { PortLike } from "../base/frame-port.ts";
import { type Seconds, seconds } from "../base/time.ts";
import type { Carrier, LaneEvents } from "./carrier.ts";
import type { Environment } from "./environment.ts";
import { HttpLane } from "./http-lane.ts";
import { LaneBackOff } from "./lane-back-off.ts";
import { isBetter, type KindLadder, LANE_KINDS, type LaneKind } from "./lane-kinds.ts";
import { LaneSlot, type SlotEvents } from "./lane-slot.ts";
import type { Pump } from "./pump.ts";
import type { Reconnection } from "./reconnection.ts";
import { SUBPROTOCOL, WebSocketLane } from "./websocket-lane.ts";

/** Handshakes at once. */
const MAX_ON_THE_WAY = 2;
/** How long lanes must have been too many before some are closed: the path may want them again. */
const SURPLUS_TIME = 30;
/** A lane on which nothing came for so long, and nothing of ours is in flight, has nothing in flight from the gateway. */
const QUIET_TIME = 0.25;
/** How long to wait before looking again for a surplus lane that is quiet. */
const SURPLUS_CHECK = 1;
/** HTTP lanes at once: a browser has six connections to a host, and one lane may take four. */
const MAX_HTTP_LANES = 1;
/** How long a better kind has, beside one that carries the session, until it is welcomed. */
const PROBE_TIME = 4;
/** How long a worse kind may go on being busy beside a better one. */
const RETIRE_TIME = 5;
const CARRIER_ID_OCTETS = 16;

/** Where a session's lanes go. */
export interface LaneUrls {
  /** Of its WebSockets. */
  readonly socket: string;
  /** Of its HTTP lanes; each adds its own id. */
  readonly http: string;
}

/** What a lane keeper tells the transport. */
export interface LaneKeeperEvents {
  /** No lane is up; the next attempt is under way or waits. `opened` tells whether the last carrier ever was up. */
  failed(opened: boolean): void;
  /** The gateway closed a carrier with one of the session's codes and said nothing on it. */
  refused(code: number, reason: string): void;
  /** Tried for long enough. */
  gaveUp(): void;
  /** A text message came, which no lane may carry. */
  malformed(): void;
}

/** The lanes of one session. */
export class LaneKeeper<Port extends PortLike> implements SlotEvents {
  readonly #urls: LaneUrls;
  readonly #environment: Environment<Port>;
  readonly #pump: Pump;
  readonly #reconnection: Reconnection;
  readonly #ladder: KindLadder;
  readonly #events: LaneKeeperEvents;
  readonly #backOff: LaneBackOff;
  readonly #slots = new Set<LaneSlot>();
  /** The kinds that have been begun since no lane was up. */
  readonly #begun = new Set<LaneKind>();
  #nextLaneId = 0;
  #timer: number | null = null;
  /** For the choice of kinds: the next one to begin, to probe or to retire. */
  #kindTimer: number | null = null;
  #surplusSince: Seconds | null = null;
  #retiringSince: Seconds | null = null;
  #online: boolean;
  #stopped = false;

  constructor(
    urls: LaneUrls,
    environment: Environment<Port>,
    pump: Pump,
    reconnection: Reconnection,
    ladder: KindLadder,
    events: LaneKeeperEvents,
    online: boolean,
  ) {
    this.#urls = urls;
    this.#environment = environment;
    this.#pump = pump;
    this.#reconnection = reconnection;
    this.#ladder = ladder;
    this.#events = events;
    this.#backOff = new LaneBackOff(environment.random);
    this.#online = online;
  }

  /** Try to have lanes, after the delay that is due; offline it waits for the network instead. */
  connect(): void {
    if (this.#stopped || !this.#online || this.#slots.size > 0 || this.#timer !== null) return;
    const delay = this.#reconnection.nextDelay(this.#now());
    if (delay === null) {
      this.#events.gaveUp();
      return;
    }
    // A gateway that did not answer is asked by one connection, lest everybody's second ones keep it from coming back.
    const attempts = delay === 0 ? MAX_ON_THE_WAY : 1;
    this.#startTimer(() => this.#begin(attempts), delay);
  }

  /** How a window ends the session without us (`Carrier.farewell`). */
  get farewell(): string | null {
    const carrying = this.#carrying;
    return this.#up().find(({ kind }) => kind === carrying)?.farewell ?? null;
  }

  /** Try at once if no lane is up or on its way. */
  hurry(): void {
    if (this.#slots.size > 0) return;
    this.#reconnection.encouraged(this.#now());
    this.#stopTimer();
    this.connect();
  }

  /** The network is there or not, says the browser. */
  setOnline(online: boolean): void {
    if (online === this.#online) return;
    this.#online = online;
    this.#stopTimer();
    if (!online) return;
    // The old connections belong to the old network. If they live after all, new ones cost a round trip; if they do not,
    // waiting for their end costs many seconds.
    this.#ladder.forget();
    const slots = [...this.#slots];
    this.#slots.clear();
    for (const slot of slots) slot.close();
    this.hurry();
  }

  /** The session may want another number of lanes now. */
  adjust(): void {
    const kind = this.#carrying;
    if (this.#stopped || !this.#online || kind === null) return;
    const missing = this.#wantedOf(kind) - this.#of(kind).length;
    if (missing >= 0) this.#surplusSince = null;
    if (missing > 0) this.#openMore(kind, missing);
    else if (missing < 0) this.#closeSome(kind, -missing);
  }

  /** The pump has settled: lanes that say HELLO may have been welcomed meanwhile. */
  settled(): void {
    let news = false;
    for (const slot of this.#slots) {
      if (slot.state !== "greeted" || !this.#isWelcomed(slot.laneId)) continue;
      slot.welcomed(this.#now());
      news = true;
    }
    if (!news) return;
    this.#stopTimer();
    this.#greetWaiting();
    this.adjust();
    this.#tendKinds();
  }

  /** The engine has given up on a lane, and the pump closes its carrier. */
  laneGivenUp(laneId: number): void {
    for (const slot of this.#slots) if (slot.laneId === laneId) this.#remove(slot, true);
  }

  /** Open no more. Lanes of the session are left to the pump, which closes them once CLOSE has been written. */
  stop(): void {
    this.#stopped = true;
    this.#stopTimer();
    this.#stopKindTimer();
    for (const slot of this.#slots) if (slot.laneId < 0) slot.close();
    this.#slots.clear();
  }

  opened(slot: LaneSlot): void {
    if (this.#slots.has(slot)) this.#greetWaiting();
  }

  malformed(): void {
    this.#events.malformed();
  }

  lost(slot: LaneSlot, code: number, reason: string, opened: boolean): void {
    if (!this.#slots.has(slot)) return;
    if (slot.laneId >= 0 && code >= 4000 && !this.#pump.session.isClosed) {
      this.#slots.delete(slot);
      this.#events.refused(code, reason);
      return;
    }
    this.#remove(slot, opened);
  }

  #wantedOf(kind: LaneKind): number {
    const { lanesWanted, welcome } = this.#pump.session;
    const wanted = Math.min(lanesWanted, welcome?.limits.maxLanes ?? lanesWanted);
    return kind === "websocket" ? wanted : Math.min(wanted, MAX_HTTP_LANES);
  }

  #of(kind: LaneKind): LaneSlot[] {
    return [...this.#slots].filter((slot) => slot.kind === kind);
  }

  #up(): LaneSlot[] {
    return [...this.#slots].filter(({ state }) => state === "up");
  }

  /** The best kind of which a lane is up. */
  get #carrying(): LaneKind | null {
    return LANE_KINDS.find((kind) => this.#up().some((slot) => slot.kind === kind)) ?? null;
  }

  #isWelcomed(laneId: number): boolean {
    return this.#pump.session.laneFigures(this.#now()).some((lane) => lane.laneId === laneId && lane.welcomed);
  }

  /** Begin to have lanes, where there is none. */
  #begin(attempts: number): void {
    this.#begun.clear();
    const kinds = this.#ladder.first(this.#now());
    for (const kind of kinds) this.#open(kind, Math.min(attempts, this.#wantedOf(kind)));
    this.#waitForNextKind(kinds[0] as LaneKind);
  }

  /** Begin the next kind beside what has been begun; nothing if none is left or a lane is up. */
  #beginNextKind(): void {
    if (this.#stopped || this.#carrying !== null) return;
    const kind = this.#ladder.next(this.#begun, this.#now());
    if (kind === null) return;
    this.#open(kind, 1);
    this.#waitForNextKind(kind);
  }

  #waitForNextKind(kind: LaneKind): void {
    const patience = this.#ladder.patience(kind);
    if (patience === Number.POSITIVE_INFINITY || this.#ladder.next(this.#begun, this.#now()) === null) return;
    this.#startKindTimer(() => this.#beginNextKind(), seconds(patience));
  }

  #open(kind: LaneKind, count: number): void {
    this.#begun.add(kind);
    for (let attempt = 0; attempt < count; attempt += 1) {
      this.#slots.add(new LaneSlot(kind, (events) => this.#carrier(kind, events), this.#pump, this, this.#now()));
    }
  }

  #carrier(kind: LaneKind, events: LaneEvents): Carrier {
    const environment = this.#environment;
    if (kind !== "websocket") {
      return new HttpLane(kind, this.#urls.http + environment.randomHex(CARRIER_ID_OCTETS), events, environment);
    }
    return new WebSocketLane(environment.openSocket(this.#urls.socket, SUBPROTOCOL), events, environment.timers);
  }

  /** The first lane of a kind speaks alone: what it brings about, a new session or the old one, the others join. */
  #greetWaiting(): void {
    for (const slot of [...this.#slots]) {
      if (slot.state !== "waiting" || this.#stopped) continue;
      const fellows = this.#of(slot.kind).filter(({ state }) => state === "greeted" || state === "up");
      const mayJoin = fellows.some(({ state }) => state === "up") && fellows.length < this.#wantedOf(slot.kind);
      if (fellows.length > 0 && !mayJoin) continue;
      slot.greet(this.#nextLaneId, this.#now());
      this.#nextLaneId += 1;
    }
  }

  #openMore(kind: LaneKind, missing: number): void {
    const onTheWay = this.#of(kind).filter(({ state }) => state !== "up").length;
    const count = Math.min(missing, MAX_ON_THE_WAY - onTheWay);
    if (count <= 0) return;
    const delay = this.#backOff.delay(this.#now());
    if (delay > 0) this.#startTimer(() => this.adjust(), delay);
    else this.#open(kind, count);
  }

  #closeSome(kind: LaneKind, surplus: number): void {
    const now = this.#now();
    // Those that have not said HELLO cost nothing.
    const unused = this.#of(kind)
      .filter(({ laneId }) => laneId < 0)
      .slice(-surplus);
    for (const slot of unused) this.#close(slot);
    if (unused.length === surplus) return;
    this.#surplusSince ??= now;
    const left = this.#surplusSince + SURPLUS_TIME - now;
    if (left > 0) {
      this.#startTimer(() => this.adjust(), seconds(left));
      return;
    }
    const quiet = this.#quiet(now);
    const closable = this.#of(kind).filter(({ state, laneId }) => state === "up" && quiet.has(laneId));
    for (const slot of closable.slice(-(surplus - unused.length))) this.#close(slot);
    if (this.#of(kind).length > this.#wantedOf(kind)) this.#startTimer(() => this.adjust(), seconds(SURPLUS_CHECK));
  }

  /** The lanes on which nothing is on its way. */
  #quiet(now: Seconds): Set<number> {
    const lanes = this.#pump.session.laneFigures(now).filter(({ quiet }) => quiet >= QUIET_TIME);
    return new Set(lanes.map(({ laneId }) => laneId));
  }

  /** Close what is worse than the kind that carries the session, and try now and then what is better. */
  #tendKinds(): void {
    const kind = this.#carrying;
    if (this.#stopped || kind === null) return;
    const now = this.#now();
    this.#ladder.carries(kind, now);
    let soon = this.#retireWorse(kind, now);
    for (const slot of [...this.#slots]) {
      if (!isBetter(slot.kind, kind)) continue;
      if (now - slot.begunAt >= PROBE_TIME) this.#close(slot);
      else soon = Math.min(soon, slot.begunAt + PROBE_TIME - now);
    }
    if (this.#online) {
      for (const better of this.#ladder.probe(now)) if (this.#of(better).length === 0) this.#open(better, 1);
    }
    const { probeAt } = this.#ladder;
    if (probeAt !== null) soon = Math.min(soon, probeAt - now);
    if (soon < Number.POSITIVE_INFINITY) this.#startKindTimer(() => this.#tendKinds(), seconds(Math.max(0, soon)));
    else this.#stopKindTimer();
  }

  /** Close lanes of worse kinds that have fallen silent; gives in how many seconds to look again. */
  #retireWorse(kind: LaneKind, now: Seconds): number {
    const quiet = this.#quiet(now);
    const worse = [...this.#slots].filter((slot) => isBetter(kind, slot.kind));
    this.#retiringSince = worse.length === 0 ? null : (this.#retiringSince ?? now);
    const isLate = this.#retiringSince !== null && now - this.#retiringSince >= RETIRE_TIME;
    const over = worse.filter(({ state, laneId }) => isLate || state !== "up" || quiet.has(laneId));
    for (const slot of over) this.#close(slot);
    return over.length < worse.length ? QUIET_TIME : Number.POSITIVE_INFINITY;
  }

  /** The session goes on without that lane. */
  #close(slot: LaneSlot): void {
    this.#slots.delete(slot);
    slot.close();
  }

  /** A lane is over: try another one, in a hurry if it was the last. */
  #remove(slot: LaneSlot, opened: boolean): void {
    const now = this.#now();
    this.#slots.delete(slot);
    const alone = this.#up().length === 0;
    if (this.#stopped) return;
    const upFor = slot.upFor(now);
    if (alone) {
      this.#reconnection.failed(now);
      this.#ladder.lost(slot.kind, upFor, now);
    } else if (slot.kind === this.#carrying) {
      this.#backOff.lost(upFor, now);
    }
    slot.detach();
    if (this.#stopped) return;
    if (!alone) {
      this.adjust();
      this.#tendKinds();
      return;
    }
    this.#stopTimer();
    this.#greetWaiting();
    // What failed makes room for the next kind; after the end of what carried the session all are tried anew.
    if (upFor > 0) this.#begun.clear();
    for (const { kind } of this.#slots) this.#begun.add(kind);
    if ((upFor === 0 || this.#slots.size > 0) && this.#of(slot.kind).length === 0) this.#beginNextKind();
    if (this.#slots.size > 0) {
      if (this.#kindTimer === null) this.#waitForNextKind(slot.kind);
      return;
    }
    this.#stopKindTimer();
    this.#events.failed(opened);
    this.connect();
  }

  #now(): Seconds {
    return this.#environment.clock.monotonic();
  }

  #startTimer(action: () => void, delay: Seconds): void {
    this.#stopTimer();
    this.#timer = this.#environment.timers.start(() => {
      this.#timer = null;
      action();
    }, delay);
  }

  #stopTimer(): void {
    if (this.#timer !== null) this.#environment.timers.cancel(this.#timer);
    this.#timer = null;
  }

  #startKindTimer(action: () => void, delay: Seconds): void {
    this.#stopKindTimer();
    this.#kindTimer = this.#environment.timers.start(() => {
      this.#kindTimer = null;
      action();
    }, delay);
  }

  #stopKindTimer(): void {
    if (this.#kindTimer !== null) this.#environment.timers.cancel(this.#kindTimer);
    this.#kindTimer = null;
  }
}
