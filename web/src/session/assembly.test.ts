import { describe, expect, it } from "vitest";
import { RemoteProtocolError } from "../base/errors.ts";
import { encodeParity, split } from "../fec/erasure.ts";
import type { Fragment } from "../wire/fragment.ts";
import { HISTORY, IncomingBlocks, MAX_BLOCKS, MAX_BYTES } from "./assembly.ts";

function fragmentsOf(message: Uint8Array<ArrayBuffer>, number: number, dataCount: number, spareCount = 0): Fragment[] {
  const indices = Array.from({ length: spareCount }, (_, ahead) => dataCount + ahead);
  return [...split(message, dataCount), ...encodeParity(message, dataCount, indices)].map((payload, index) => ({
    type: "fragment",
    dataCount,
    index,
    blockNumber: number >>> 0,
    messageLength: message.length,
    payload,
  }));
}

const messageOf = (number: number, length = 20) => new Uint8Array(length).fill(number);

/** Random numbers that are the same each time. */
function* chances(seed: number): Generator<number, never> {
  for (let state = seed; ; ) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    yield state / 2 ** 32;
  }
}

describe("IncomingBlocks", () => {
  it("gives every message once, in whatever order its pieces come", () => {
    const random = chances(7);
    const chance = () => random.next().value;
    for (let round = 0; round < 200; round += 1) {
      const first = round % 2 === 0 ? 0 : 2 ** 32 - 3;
      const pieces: { key: number; piece: Fragment }[] = [];
      for (let step = 0; step < 6; step += 1) {
        const spareCount = Math.floor(chance() * 4);
        const all = fragmentsOf(messageOf(step), first + step, 1 + Math.floor(chance() * 5), spareCount);
        all.splice(Math.floor(chance() * all.length), Math.floor(chance() * (spareCount + 1)));
        for (const piece of all) {
          pieces.push({ key: chance(), piece });
          if (chance() < 0.3) pieces.push({ key: chance(), piece });
        }
      }
      const blocks = new IncomingBlocks();
      const given = pieces
        .toSorted((a, b) => a.key - b.key)
        .map(({ piece }) => blocks.receive(piece))
        .filter((message) => message !== null);
      // No block lost more pieces than it has parity.
      expect(new Set(given.map((message) => message[0])).size).toBe(given.length);
      expect(given).toHaveLength(6);
      for (const message of given) expect(message).toEqual(messageOf(message[0] as number));
    }
  });

  it("counts what nobody needs any more", () => {
    const blocks = new IncomingBlocks();
    const pieces = fragmentsOf(messageOf(1), 0, 2, 2);
    const given = [...pieces, ...pieces].map((piece) => blocks.receive(piece)).filter((message) => message !== null);
    expect(given).toHaveLength(1);
    expect(blocks.fragmentsLate).toBe(6);
  });

  it("drops what is far behind", () => {
    const blocks = new IncomingBlocks();
    const give = (number: number) => blocks.receive(fragmentsOf(messageOf(1), number, 1)[0] as Fragment) !== null;
    expect([give(HISTORY), give(0), give(1), give(4 * HISTORY), give(4 * HISTORY - 1)]).toEqual([
      true,
      false,
      true,
      true,
      true,
    ]);
  });

  it("refuses fragments that contradict each other", () => {
    const blocks = new IncomingBlocks();
    blocks.receive(fragmentsOf(messageOf(1, 20), 0, 2)[0] as Fragment);
    expect(() => blocks.receive(fragmentsOf(messageOf(1, 21), 0, 2)[1] as Fragment)).toThrow(RemoteProtocolError);
  });

  it("gives up the oldest incomplete block for a new one", () => {
    const blocks = new IncomingBlocks();
    const all = Array.from({ length: MAX_BLOCKS + 1 }, (_, number) => fragmentsOf(messageOf(number), number, 2));
    for (const [first] of all) blocks.receive(first as Fragment);
    expect(all.map(([, second]) => blocks.receive(second as Fragment) !== null)).toEqual(all.map((_, n) => n > 0));
  });

  it("bounds the octets that wait", () => {
    const blocks = new IncomingBlocks();
    const all = Array.from({ length: MAX_BYTES / 500_000 + 1 }, (_, n) => fragmentsOf(messageOf(n, 1_000_000), n, 2));
    for (const [first] of all) blocks.receive(first as Fragment);
    expect(all.slice(0, 2).map(([, second]) => blocks.receive(second as Fragment) !== null)).toEqual([false, true]);
  });
});
