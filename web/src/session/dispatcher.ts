/**
 * Which lane carries what: pieces of blocks to the lanes that are quickest, and more pieces when some come late.
 *
 * A lane that was overtaken by younger data of another one is stalled, and gets nothing until it has caught up. Of the
 * others the one with the least in flight is next, one that has no piece of the block before one that has. On a clean path
 * the first lane is kept for CONTROL and audio, so that they never stand behind a large frame.
 */

import { type Seconds, seconds } from "../base/time.ts";
import { type Block, Urgency } from "./blocks.ts";
import { bestRank, type Lane, type Sent } from "./lane.ts";
import type { Redundancy } from "./redundancy.ts";

/** Seconds by which something younger must have left, and arrived, for a block to get more pieces. */
const HEDGE_DELAY = 0.018;
/** Seconds, and two round trips more, after which a block gets more pieces though nothing younger has arrived. */
const TAIL_PATIENCE = 0.15;
/** How many times a block gets more pieces. */
const MAX_HEDGES = 3;
/** Hedges may be this share of what else is sent, and that many octets at once: suspicion must not feed a queue. */
const HEDGE_SHARE = 0.2;
const MAX_HEDGE_BYTES = 20_000;
/** Seconds after which a block that was not acknowledged is of no interest any more; CONTROL always is. */
const MAX_OPEN_TIME = 2;
const MAX_OPEN = 512;
/** Seconds after which a frame of which pieces still wait is given up, with everything up to the next keyframe. */
const MAX_WAITING_TIME = 0.5;
/** How many lanes carry video while the path is congested. */
const CONGESTED_LANES = 2;
/** Seconds for which only audio, or only video, has been sent when it may use the other's lanes, too. */
const ALONE_TIME = 1;
/** How much of the count of octets is kept from one block to the next. */
const COST_MEMORY = 0.99;

const NO_LANES: readonly number[] = [];

