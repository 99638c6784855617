/**
 * Keeps a session's lanes: as many WebSockets as the session wants, opened behind the call's start. Belongs to one session;
 * what it knows about success and failure of the gateway itself (`Reconnection`) is shared with the sessions before and
 * after.
 *
 * While no lane is up, attempts follow `Reconnection`: again and again with back-off, at once when the network comes back or
 * somebody looks at the page. The first attempt opens two WebSockets; whichever is there first begins or resumes the
 * session, and the other joins it. Further lanes follow two at a time; one that fails is tried again with a back-off of its
 * own, for the call goes on without it. A lane too many is closed after a while, when nothing is on its way on it.
 */

import type { PortLike } from "../base/frame-port.ts";
import { type Seconds, seconds } from "../base/time.ts";
import type { Environment } from "./environment.ts";
import { LaneBackOff } from "./lane-back-off.ts";
import { LaneSlot, type SlotEvents } from "./lane-slot.ts";
import type { Pump } from "./pump.ts";
import type { Reconnection } from "./reconnection.ts";
import { SUBPROTOCOL } from "./websocket-lane.ts";

/** Handshakes at once. */
const MAX_ON_THE_WAY = 2;
/** How long lanes must have been too many before some are closed: the path may want them again. */
const SURPLUS_TIME = 30;
/** A lane on which nothing came for so long, and nothing of ours is in flight, has nothing in flight from the gateway. */
const QUIET_TIME = 0.25;
/** How long to wait before looking again for a surplus lane that is quiet. */
const SURPLUS_CHECK = 1;

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
  readonly #url: string;
  readonly #environment: Environment<Port>;
  readonly #pump: Pump;
  readonly #reconnection: Reconnection;
  readonly #events: LaneKeeperEvents;
  readonly #backOff: LaneBackOff;
  readonly #slots = new Set<LaneSlot>();
  #nextLaneId = 0;
  #timer: number | null = null;
  #surplusSince: Seconds | null = null;
  #online: boolean;
  #stopped = false;

  /** @param url the session's own address. */
  constructor(
    url: string,
    environment: Environment<Port>,
    pump: Pump,
    reconnection: Reconnection,
    events: LaneKeeperEvents,
    online: boolean,
  ) {
    this.#url = url;
    this.#environment = environment;
    this.#pump = pump;
    this.#reconnection = reconnection;
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
    const attempts = delay === 0 ? Math.min(MAX_ON_THE_WAY, this.#wanted) : 1;
    this.#startTimer(() => this.#open(attempts), delay);
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
    const slots = [...this.#slots];
    this.#slots.clear();
    for (const slot of slots) slot.close();
    this.hurry();
  }

  /** The session may want another number of lanes now. */
  adjust(): void {
    if (this.#stopped || !this.#online || this.#up().length === 0) return;
    const missing = this.#wanted - this.#slots.size;
    if (missing >= 0) this.#surplusSince = null;
    if (missing > 0) this.#openMore(missing);
    else if (missing < 0) this.#closeSome(-missing);
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
  }

  /** The engine has given up on a lane, and the pump closes its carrier. */
  laneGivenUp(laneId: number): void {
    for (const slot of this.#slots) if (slot.laneId === laneId) this.#remove(slot, true);
  }

  /** Open no more. Lanes of the session are left to the pump, which closes them once CLOSE has been written. */
  stop(): void {
    this.#stopped = true;
    this.#stopTimer();
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

  get #wanted(): number {
    const { lanesWanted, welcome } = this.#pump.session;
    return Math.min(lanesWanted, welcome?.limits.maxLanes ?? lanesWanted);
  }

  #up(): LaneSlot[] {
    return [...this.#slots].filter(({ state }) => state === "up");
  }

  #isWelcomed(laneId: number): boolean {
    return this.#pump.session.laneFigures(this.#now()).some((lane) => lane.laneId === laneId && lane.welcomed);
  }

  #open(count: number): void {
    for (let attempt = 0; attempt < count; attempt += 1) {
      const socket = this.#environment.openSocket(this.#url, SUBPROTOCOL);
      this.#slots.add(new LaneSlot(socket, this.#environment.timers, this.#pump, this));
    }
  }

  /** The first lane speaks alone: what it brings about, a new session or the old one, the others join. */
  #greetWaiting(): void {
    for (const slot of [...this.#slots]) {
      if (slot.state !== "waiting" || this.#stopped) continue;
      const isFirst = ![...this.#slots].some(({ state }) => state === "greeted" || state === "up");
      if (!isFirst && (this.#up().length === 0 || this.#greeted() >= this.#wanted)) continue;
      slot.greet(this.#nextLaneId, this.#now());
      this.#nextLaneId += 1;
    }
  }

  #greeted(): number {
    return [...this.#slots].filter(({ laneId }) => laneId >= 0).length;
  }

  #openMore(missing: number): void {
    const onTheWay = this.#slots.size - this.#up().length;
    const count = Math.min(missing, MAX_ON_THE_WAY - onTheWay);
    if (count <= 0) return;
    const delay = this.#backOff.delay(this.#now());
    if (delay > 0) this.#startTimer(() => this.adjust(), delay);
    else this.#open(count);
  }

  #closeSome(surplus: number): void {
    const now = this.#now();
    // Those that have not said HELLO cost nothing.
    const unused = [...this.#slots].filter(({ laneId }) => laneId < 0).slice(-surplus);
    for (const slot of unused) {
      this.#slots.delete(slot);
      slot.close();
    }
    if (unused.length === surplus) return;
    this.#surplusSince ??= now;
    const left = this.#surplusSince + SURPLUS_TIME - now;
    if (left > 0) {
      this.#startTimer(() => this.adjust(), seconds(left));
      return;
    }
    const quiet = new Set<number>();
    for (const lane of this.#pump.session.laneFigures(now)) if (lane.quiet >= QUIET_TIME) quiet.add(lane.laneId);
    const closable = this.#up().filter(({ laneId }) => quiet.has(laneId));
    for (const slot of closable.slice(-(surplus - unused.length))) {
      this.#slots.delete(slot);
      slot.close();
    }
    if (this.#slots.size > this.#wanted) this.#startTimer(() => this.adjust(), seconds(SURPLUS_CHECK));
  }

  /** A lane is over: try another one, in a hurry if it was the last. */
  #remove(slot: LaneSlot, opened: boolean): void {
    const now = this.#now();
    this.#slots.delete(slot);
    const alone = this.#up().length === 0;
    if (this.#stopped) return;
    if (alone) this.#reconnection.failed(now);
    else this.#backOff.lost(slot.upFor(now), now);
    slot.detach();
    if (this.#stopped) return;
    if (!alone) {
      this.adjust();
      return;
    }
    this.#stopTimer();
    this.#greetWaiting();
    if (this.#slots.size > 0) return;
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
}
