import { describe, expect, it } from "vitest";
import { seconds } from "../base/time.ts";
import { Assembler } from "../fec/assembler.ts";
import { decode } from "../wire/codec.ts";
import type { Fragment } from "../wire/fragment.ts";
import { Block, MAX_SPARES, Urgency } from "./blocks.ts";

const at = seconds;
const MESSAGE = Uint8Array.from({ length: 100 }, (_, octet) => octet);

const nextFragment = (block: Block): Fragment => decode(block.nextPiece(0, at(1))) as Fragment;

describe("Block", () => {
  it("is its own piece when it is not cut", () => {
    const block = new Block(MESSAGE, Urgency.AUDIO, at(1), { spareCount: 1 });
    expect([block.nextPiece(4, at(1.5)), block.nextPiece(6, at(1.5))]).toEqual([MESSAGE, MESSAGE]);
    expect([block.toSend, block.laneIds, block.sentAt]).toEqual([0, [4, 6], 1.5]);
    block.acknowledged += 1;
    expect(block.isDelivered).toBe(true);
  });

  it("says in each piece what the far end needs to know", () => {
    const block = new Block(MESSAGE, Urgency.VIDEO, at(1), { number: 7, dataCount: 3 });
    const pieces = [0, 1, 2].map(() => nextFragment(block));
    expect(pieces.map((piece) => [piece.index, piece.dataCount, piece.blockNumber, piece.messageLength])).toEqual([
      [0, 3, 7, 100],
      [1, 3, 7, 100],
      [2, 3, 7, 100],
    ]);
    expect(pieces.flatMap((piece) => [...piece.payload])).toEqual([...MESSAGE]);
    expect(block.pieceSize).toBe(34);
  });

  it("never sends a piece again, and has an end", () => {
    const block = new Block(MESSAGE, Urgency.VIDEO, at(1), { dataCount: 4, spareCount: 1 });
    const indices: number[] = [];
    for (const more of [0, 2, 1, 1000, 1]) {
      block.askForMore(more);
      while (block.toSend > 0) indices.push(nextFragment(block).index);
    }
    expect(indices).toEqual(Array.from({ length: 4 + MAX_SPARES }, (_, index) => index));
  });

  it("repeats a whole message as often as it is asked to", () => {
    const block = new Block(MESSAGE, Urgency.AUDIO, at(1));
    block.askForMore(300);
    block.askForMore(-1);
    expect(block.toSend).toBe(301);
    block.dropRest();
    expect(block.toSend).toBe(0);
  });

  it("is restored by any pieces that are enough", () => {
    for (const kept of [
      [0, 1, 2, 3],
      [6, 1, 4, 2],
      [4, 5, 6, 7],
    ]) {
      const block = new Block(MESSAGE, Urgency.VIDEO, at(1), { dataCount: 4, spareCount: 2 });
      const pieces = Array.from({ length: 6 }, () => nextFragment(block));
      block.askForMore(2);
      pieces.push(nextFragment(block), nextFragment(block));
      const assembler = new Assembler(4, MESSAGE.length);
      const restored = kept.map((index) => assembler.add(index, (pieces[index] as Fragment).payload));
      expect(restored.at(-1)).toEqual(MESSAGE);
    }
  });
});
