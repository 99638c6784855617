/**
 * How much of a message is sent twice, and over how many lanes: decided by how often a lane comes late.
 *
 * A lost segment stalls its TCP connection for a round trip or more, and everything behind it. Acknowledgements show that
 * as a message that arrives after younger ones of other lanes. From the share of such messages follow the number of lanes
 * worth having, and for each frame the number of fragments and of parity fragments that make it decodable in time at the
 * least cost. While the path is congested nothing is sent twice: it would only feed the queue.
 */

import type { Seconds } from "../base/time.ts";
import { MAX_SPARES } from "./blocks.ts";

/** Octets of a fragment while lanes do not come late: large ones cost least, small ones let audio pass. */
const CLEAN_FRAGMENT = 16_000;
/** Octets that fit one TCP segment together with the headers of fragment, WebSocket and TLS. */
const LOSSY_FRAGMENT = 1350;
/** Octets of all headers of one fragment on the wire: Ethernet aside, IP, TCP, TLS, WebSocket and our own. */
const FRAGMENT_COST = 100;
const MAX_DATA_COUNT = 200;
/** A frame may be cut into as many fragments more than it needs: smaller ones make parity cheaper. */
const MORE_FRAGMENTS = 4;
const MAX_SPARE_SHARE = 2 / 3;

/** The share of frames that may be late beyond their parity; hedges catch those. */
const TARGET_LATE = 0.015;
/** The same of frames to which no other refers, and of keyframes. */
const RELAXED_TARGET_LATE = 0.08;

/** The share of late messages from which on a path counts as lossy. */
const LOSSY = 0.0015;
/** From which share of late messages on how many lanes are wanted. */
const LANES_WANTED: readonly (readonly [least: number, lanes: number])[] = [
  [0.03, 24],
  [0.012, 16],
  [0.004, 8],
  [LOSSY, 4],
];
/** Lanes while none comes late. */
export const CLEAN_LANES = 2;
/** Seconds for which a smaller number of lanes has to suffice before it is wanted. */
const LANE_PATIENCE = 30;

/** Weight of one message in the two running estimates; the larger of them counts: quick to rise, slow to forget. */
const FAST = 1 / 200;
const SLOW = 1 / 1000;
/** The estimates of so many times so many seconds ago are kept, for a queue that grows is told from loss only then. */
const SNAPSHOTS = 3;
const SNAPSHOT_INTERVAL = 0.25;
/** Seconds without redundancy after a sign of congestion. */
const CONGESTED_TIME = 1.5;
const SHARE_STEPS = [
  0.0015, 0.002, 0.003, 0.004, 0.006, 0.008, 0.01, 0.0125, 0.015, 0.0175, 0.02, 0.0225, 0.025, 0.028, 0.032, 0.036,
  0.04, 0.045, 0.05, 0.056, 0.063, 0.071, 0.08, 0.09, 0.1, 0.11, 0.125, 0.14, 0.16, 0.18, 0.2, 0.25, 0.3,
] as const;
const HIGHEST_SHARE = 0.3;

/** Sizes are planned for in steps of so many octets, so that plans can be kept. */
const SIZE_STEP = 256;
const MAX_KEPT_PLANS = 4096;

/** Into how many fragments a message is cut, and how many parity fragments are added. */
export interface Plan {
  readonly dataCount: number;
  readonly spareCount: number;
}

/** The two running estimates as they were at a time. */
interface Snapshot {
  readonly fast: number;
  readonly slow: number;
  readonly at: number;
}

/** The running estimate, and what follows from it. */
export class Redundancy {
  /** How many lanes serve best; more at once, fewer only when they have sufficed for a while. */
  lanes = CLEAN_LANES;
  #fast = 0;
  #slow = 0;
  /** The oldest first; never empty. */
  readonly #snapshots: [Snapshot, ...Snapshot[]] = [{ fast: 0, slow: 0, at: Number.NEGATIVE_INFINITY }];
  #congestedUntil = Number.NEGATIVE_INFINITY;
  #enoughSince = Number.NEGATIVE_INFINITY;

