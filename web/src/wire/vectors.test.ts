/** The same vectors as the Python tests read: both sides of the tunnel agree on every octet and on every refusal. */

import { describe, expect, it } from "vitest";
import { RemoteProtocolError } from "../base/errors.ts";
import { DEFAULT_WIRE_LIMITS, decode, encode } from "./codec.ts";
import type { JsonObject } from "./json.ts";
import { bytesOf, hexOf, messageJson, readVectors } from "./testing/vectors.ts";

interface Valid {
  name: string;
  hex: string;
  exact: boolean;
  message: JsonObject;
}

interface Invalid {
  limits: { max_message_bytes: number; max_frame_bytes: number };
  vectors: { name: string; hex: string; code: number; pad?: { octet: number; count: number } }[];
}

describe("wire.json", () => {
  it.each(readVectors<Valid[]>("wire.json").map((vector) => [vector.name, vector] as const))("%s", (_, vector) => {
    const message = decode(bytesOf(vector.hex), DEFAULT_WIRE_LIMITS);
    expect(messageJson(message)).toEqual(vector.message);
    if (vector.exact) expect(hexOf(encode(message))).toBe(vector.hex);
    else expect(messageJson(decode(encode(message), DEFAULT_WIRE_LIMITS))).toEqual(vector.message);
  });
});

describe("wire_invalid.json", () => {
  const { limits, vectors } = readVectors<Invalid>("wire_invalid.json");
  const bounds = { maxMessageBytes: limits.max_message_bytes, maxFrameBytes: limits.max_frame_bytes };

  it.each(vectors.map((vector) => [vector.name, vector] as const))("%s", (_, { hex, pad, code }) => {
    const head = bytesOf(hex);
    const data = new Uint8Array(head.length + (pad?.count ?? 0)).fill(pad?.octet ?? 0);
    data.set(head);
    let error: unknown;
    try {
      decode(data, bounds);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(RemoteProtocolError);
    expect((error as RemoteProtocolError).code).toBe(code);
  });
});
