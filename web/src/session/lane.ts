/** One carrier connection as the engine sees it: what it has received, and what it has sent that is not acknowledged. */

import { RemoteProtocolError } from "../base/errors.ts";
import { type Microseconds, type Seconds, seconds } from "../base/time.ts";
import { type LaneAck, MAX_HELD_US, type Pong } from "../wire/path.ts";
import type { Block } from "./blocks.ts";

/** PINGs that wait for their PONG; when there are more, the oldest goes unanswered. */
const MAX_PENDING_PONGS = 4;
/** A lane with more than this in flight is given up: the far end does not acknowledge. */
const MAX_UNACKNOWLEDGED_MESSAGES = 10_000;

/** Seconds beyond a round trip without acknowledgement after which a lane takes no more media: it would only age. */
const STALL_TIME = 0.5;

/**
 * Seconds without a word from the gateway, though something waits for its ACK, after which a client tries another lane: a
 * network that was left behind drops packets without telling anybody.
 */
export const MAX_SILENCE = 6;

/** Seconds for which an ACK names a lane again after its last message: the ACK before may be late. */
const RECENT = 0.03;
/** Seconds by which something younger must have left, and arrived on another lane, for a message to count as late. */
export const BEHIND = 0.015;
/** Octets that any TCP connection takes at once (RFC 6928: ten segments). */
const FIRST_WINDOW = 14_000;
/** What is so many times above the octets that a lane is known to carry may be late for its sender's window alone. */
const WINDOW_GROWTH = 1.5;

/** A message in flight. */
export interface Sent {
  readonly size: number;
  readonly sentAt: Seconds;
  /** Octets in flight ahead of it. */
  readonly ahead: number;
  /** What it is a piece of. */
  readonly block: Block | null;
}

/** A message that the lane's carrier takes next. */
export interface Waiting {
  readonly data: Uint8Array<ArrayBuffer>;
  /** What it is a piece of. */
  readonly block: Block | null;
}

/** One lane for statistics, and for who decides which lane may be closed. */
export interface LaneFigures {
  readonly laneId: number;
  /** As in HELLO. */
  readonly kind: string;
  /** Whether WELCOME was sent or received. */
  readonly welcomed: boolean;
  /** Whether the oldest message in flight was overtaken, or should have been acknowledged long ago. */
  readonly stalled: boolean;
  /** Sent and not acknowledged. */
  readonly inFlightBytes: number;
  /** Seconds since a message that ACK reports came; 0 while something of ours is in flight. */
  readonly quiet: Seconds;
}

const NOTHING: readonly Sent[] = [];

/** How much worse a kind of lane is than the best: what goes in requests waits for its turn. */
const RANKS: Readonly<Record<string, number>> = { "http-stream": 1, "http-poll": 2 };

/** The rank of the best lane that has been welcomed; 0 if there is none. */
export function bestRank(lanes: Iterable<Lane>): number {
  let best = Number.POSITIVE_INFINITY;
  for (const { welcomed, rank } of lanes) if (welcomed && rank < best) best = rank;
  return best === Number.POSITIVE_INFINITY ? 0 : best;
}

/** Counters and timers of one lane. */
export class Lane {
  readonly laneId: number;
  readonly kind: string;
  /** 0 for the best kind; lanes of a worse one carry nothing beside it. */
  readonly rank: number;
  /** The HELLO or WELCOME that has to leave first. */
  greeting: Uint8Array<ArrayBuffer> | null;
  /** Whether WELCOME was sent or received. */
  welcomed: boolean;
  messagesReceived = 0;
  /** What our last ACK said of `messagesReceived`. */
  messagesReported = 0;
  /** The time of any message. */
  lastHeardAt: Seconds;
  /** The time of one that ACK reports. */
  lastReceivedAt: Seconds;
  lastSentAt: Seconds;
  readonly inFlight: Sent[] = [];
  inFlightBytes = 0;
  /** What was assigned to the lane and waits for its carrier. */
  readonly outbox: Waiting[] = [];
  /** Octets in flight with which the lane was in time. */
  provenBytes = FIRST_WINDOW;
  readonly #pongs: Pong[] = [];
  #messagesAcknowledged = 0;

  constructor(laneId: number, kind: string, greeting: Uint8Array<ArrayBuffer>, welcomed: boolean, now: Seconds) {
    this.laneId = laneId;
    this.kind = kind;
    this.rank = RANKS[kind] ?? 0;
    this.greeting = greeting;
    this.welcomed = welcomed;
    this.lastHeardAt = now;
    this.lastReceivedAt = now;
    this.lastSentAt = now;
  }

  /** Count a message that ACK reports. */
  received(now: Seconds): void {
    this.messagesReceived += 1;
    this.lastReceivedAt = now;
  }

