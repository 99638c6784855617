/** Any k fragments give the message back; the same vectors as the Python tests read say which octets they hold. */

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { LocalProtocolError } from "../base/errors.ts";
import { dataCountFor, encodeParity, fragmentSize, MAX_DATA_COUNT, recover, split } from "./erasure.ts";
import { fragmentOf, randomBlock, randomSource } from "./testing/blocks.ts";

interface Vector {
  name: string;
  data_count: number;
  message: string;
  fragments: { index: number; payload: string }[];
  kept: number[];
}

const VECTORS = new URL("../../../tests/vectors/fec.json", import.meta.url);
const hexOf = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const bytesOf = (hex: string) => Uint8Array.from(Buffer.from(hex, "hex"));

describe("erasure code", () => {
  const vectors = JSON.parse(readFileSync(VECTORS, "utf8")) as Vector[];

  it.each(vectors.map((vector) => [vector.name, vector] as const))("does as the vector %s", (_, vector) => {
    const message = bytesOf(vector.message);
    const payloads = new Map(vector.fragments.map(({ index, payload }) => [index, payload]));
    const parity = [...payloads.keys()].filter((index) => index >= vector.data_count);
    split(message, vector.data_count).forEach((part, index) => {
      expect(hexOf(part)).toBe(payloads.get(index));
    });
    expect(encodeParity(message, vector.data_count, parity).map(hexOf)).toEqual(parity.map((j) => payloads.get(j)));
    const kept = new Map(vector.kept.map((index) => [index, bytesOf(payloads.get(index) ?? "")]));
    expect(hexOf(recover(kept, vector.data_count, message.length))).toBe(vector.message);
  });

  it("gives the message back from any k fragments", () => {
    const random = randomSource(1);
    for (let round = 0; round < 150; round += 1) {
      const block = randomBlock(random);
      const { message, dataCount, kept } = block;
      const fragments = new Map(kept.map((index) => [index, fragmentOf(block, index)]));
      expect(hexOf(recover(fragments, dataCount, message.length))).toBe(hexOf(message));
    }
  });

  it("finds a number of parts for any message and size", () => {
    const random = randomSource(2);
    for (let round = 0; round < 2000; round += 1) {
      const length = 1 + random(2_000_000);
      const maxSize = 1 + random(100_000);
      const count = dataCountFor(length, maxSize);
      const size = fragmentSize(length, count);
      expect(size).toBeGreaterThan(0);
      expect(size).toBeLessThanOrEqual(Math.max(maxSize, Math.ceil(length / MAX_DATA_COUNT)));
    }
  });

  it.each([
    [0, 1],
    [3, 4],
    [5, 4],
    [10, 0],
    [10, -1],
    [1000, 201],
  ])("refuses to cut %i octets into %i parts", (length, dataCount) => {
    expect(() => split(new Uint8Array(length), dataCount)).toThrow(LocalProtocolError);
    expect(() => encodeParity(new Uint8Array(length), dataCount, [254])).toThrow(LocalProtocolError);
  });

  it.each([-1, 0, 2, 255])("makes no parity of index %i", (index) => {
    expect(() => encodeParity(new Uint8Array(30), 3, [3, index])).toThrow(LocalProtocolError);
  });

  it("gives data fragments as views", () => {
    const message = Uint8Array.of(1, 2, 3, 4, 5, 6, 7);
    const parts = split(message, 3);
    expect(parts.map((part) => [...part])).toEqual([[1, 2, 3], [4, 5, 6], [7]]);
    expect(parts.every((part) => part.buffer === message.buffer)).toBe(true);
  });
});
