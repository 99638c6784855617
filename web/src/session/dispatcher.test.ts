import { describe, expect, it } from "vitest";
import { seconds } from "../base/time.ts";
import { Block, Urgency } from "./blocks.ts";
import { Dispatcher } from "./dispatcher.ts";
import { Lane } from "./lane.ts";
import { Redundancy } from "./redundancy.ts";

const at = seconds;
const TRACK = 9;

/** Lanes with a dispatcher. */
class Path {
  readonly redundancy = new Redundancy();
  readonly lanes = new Map<number, Lane>();
  readonly dispatcher: Dispatcher;

  constructor(lanes: number, options: { lossy?: boolean; wanted?: number } = {}) {
    for (let count = 0; count < (options.lossy ? 5 : 0); count += 1) this.redundancy.acknowledged(true, at(0));
    this.redundancy.lanes = options.wanted ?? 16;
    for (let id = 0; id < lanes; id += 1) this.lanes.set(id, new Lane(id, "websocket", new Uint8Array(0), true, at(0)));
    this.dispatcher = new Dispatcher(this.lanes, this.redundancy);
    this.dispatcher.roundTrip = 0.04;
  }

  lane(id: number): Lane {
    return this.lanes.get(id) as Lane;
  }

  /** Send a block; gives the lanes on which it left. */
  send(block: Block, now = 0): number[] {
    this.dispatcher.send(block);
    return this.carry(block.urgency, now);
  }

  /** On which lanes what waits leaves, lanes taking turns. */
  carry(urgency: Urgency, now = 0): number[] {
    const carried: number[] = [];
    while (
      this.dispatcher.assign(urgency, at(now)) ||
      [...this.lanes.values()].some(({ outbox }) => outbox.length > 0)
    ) {
      for (const lane of this.lanes.values()) {
        const waiting = lane.outbox.shift();
        if (waiting === undefined) continue;
        lane.sent(waiting.data.length, at(now), waiting.block);
        carried.push(lane.laneId);
      }
    }
    return carried;
  }

  lose(id: number): Set<number> {
    const lane = this.lane(id);
    this.lanes.delete(id);
    return this.dispatcher.laneLost(lane);
  }
}

const packet = (now = 0, copies = 1) =>
  new Block(new Uint8Array(100), Urgency.AUDIO, at(now), { spareCount: copies - 1 });
const picture = (dataCount = 1, spareCount = 0, now = 0) =>
  new Block(new Uint8Array(4000), Urgency.VIDEO, at(now), { dataCount, spareCount, videoTrackId: TRACK });
const control = (now = 0) => new Block(new Uint8Array(50), Urgency.CONTROL, at(now));

