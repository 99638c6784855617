/** Checked reading of JSON bodies: every member is looked at once, and what does not fit is the sender's fault. */

import { CloseCode, RemoteProtocolError } from "../base/errors.ts";

/** The longest JSON body; a token has to fit, and 1024 of these must not fill the memory. */
export const MAX_JSON_BYTES = 16_384;

/** An object as it came out of JSON, members unchecked. */
export type JsonObject = Readonly<Record<string, unknown>>;

// A byte order mark is not JSON, so the decoder must not swallow it.
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * Read the JSON object that fills `body`.
 *
 * @throws RemoteProtocolError over the limit (`too_large`), not UTF-8, not JSON, or not an object (`malformed`).
 */
export function parseObject(body: Uint8Array, name: string): JsonObject {
  if (body.length > MAX_JSON_BYTES) throw new RemoteProtocolError(`${name} body over the limit`, CloseCode.TOO_LARGE);
  let value: unknown;
  try {
    value = JSON.parse(utf8.decode(body));
  } catch {
    throw new RemoteProtocolError(`${name}: not JSON`);
  }
  return asObject(value, name);
}

/** Write `header` octets, to be filled in by the caller, and `value` as JSON after them. */
export function writeObject(value: JsonObject, header: number): Uint8Array<ArrayBuffer> {
  const body = encoder.encode(JSON.stringify(value));
  const message = new Uint8Array(header + body.length);
  message.set(body, header);
  return message;
}

/** The member as a whole number within bounds; `fallback` if it is missing. */
export function readInteger(object: JsonObject, key: string, min: number, max: number, fallback?: number): number {
  const value = object[key];
  if (value === undefined && fallback !== undefined) return fallback;
  if (typeof value !== "number" || !Number.isInteger(value) || value < min || value > max) throw mistyped(key);
  return value;
}

/** The member as text of so many characters (not UTF-16 units); `fallback` if it is missing. */
export function readString(object: JsonObject, key: string, min: number, max: number, fallback?: string): string {
  const value = object[key];
  if (value === undefined && fallback !== undefined) return fallback;
  if (typeof value !== "string" || LONE_SURROGATE.test(value)) throw mistyped(key);
  // Counting characters is only needed near the bound.
  const length = value.length < min || value.length > max ? [...value].length : value.length;
  if (length < min || length > max) throw mistyped(key);
  return value;
}

/** The member as text that matches; `fallback` if it is missing. */
export function readMatch(object: JsonObject, key: string, pattern: RegExp): string {
  const value = object[key];
  if (typeof value !== "string" || !pattern.test(value)) throw mistyped(key);
  return value;
}

/** The member as one of a few words. */
export function readWord<Word extends string>(object: JsonObject, key: string, words: readonly Word[]): Word {
  const value = object[key];
  const word = words.find((candidate) => candidate === value);
  if (word === undefined) throw mistyped(key);
  return word;
}

/** The member as true or false; `fallback` if it is missing. */
export function readBoolean(object: JsonObject, key: string, fallback?: boolean): boolean {
  const value = object[key];
  if (value === undefined && fallback !== undefined) return fallback;
  if (typeof value !== "boolean") throw mistyped(key);
  return value;
}

/** The member as a list of texts; empty if it is missing. */
export function readStrings(object: JsonObject, key: string): readonly string[] {
  const value = object[key];
  if (value === undefined) return [];
  if (!Array.isArray(value) || !value.every((item) => typeof item === "string")) throw mistyped(key);
  return value;
}

/** The member as an object. */
export const readObject = (object: JsonObject, key: string): JsonObject => asObject(object[key], key);

function asObject(value: unknown, name: string): JsonObject {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new RemoteProtocolError(`${name}: not an object`);
  }
  return value as JsonObject;
}

const mistyped = (key: string) => new RemoteProtocolError(`member "${key}" is missing or mistyped`);
