/**
 * Bytes ↔ messages: the type octet chooses the reader or writer (PROTOCOL.md §3).
 *
 * `decode` is the only door for bytes from outside; whatever they are, it returns a message or throws
 * `RemoteProtocolError` with the code that the session closes with.
 */

import { CloseCode, RemoteProtocolError } from "../base/errors.ts";
import { type ControlMessage, readControl, writeControl } from "./control.ts";
import { decodeFragment, encodeFragment, FRAGMENT, type Fragment } from "./fragment.ts";
import { type JsonObject, parseObject, writeObject } from "./json.ts";
import {
  AUDIO,
  type AudioMessage,
  decodeAudio,
  decodeVideo,
  encodeAudio,
  encodeVideo,
  VIDEO,
  type VideoMessage,
  viewOf,
} from "./media.ts";
import {
  type Close,
  type Hello,
  readClose,
  readHello,
  readWelcome,
  type Welcome,
  writeClose,
  writeHello,
  writeWelcome,
} from "./messages.ts";
import {
  ACK,
  type Ack,
  decodeAck,
  decodePing,
  decodePong,
  encodeAck,
  encodePing,
  encodePong,
  PING,
  type Ping,
  PONG,
  type Pong,
} from "./path.ts";

export const HELLO = 0x01;
export const WELCOME = 0x02;
export const CONTROL = 0x03;
export const CLOSE = 0x09;
export const PADDING = 0x80;
export const FIRST_OPTIONAL_TYPE = 0x80;

const CONTROL_HEADER_BYTES = 5;

/** What a decoder accepts, in octets. */
export interface WireLimits {
  readonly maxMessageBytes: number;
  readonly maxFrameBytes: number;
}

export const DEFAULT_WIRE_LIMITS: WireLimits = { maxMessageBytes: 1_048_576, maxFrameBytes: 1_000_000 };

/** One CONTROL: `sequenceNumber` counts from 1 in each direction. */
export interface Control {
  readonly type: "control";
  readonly sequenceNumber: number;
  readonly message: ControlMessage;
}

/** A message of an optional type, PADDING among them: it counts as received and means nothing to us. */
export interface Skipped {
  readonly type: "skipped";
  readonly messageType: number;
}

export type Message =
  | Hello
  | Welcome
  | Control
  | VideoMessage
  | AudioMessage
  | Fragment
  | Ack
  | Ping
  | Pong
  | Close
  | Skipped;

/**
 * Read one tunnel message.
 *
 * @param data the whole message as the lane delivered it; media payloads of the result are views of it.
 * @param limits sizes beyond these are refused before anything is copied.
 * @throws RemoteProtocolError the bytes break PROTOCOL.md §3; `code` is `malformed`, `too_large` or
 *   `version_unsupported`.
 */
export function decode(data: Uint8Array<ArrayBuffer>, limits: WireLimits = DEFAULT_WIRE_LIMITS): Message {
  if (data.length > limits.maxMessageBytes) {
    throw new RemoteProtocolError("message over the limit", CloseCode.TOO_LARGE);
  }
  const type = data[0];
  switch (type) {
    case undefined:
      throw new RemoteProtocolError("empty message");
    case AUDIO:
      return decodeAudio(data, limits.maxFrameBytes);
    case VIDEO:
      return decodeVideo(data, limits.maxFrameBytes);
    case FRAGMENT:
      return decodeFragment(data, limits.maxMessageBytes);
    case ACK:
      return decodeAck(data);
    case PING:
      return decodePing(data);
    case PONG:
      return decodePong(data);
    case CONTROL:
      return decodeControl(data);
    case HELLO:
      return readHello(parseObject(data.subarray(1), "HELLO"));
    case WELCOME:
      return readWelcome(parseObject(data.subarray(1), "WELCOME"));
    case CLOSE:
      return readClose(parseObject(data.subarray(1), "CLOSE"));
    default:
      if (type >= FIRST_OPTIONAL_TYPE) return { type: "skipped", messageType: type };
      throw new RemoteProtocolError(`unknown required message type ${type}`);
  }
}

/**
 * Read the message that was cut into fragments.
 *
 * @throws RemoteProtocolError as `decode`; or it is neither VIDEO nor AUDIO (`malformed`).
 */
export function decodeMedia(
  data: Uint8Array<ArrayBuffer>,
  limits: WireLimits = DEFAULT_WIRE_LIMITS,
): VideoMessage | AudioMessage {
  if (data[0] !== VIDEO && data[0] !== AUDIO) {
    throw new RemoteProtocolError("fragments of something else than VIDEO and AUDIO");
  }
  return decode(data, limits) as VideoMessage | AudioMessage;
}

/** Write one tunnel message; the inverse of `decode`. A skipped one becomes an empty message of its type. */
export function encode(message: Message): Uint8Array<ArrayBuffer> {
  switch (message.type) {
    case "audio":
      return encodeAudio(message.trackId, message.frameNumber, message.frame);
    case "video":
      return encodeVideo(message.trackId, message.frameNumber, message.referenceDistance, message.frame);
    case "fragment": {
      const { dataCount, index, blockNumber, messageLength, payload } = message;
      return encodeFragment(dataCount, index, blockNumber, messageLength, payload);
    }
    case "ack":
      return encodeAck(message);
    case "ping":
      return encodePing(message);
    case "pong":
      return encodePong(message);
    case "control":
      return encodeControl(message.sequenceNumber, message.message);
    case "hello":
      return encodeJson(HELLO, writeHello(message));
    case "welcome":
      return encodeJson(WELCOME, writeWelcome(message));
    case "close":
      return encodeJson(CLOSE, writeClose(message));
    case "skipped":
      return Uint8Array.of(message.messageType);
  }
}

/** Write a CONTROL; `sequenceNumber` is 1 … 2^32-1. */
export function encodeControl(sequenceNumber: number, message: ControlMessage): Uint8Array<ArrayBuffer> {
  const data = writeObject(writeControl(message), CONTROL_HEADER_BYTES);
  const view = viewOf(data);
  view.setUint8(0, CONTROL);
  view.setUint32(1, sequenceNumber);
  return data;
}

function encodeJson(type: number, body: JsonObject): Uint8Array<ArrayBuffer> {
  const data = writeObject(body, 1);
  data[0] = type;
  return data;
}

function decodeControl(data: Uint8Array): Control {
  if (data.length < CONTROL_HEADER_BYTES) throw new RemoteProtocolError("CONTROL too short");
  const sequenceNumber = viewOf(data).getUint32(1);
  if (sequenceNumber === 0) throw new RemoteProtocolError("CONTROL numbers start at 1");
  const message = readControl(parseObject(data.subarray(CONTROL_HEADER_BYTES), "CONTROL"));
  return { type: "control", sequenceNumber, message };
}
