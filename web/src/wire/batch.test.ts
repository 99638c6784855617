/** Messages in bodies of HTTP: the same vectors as the Python tests read, and octets cut in every way. */

import { describe, expect, it } from "vitest";
import { RemoteProtocolError } from "../base/errors.ts";
import { BatchReader, lengthOf } from "./batch.ts";
import { bytesOf, hexOf, readVectors } from "./testing/vectors.ts";

interface Vectors {
  max_message_bytes: number;
  valid: { name: string; bodies: string[]; messages: string[] }[];
  invalid: { name: string; body: string; code: number }[];
}

const { max_message_bytes: limit, valid, invalid } = readVectors<Vectors>("batch.json");

describe("batch.json", () => {
  it.each(valid.map((vector) => [vector.name, vector] as const))("%s", (_, { bodies, messages }) => {
    const reader = new BatchReader(limit);
    expect(bodies.flatMap((body) => reader.read(bytesOf(body))).map(hexOf)).toEqual(messages);
  });

  it.each(invalid.map((vector) => [vector.name, vector] as const))("refuses %s", (_, { body, code }) => {
    let error: unknown;
    try {
      new BatchReader(limit).read(bytesOf(body));
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(RemoteProtocolError);
    expect((error as RemoteProtocolError).code).toBe(code);
  });
});

it("finds the same messages wherever two cuts are", () => {
  const messages = ["01", "0203040506", "07".repeat(20)];
  const octets = bytesOf(messages.map((message) => hexOf(lengthOf(bytesOf(message))) + message).join(""));
  for (let first = 0; first <= octets.length; first += 1) {
    for (let second = first; second <= octets.length; second += 1) {
      const reader = new BatchReader(limit);
      const pieces = [octets.slice(0, first), octets.slice(first, second), octets.slice(second)];
      expect(pieces.flatMap((piece) => reader.read(piece)).map(hexOf)).toEqual(messages);
    }
  }
});