describe("Dispatcher", () => {
  it.each([
    ["CONTROL", () => control()],
    ["sound", () => packet()],
    ["pictures", () => picture()],
  ] as const)("sends %s on lanes of the best kind only", (_, block) => {
    const path = new Path(0);
    const kinds = [
      ["http-poll", true],
      ["http-stream", true],
      ["websocket", false],
    ] as const;
    kinds.forEach(([kind, welcomed], id) => {
      path.lanes.set(id, new Lane(id, kind, new Uint8Array(0), welcomed, at(0)));
    });
    expect(path.send(block())).toEqual([1]);
    path.lane(2).welcomed = true;
    expect(path.send(block())).toEqual([2]);
    path.lane(2).sent(50_000, at(0));
    expect(path.send(block())).toEqual([2]);
    path.lose(2);
    path.lanes.delete(1);
    path.carry(block().urgency);
    expect(path.send(block())).toEqual([0]);
  });

  it("keeps the first lane of a clean path for CONTROL and audio", () => {
    const path = new Path(3);
    path.send(packet());
    path.send(picture());
    expect([path.send(control()), path.send(packet())]).toEqual([[0], [0]]);
    expect(path.send(picture(2)).toSorted()).toEqual([1, 2]);
    const alone = new Path(1);
    expect([alone.send(packet()), alone.send(picture(2))]).toEqual([[0], [0, 0]]);
  });

  it("lets what is sent alone take turns with all lanes, for one lane cannot be seen to stall", () => {
    expect(new Path(3).send(picture(3)).toSorted()).toEqual([0, 1, 2]);
    const path = new Path(2);
    expect([0, 0.02, 0.04, 0.06].map((time) => path.send(packet(time)))).toEqual([[0], [1], [0], [1]]);
  });

  it("spreads pieces evenly over the lanes of a lossy path", () => {
    const path = new Path(4, { lossy: true });
    expect(path.send(picture(6, 2)).toSorted()).toEqual([0, 0, 1, 1, 2, 2, 3, 3]);
    expect(new Set(path.send(packet(0, 2))).size).toBe(2);
    expect(new Path(1, { lossy: true }).send(packet(0, 2))).toEqual([0]);
  });

  it("uses few lanes while the path is congested, and none that is not wanted", () => {
    const congested = new Path(6, { lossy: true });
    congested.redundancy.congested(at(0));
    expect(new Set(congested.send(picture(5))).size).toBe(2);
    const surplus = new Path(5, { lossy: true, wanted: 3 });
    expect(new Set(surplus.send(picture(10)))).toEqual(new Set([0, 1, 2]));
    expect(surplus.dispatcher.usableCount).toBe(3);
  });

  it("gives a stalled lane nothing until it has caught up", () => {
    const path = new Path(3, { lossy: true });
    path.lane(1).sent(100, at(1));
    path.dispatcher.newestAcknowledged = 1.1;
    expect(path.dispatcher.bytesInFlight).toBe(50);
    expect(path.send(picture(2, 0, 1.2), 1.2).toSorted()).toEqual([0, 2]);
    path.lane(1).acknowledge(1);
    expect(path.send(packet(1.3), 1.3)).toEqual([1]);
  });

  it("lets a silent lane carry CONTROL only", () => {
    const path = new Path(1);
    path.lane(0).sent(100, at(0));
    expect([path.send(packet(1), 1), path.send(control(1), 1)]).toEqual([[], [0]]);
  });

  it("sends what was overtaken again, on another lane and not for ever", () => {
    const path = new Path(8, { lossy: true });
    const block = packet(1);
    const [first] = path.send(block, 1);
    const again: number[] = [];
    for (let step = 1; step < 10; step += 1) {
      path.dispatcher.newestAcknowledged = 1 + step / 10;
      path.dispatcher.hedge(at(1.05 + step / 10));
      again.push(...path.carry(Urgency.AUDIO, 1.05 + step / 10));
    }
    expect(again).toHaveLength(3);
    expect(again).not.toContain(first);
  });

  it("sends nothing again that has arrived, on a congested path, or on the only lane", () => {
    const [arrived, congested, alone] = [new Path(4, { lossy: true }), new Path(4, { lossy: true }), new Path(1)];
    const block = packet(1);
    arrived.send(block, 1);
    block.acknowledged = 1;
    congested.redundancy.congested(at(1));
    congested.send(packet(1), 1);
    alone.send(packet(1), 1);
    for (const path of [arrived, congested, alone]) {
      path.dispatcher.newestAcknowledged = 1.1;
      path.dispatcher.hedge(at(1.1));
      expect(path.dispatcher.waits(Urgency.AUDIO)).toBe(false);
    }
  });

  it("sends on other lanes what a lost one carried", () => {
    const path = new Path(4, { lossy: true });
    const block = picture(4, 0, 1);
    path.send(block, 1);
    path.send(control(1), 1);
    expect(path.lose(2)).toEqual(new Set());
    expect(path.carry(Urgency.VIDEO, 1.1)).toHaveLength(1);
    expect(path.carry(Urgency.CONTROL, 1.1)).toEqual([]);
    expect(block.piecesSent).toBe(5);
    path.lose(0);
    path.lose(1);
    expect(path.lose(3)).toEqual(new Set([TRACK]));
    expect(path.dispatcher.waits(Urgency.VIDEO)).toBe(false);
  });

  it("gives up frames whose pieces wait too long", () => {
    const path = new Path(2);
    for (const lane of path.lanes.values()) lane.put(new Uint8Array(1), null);
    path.dispatcher.send(picture(3, 0, 1));
    path.dispatcher.send(picture(1, 0, 1.4));
    expect([path.dispatcher.dropStale(at(1.5)), path.dispatcher.dropStale(at(1.51))]).toEqual([[], [TRACK]]);
    expect(path.dispatcher.waits(Urgency.VIDEO)).toBe(true);
  });

  it("knows what redundancy costs", () => {
    const path = new Path(4, { lossy: true });
    expect(path.dispatcher.cost).toBe(1);
    for (let count = 0; count < 50; count += 1) path.send(packet(0, 2));
    expect(path.dispatcher.cost).toBe(2);
  });
});