  /** The share of messages that came after younger ones, 0 … 1. */
  get lateShare(): number {
    return Math.max(this.#fast, this.#slow);
  }

  /** Take one acknowledged message. What is late in a congested path says nothing about loss. */
  acknowledged(late: boolean, now: Seconds): void {
    if (now < this.#congestedUntil) return;
    const news = late ? 1 : 0;
    this.#keepSnapshot(now);
    this.#fast += FAST * (news - this.#fast);
    this.#slow += SLOW * (news - this.#slow);
    const enough = lanesFor(this.#slow);
    if (enough >= this.lanes || now - this.#enoughSince >= LANE_PATIENCE) {
      this.lanes = enough;
      this.#enoughSince = now;
    }
  }

  #keepSnapshot(now: Seconds): void {
    const snapshots = this.#snapshots;
    if (now - (snapshots.at(-1) ?? snapshots[0]).at < SNAPSHOT_INTERVAL) return;
    snapshots.push({ fast: this.#fast, slow: this.#slow, at: now });
    if (snapshots.length > SNAPSHOTS) snapshots.shift();
  }

  /** The queue of the path is long: what was late while it grew was not lost. */
  congested(now: Seconds): void {
    if (now >= this.#congestedUntil) {
      const [{ fast, slow }] = this.#snapshots;
      this.#fast = Math.min(fast, this.#fast);
      this.#slow = Math.min(slow, this.#slow);
    }
    this.#congestedUntil = now + CONGESTED_TIME;
  }

  /** Whether it was lately. */
  isCongested(now: Seconds): boolean {
    return now < this.#congestedUntil;
  }

  /** Whether redundancy is worth its bytes. */
  isLossy(now: Seconds): boolean {
    return this.#slow >= LOSSY && now >= this.#congestedUntil;
  }

  /** How to send a frame of that many octets over that many lanes; `relaxed`: it may be late more often. */
  plan(size: number, lanes: number, now: Seconds, relaxed: boolean): Plan {
    if (lanes < 2 || !this.isLossy(now)) {
      return { dataCount: wholeCount(size, Math.ceil(size / CLEAN_FRAGMENT)), spareCount: 0 };
    }
    const late = this.lateShare;
    const share = SHARE_STEPS.find((step) => step >= late) ?? HIGHEST_SHARE;
    const target = relaxed ? RELAXED_TARGET_LATE : TARGET_LATE;
    const { dataCount, spareCount } = keptPlan(Math.ceil(size / SIZE_STEP) * SIZE_STEP, lanes, share, target);
    return { dataCount: wholeCount(size, dataCount), spareCount };
  }
}

function lanesFor(lateShare: number): number {
  for (const [least, lanes] of LANES_WANTED) if (lateShare >= least) return lanes;
  return CLEAN_LANES;
}

/** So many parts, or fewer: of parts that are equally large, but the last, none may be empty. */
export const wholeCount = (size: number, dataCount: number): number => Math.ceil(size / Math.ceil(size / dataCount));

const keptPlans = new Map<string, Plan>();

function keptPlan(size: number, lanes: number, lateShare: number, target: number): Plan {
  const key = `${size} ${lanes} ${lateShare} ${target}`;
  const kept = keptPlans.get(key);
  if (kept !== undefined) return kept;
  if (keptPlans.size >= MAX_KEPT_PLANS) keptPlans.clear();
  const plan = cheapestPlan(size, lanes, lateShare, target);
  keptPlans.set(key, plan);
  return plan;
}

/**
 * The plan of least bytes by which a message misses its time with a probability of at most `target`. If none within the
 * bounds reaches it, the one that comes nearest.
 */
export function cheapestPlan(size: number, lanes: number, lateShare: number, target: number): Plan {
  const least = Math.min(Math.max(1, Math.ceil(size / LOSSY_FRAGMENT)), MAX_DATA_COUNT);
  let best: Plan = { dataCount: 1, spareCount: 0 };
  let bestMiss = Number.POSITIVE_INFINITY;
  let bestCost = Number.POSITIVE_INFINITY;
  for (let dataCount = least; dataCount <= Math.min(least + MORE_FRAGMENTS, MAX_DATA_COUNT); dataCount += 1) {
    const maxSpare = Math.min(Math.ceil(dataCount * MAX_SPARE_SHARE), MAX_SPARES);
    for (let spareCount = 0; spareCount <= maxSpare; spareCount += 1) {
      const probability = lateProbability(dataCount, spareCount, lanes, lateShare);
      const miss = Math.max(probability, target);
      const cost = (dataCount + spareCount) * (size / dataCount + FRAGMENT_COST);
      if (miss < bestMiss || (miss === bestMiss && cost < bestCost)) {
        best = { dataCount, spareCount };
        bestMiss = miss;
        bestCost = cost;
      }
      if (probability <= target) break;
    }
  }
  return best;
}

/**
 * The probability that fewer than `dataCount` of all fragments are in time. Fragments are spread evenly; those of one lane
 * are late together.
 */
export function lateProbability(dataCount: number, spareCount: number, lanes: number, lateShare: number): number {
  const count = dataCount + spareCount;
  const used = Math.min(count, lanes);
  const onALane = Math.ceil(count / used);
  const laneLate = 1 - (1 - lateShare) ** onALane;
  const tolerated = Math.floor(spareCount / onALane);
  let inTime = 0;
  let ways = 1;
  for (let late = 0; late <= tolerated; late += 1) {
    inTime += ways * laneLate ** late * (1 - laneLate) ** (used - late);
    // Zero beyond the last: more lanes than there are cannot be late.
    ways = (ways * (used - late)) / (late + 1);
  }
  return Math.max(1 - inTime, 0);
}