/** The pieces that wait for a lane, and the blocks whose acknowledgement is awaited. */
export class Dispatcher {
  /** When the youngest message left that has arrived, on whatever lane. */
  newestAcknowledged = Number.NEGATIVE_INFINITY;
  /** Smoothed seconds. */
  roundTrip = 0;
  readonly #lanes: ReadonlyMap<number, Lane>;
  readonly #redundancy: Redundancy;
  /** By urgency. */
  readonly #waiting: readonly [Block[], Block[], Block[]] = [[], [], []];
  readonly #open: Block[] = [];
  /** When the last piece was given to a lane, by urgency. */
  readonly #givenAt: [number, number, number] = [
    Number.NEGATIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
  ];
  #messageBytes = 0;
  #pieceBytes = 0;
  #hedgeBytes = MAX_HEDGE_BYTES;
  /** The lanes that a piece may use; filled anew for each. */
  readonly #candidates: Lane[] = [];

  /**
   * @param lanes the session's lanes by id; they come and go.
   * @param redundancy whether the path is lossy or congested.
   */
  constructor(lanes: ReadonlyMap<number, Lane>, redundancy: Redundancy) {
    this.#lanes = lanes;
    this.#redundancy = redundancy;
  }

  /** How many octets leave for each octet of a message, lately; at least 1. */
  get cost(): number {
    return this.#messageBytes > 0 ? Math.max(1, this.#pieceBytes / this.#messageBytes) : 1;
  }

  // What is in flight.

  /** Octets that fill the path: of lanes that are not stalled, but at least half of all. */
  get bytesInFlight(): number {
    let total = 0;
    let moving = 0;
    for (const lane of this.#lanes.values()) {
      total += lane.inFlightBytes;
      if (!lane.isStalled(this.newestAcknowledged)) moving += lane.inFlightBytes;
    }
    return Math.max(moving, Math.floor(total / 2));
  }

  /** A message has arrived. */
  acknowledged({ block }: Sent): void {
    if (block !== null) block.acknowledged += 1;
  }

  /** Ask overdue blocks for more pieces: when `newestAcknowledged` has moved, and at `nextHedgeAt`. */
  hedge(now: Seconds): void {
    this.#forget(now);
    const overdue = Math.max(this.newestAcknowledged - HEDGE_DELAY, now - this.#tailPatience);
    const mayHedge = this.#lanes.size > 1 && !this.#redundancy.isCongested(now);
    for (const block of this.#open) {
      if (block.sentAt > overdue || block.toSend > 0 || block.isDelivered) continue;
      const missing = block.dataCount - block.acknowledged;
      const octets = block.pieceSize * missing;
      if (!mayHedge || block.hedges >= MAX_HEDGES || octets > this.#hedgeBytes) continue;
      this.#hedgeBytes -= octets;
      block.hedges += 1;
      this.#askForMore(block, block.dataCount === 1 ? missing : missing + 1);
    }
  }

  /** When `hedge` may have something to do though no ACK comes, later than `handledAt`; null: never. */
  nextHedgeAt(handledAt: number): Seconds | null {
    if (this.#lanes.size < 2) return null;
    const patience = this.#tailPatience;
    for (const block of this.#open) {
      if (block.toSend > 0 || block.isDelivered || block.hedges >= MAX_HEDGES) continue;
      if (block.sentAt + patience > handledAt) return seconds(block.sentAt + patience);
    }
    return null;
  }

  get #tailPatience(): number {
    return TAIL_PATIENCE + 2 * this.roundTrip;
  }

  /**
   * Send what only that lane carried again on others.
   *
   * @returns the video tracks of which frames are lost, because there is no other lane.
   */
  laneLost(lane: Lane): Set<number> {
    const pieces = new Map<Block, number>();
    for (const { block } of [...lane.inFlight, ...lane.outbox]) {
      if (block === null || block.urgency === Urgency.CONTROL || block.isDelivered) continue;
      pieces.set(block, (pieces.get(block) ?? 0) + 1);
    }
    const tracks = new Set<number>();
    if (this.#lanes.size > 0) {
      for (const [block, count] of pieces) this.#askForMore(block, count);
      return tracks;
    }
    for (const queue of this.#waiting) queue.length = 0;
    this.#open.length = 0;
    for (const block of pieces.keys()) if (block.urgency === Urgency.VIDEO) tracks.add(block.videoTrackId);
    return tracks;
  }

  #askForMore(block: Block, count: number): void {
    const wasWaiting = block.toSend > 0;
    block.askForMore(count);
    if (block.toSend > 0 && !wasWaiting) this.#waiting[block.urgency].unshift(block);
  }

  #forget(now: Seconds): void {
    for (let oldest = this.#open[0]; oldest !== undefined; oldest = this.#open[0]) {
      const isOver = oldest.isDelivered || now - oldest.createdAt > MAX_OPEN_TIME || this.#open.length > MAX_OPEN;
      if (!isOver) return;
      this.#open.shift();
    }
  }

  // What goes out.

  /** Take a new block; its pieces leave with `assign`. */
  send(block: Block): void {
    this.#waiting[block.urgency].push(block);
    this.#open.push(block);
    this.#messageBytes = COST_MEMORY * this.#messageBytes + block.message.length;
    this.#pieceBytes *= COST_MEMORY;
  }

  /** Whether a piece of that urgency waits for a lane. */
  waits(urgency: Urgency): boolean {
    return this.#next(urgency) !== undefined;
  }

  /** Octets of the piece that is next; 0 if none waits. */
  pieceSize(urgency: Urgency): number {
    return this.#waiting[urgency][0]?.pieceSize ?? 0;
  }

  /** The block whose piece is next. */
  #next(urgency: Urgency): Block | undefined {
    const queue = this.#waiting[urgency];
    for (let block = queue[0]; block !== undefined; block = queue[0]) {
      if (block.toSend > 0 && !block.isDelivered) return block;
      block.dropRest();
      queue.shift();
    }
    return undefined;
  }

  /** Give up frames whose pieces have waited too long; gives their video tracks. */
  dropStale(now: Seconds): readonly number[] {
    const queue = this.#waiting[Urgency.VIDEO];
    let tracks: number[] | null = null;
    for (let at = 0; at < queue.length; ) {
      const block = queue[at] as Block;
      if (now - block.createdAt <= MAX_WAITING_TIME) {
        at += 1;
        continue;
      }
      queue.splice(at, 1);
      block.dropRest();
      tracks ??= [];
      if (block.piecesSent < block.dataCount) tracks.push(block.videoTrackId);
    }
    return tracks ?? NO_LANES;
  }

  /** Give the next waiting piece of that urgency to a lane's outbox; false if none waits or no lane is free. */
  assign(urgency: Urgency, now: Seconds): boolean {
    const block = this.#next(urgency);
    if (block === undefined) return false;
    const lane = this.freeLane(urgency, now, block.laneIds);
    if (lane === null) return false;
    if (block.dataCount === 1 && block.laneIds.includes(lane.laneId)) {
      block.dropRest(); // a repetition behind the original is worth nothing
    } else {
      const data = block.nextPiece(lane.laneId, now);
      this.#givenAt[urgency] = now;
      lane.put(data, block);
      this.#pieceBytes += data.length;
      this.#hedgeBytes = Math.min(this.#hedgeBytes + HEDGE_SHARE * data.length, MAX_HEDGE_BYTES);
    }
    if (block.toSend === 0) this.#waiting[urgency].shift();
    return true;
  }

  /**
   * The best lane for a piece, or null if it is better to wait.
   *
   * @param used the lanes with pieces of the same block.
   */
  freeLane(urgency: Urgency, now: Seconds, used: readonly number[] = NO_LANES): Lane | null {
    const lanes = this.#candidates;
    this.#addUsable(lanes);
    const first = lowestId(lanes);
    if (urgency !== Urgency.CONTROL) this.#dropSilent(lanes, now);
    if (lanes.length > 1) {
      this.#dropStalled(lanes);
      this.#dropNotAllotted(lanes, urgency, first, now);
    }
    let best: Lane | null = null;
    let bestIsUsed = false;
    for (const lane of lanes) {
      if (lane.outbox.length > 0) continue;
      const isUsed = used.includes(lane.laneId);
      const isBetter = best === null || (isUsed === bestIsUsed ? lane.inFlightBytes < best.inFlightBytes : bestIsUsed);
      if (!isBetter) continue;
      best = lane;
      bestIsUsed = isUsed;
    }
    return best;
  }

  #dropSilent(lanes: Lane[], now: Seconds): void {
    let kept = 0;
    for (const lane of lanes) {
      if (lane.isSilent(this.roundTrip, now)) continue;
      lanes[kept] = lane;
      kept += 1;
    }
    lanes.length = kept;
  }

  /** Keep the lanes that move, or all if none does. */
  #dropStalled(lanes: Lane[]): void {
    let kept = 0;
    for (const lane of lanes) if (!lane.isStalled(this.newestAcknowledged)) kept += 1;
    if (kept === 0 || kept === lanes.length) return;
    kept = 0;
    for (const lane of lanes) {
      if (lane.isStalled(this.newestAcknowledged)) continue;
      lanes[kept] = lane;
      kept += 1;
    }
    lanes.length = kept;
  }

  /**
   * Keep the moving lanes that this urgency may use: all, unless the path is clean or congested. Where nothing but audio or
   * nothing but video is sent it takes turns with the lanes all the same: a lane of which no other tells that it is late is
   * not seen to be.
   */
  #dropNotAllotted(lanes: Lane[], urgency: Urgency, first: number, now: Seconds): void {
    const both = Math.min(this.#givenAt[Urgency.AUDIO], this.#givenAt[Urgency.VIDEO]) > now - ALONE_TIME;
    if (this.#redundancy.isLossy(now)) return;
    const most = this.#redundancy.isCongested(now) ? CONGESTED_LANES : Number.POSITIVE_INFINITY;
    const isVideo = urgency === Urgency.VIDEO;
    let own = 0;
    for (const lane of lanes) if (!both || (lane.laneId === first) !== isVideo) own += 1;
    if (own === 0) return;
    own = 0;
    for (const lane of lanes) {
      if ((both && (lane.laneId === first) === isVideo) || own >= most) continue;
      lanes[own] = lane;
      own += 1;
    }
    lanes.length = own;
  }

  /** How many lanes there are to spread a frame over. */
  get usableCount(): number {
    this.#addUsable(this.#candidates);
    return this.#candidates.length;
  }

  /**
   * The oldest of the welcomed lanes of the best kind, as many as are wanted: those that are too many fall silent. While
   * there is none, those that only said HELLO.
   */
  #addUsable(lanes: Lane[]): void {
    lanes.length = 0;
    const best = bestRank(this.#lanes.values());
    for (const lane of this.#lanes.values()) {
      if (lane.welcomed && lane.rank === best && lanes.length < this.#redundancy.lanes) lanes.push(lane);
    }
    if (lanes.length === 0) lanes.push(...this.#lanes.values());
  }
}

function lowestId(lanes: readonly Lane[]): number {
  let lowest = Number.POSITIVE_INFINITY;
  for (const { laneId } of lanes) lowest = Math.min(lowest, laneId);
  return lowest;
}