  /** Let the carrier take this message next. */
  put(data: Uint8Array<ArrayBuffer>, block: Block | null): void {
    this.outbox.push({ data, block });
  }

  /** Put a message that ACK reports in flight. */
  sent(size: number, now: Seconds, block: Block | null = null): void {
    this.inFlight.push({ size, sentAt: now, ahead: this.inFlightBytes, block });
    this.inFlightBytes += size;
    this.lastSentAt = now;
  }

  /** Whether the oldest message in flight should have been acknowledged long ago, other lanes or not. */
  isSilent(roundTrip: number, now: Seconds): boolean {
    const oldest = this.inFlight[0];
    return oldest !== undefined && now - oldest.sentAt > roundTrip + STALL_TIME;
  }

  /**
   * Whether younger data of other lanes has arrived before the oldest that is in flight here.
   *
   * @param newestAcknowledged when the youngest message left that is known to have arrived, on whatever lane.
   */
  isStalled(newestAcknowledged: number): boolean {
    const oldest = this.inFlight[0];
    return oldest !== undefined && this.isLate(oldest, newestAcknowledged);
  }

  /** Whether that message of this lane was overtaken, and not for a window that had yet to open. */
  isLate(sent: Sent, newestAcknowledged: number): boolean {
    if (sent.sentAt >= newestAcknowledged - BEHIND) return false;
    return sent.ahead + sent.size <= WINDOW_GROWTH * this.provenBytes;
  }

  /** When the lane counts as lost if nothing more arrives; `maxSilence` holds if something is in flight. */
  lostAt(idleTimeout: number, maxSilence: number): Seconds {
    const idleAt = this.lastHeardAt + idleTimeout;
    const oldest = this.inFlight[0];
    if (!this.welcomed || oldest === undefined) return seconds(idleAt);
    return seconds(Math.min(idleAt, Math.max(this.lastHeardAt, oldest.sentAt) + maxSilence));
  }

  /** Whether the far end has left far too much unacknowledged. */
  get isOverdue(): boolean {
    return this.inFlight.length > MAX_UNACKNOWLEDGED_MESSAGES;
  }

  /** Whether a PONG waits to be sent. */
  get hasPong(): boolean {
    return this.#pongs.length > 0;
  }

  /** Keep the answer to a PING until the lane can take it. */
  queuePong(pong: Pong): void {
    this.#pongs.push(pong);
    if (this.#pongs.length > MAX_PENDING_PONGS) this.#pongs.shift();
  }

  /** The oldest answer that waits. */
  nextPong(): Pong | undefined {
    return this.#pongs.shift();
  }

  /**
   * The far end has received this many messages since the lane began.
   *
   * @returns what is newly acknowledged, oldest first; nothing if the news is old.
   * @throws RemoteProtocolError more than was sent.
   */
  acknowledge(messagesReceived: number): readonly Sent[] {
    const news = messagesReceived - this.#messagesAcknowledged;
    if (news <= 0) return NOTHING;
    if (news > this.inFlight.length) throw new RemoteProtocolError("ACK of messages that were never sent");
    this.#messagesAcknowledged = messagesReceived;
    const acknowledged = this.inFlight.splice(0, news);
    for (const { size } of acknowledged) this.inFlightBytes -= size;
    return acknowledged;
  }

  /** How the lane is at `now`; `newestAcknowledged` as in `isStalled`, `roundTrip` in seconds. */
  figures(newestAcknowledged: number, roundTrip: number, now: Seconds): LaneFigures {
    const quiet = this.inFlight.length > 0 ? 0 : Math.max(0, now - this.lastReceivedAt);
    return {
      laneId: this.laneId,
      kind: this.kind,
      welcomed: this.welcomed,
      stalled: this.isStalled(newestAcknowledged) || this.isSilent(roundTrip, now),
      inFlightBytes: this.inFlightBytes,
      quiet: seconds(quiet),
    };
  }

  /** Whether an ACK should name this lane: something came since the last ACK, or lately. */
  hasNews(now: Seconds): boolean {
    if (this.messagesReceived !== this.messagesReported) return true;
    return this.messagesReceived > 0 && now - this.lastReceivedAt <= RECENT;
  }

  /** This lane's part of an ACK that is sent at that time; it counts as told. */
  receipt(sentAtUs: Microseconds): LaneAck {
    this.messagesReported = this.messagesReceived;
    const heldUs = sentAtUs - Math.floor(this.lastReceivedAt * 1e6);
    return {
      laneId: this.laneId,
      messagesReceived: this.messagesReceived,
      heldUs: Math.min(heldUs, MAX_HELD_US) as Microseconds,
    };
  }
}
