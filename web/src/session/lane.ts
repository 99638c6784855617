/** One carrier connection as the engine sees it: what it has received, and what it has sent that is not acknowledged. */

import { RemoteProtocolError } from "../base/errors.ts";
import { type Microseconds, type Seconds, seconds } from "../base/time.ts";
import { type LaneAck, MAX_HELD_US, type Pong } from "../wire/path.ts";

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
const RECENT = 0.1;

/** A message in flight. */
export interface Sent {
  readonly size: number;
  readonly sentAt: Seconds;
  /** The video track whose frame it carries, null for anything else. */
  readonly videoTrackId: number | null;
}

/** One lane for statistics, and for who decides which lane may be closed. */
export interface LaneFigures {
  readonly laneId: number;
  /** As in HELLO. */
  readonly kind: string;
  /** Whether WELCOME was sent or received. */
  readonly welcomed: boolean;
  /** Whether the oldest message in flight should have been acknowledged long ago. */
  readonly stalled: boolean;
  /** Sent and not acknowledged. */
  readonly inFlightBytes: number;
  /** Seconds since a message that ACK reports came; 0 while something of ours is in flight. */
  readonly quiet: Seconds;
}

/** Counters and timers of one lane. */
export class Lane {
  readonly laneId: number;
  readonly kind: string;
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
  readonly #pongs: Pong[] = [];
  #messagesAcknowledged = 0;

  constructor(laneId: number, kind: string, greeting: Uint8Array<ArrayBuffer>, welcomed: boolean, now: Seconds) {
    this.laneId = laneId;
    this.kind = kind;
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

  /** Put a message that ACK reports in flight. */
  sent(size: number, now: Seconds, videoTrackId: number | null = null): void {
    this.inFlight.push({ size, sentAt: now, videoTrackId });
    this.inFlightBytes += size;
    this.lastSentAt = now;
  }

  /** Whether the oldest message in flight should have been acknowledged long ago; `roundTrip` in seconds. */
  isStalled(roundTrip: number, now: Seconds): boolean {
    const oldest = this.inFlight[0];
    return oldest !== undefined && now - oldest.sentAt > roundTrip + STALL_TIME;
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
   * @returns the octets that are newly acknowledged, and the last message of them; 0 and null if the news is old.
   * @throws RemoteProtocolError more than was sent.
   */
  acknowledge(messagesReceived: number): { octets: number; last: Sent | null } {
    const news = messagesReceived - this.#messagesAcknowledged;
    if (news <= 0) return { octets: 0, last: null };
    if (news > this.inFlight.length) throw new RemoteProtocolError("ACK of messages that were never sent");
    const acknowledged = this.inFlight.splice(0, news);
    const octets = acknowledged.reduce((sum, sent) => sum + sent.size, 0);
    this.#messagesAcknowledged = messagesReceived;
    this.inFlightBytes -= octets;
    return { octets, last: acknowledged[acknowledged.length - 1] ?? null };
  }

  /** How the lane is at `now`; `roundTrip` in seconds. */
  figures(roundTrip: number, now: Seconds): LaneFigures {
    const quiet = this.inFlight.length > 0 ? 0 : Math.max(0, now - this.lastReceivedAt);
    return {
      laneId: this.laneId,
      kind: this.kind,
      welcomed: this.welcomed,
      stalled: this.isStalled(roundTrip, now),
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
