import { describe, expect, it } from "vitest";
import { RemoteProtocolError } from "../base/errors.ts";
import { Assembler } from "./assembler.ts";
import { type Block, fragmentOf, randomBlock, randomSource } from "./testing/blocks.ts";

const BLOCK: Block = { message: Uint8Array.from({ length: 11 }, (_, at) => at + 1), dataCount: 3, kept: [] };

function partly(indices: readonly number[]): Assembler {
  const assembler = new Assembler(3, 11);
  for (const index of indices) assembler.add(index, fragmentOf(BLOCK, index));
  return assembler;
}

describe("Assembler", () => {
  it("gives the message once, with the kth fragment", () => {
    const random = randomSource(3);
    for (let round = 0; round < 100; round += 1) {
      const block = randomBlock(random);
      const { message, dataCount, kept } = block;
      const assembler = new Assembler(dataCount, message.length);
      const order = kept.flatMap((index) => (random(3) === 0 ? [index, index] : [index]));
      order.push(kept[0] as number);
      const results = order.map((index) => assembler.add(index, fragmentOf(block, index)));
      expect(results.flatMap((result) => result ?? []).map((result) => [...result])).toEqual([[...message]]);
      expect(results[order.indexOf(kept[dataCount - 1] as number)]).not.toBeNull();
      expect(assembler.isComplete).toBe(true);
    }
  });

  it("says how many are missing", () => {
    const assembler = new Assembler(3, 11);
    const missing = [4, 4, 0, 2, 1].map((index) => {
      assembler.add(index, fragmentOf(BLOCK, index));
      return [assembler.missing, assembler.isComplete];
    });
    expect(missing).toEqual([
      [2, false],
      [2, false],
      [1, false],
      [0, true],
      [0, true],
    ]);
  });

  it.each([
    [0, 3],
    [0, 5],
    [0, 0],
    [2, 4],
    [2, 2],
    [3, 3],
    [254, 5],
    [255, 4],
    [-1, 4],
  ])("refuses a fragment of index %i with %i octets, complete or not", (index, size) => {
    expect(() => partly([0]).add(index, new Uint8Array(size))).toThrow(RemoteProtocolError);
    expect(() => partly([0, 1, 2]).add(index, new Uint8Array(size))).toThrow(RemoteProtocolError);
  });

  it("refuses a fragment that contradicts an earlier one", () => {
    expect(() => partly([1]).add(1, new Uint8Array(4))).toThrow(/contradicts/);
  });

  it.each([
    [0, 10],
    [-1, 10],
    [201, 1000],
    [1, 0],
    [4, 3],
    [4, 5],
    [2, -5],
  ])("refuses a block of %i parts and %i octets", (dataCount, length) => {
    expect(() => new Assembler(dataCount, length)).toThrow(RemoteProtocolError);
  });

  it("refuses fragments that say something else of the message", () => {
    const assembler = partly([0]);
    expect(() => assembler.check(3, 11)).not.toThrow();
    expect(() => assembler.check(4, 11)).toThrow(RemoteProtocolError);
    expect(() => assembler.check(3, 12)).toThrow(RemoteProtocolError);
  });
});
