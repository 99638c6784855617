/**
 * The messages whose bodies are JSON: HELLO, WELCOME, CLOSE (PROTOCOL.md §3.1, §3.2, §3.7).
 *
 * An object that was read here is valid. The session engine makes and reads them.
 */

import { CloseCode, RemoteProtocolError } from "../base/errors.ts";
import { type JsonObject, readBoolean, readInteger, readMatch, readObject, readString, readStrings } from "./json.ts";

/** The version that this implementation speaks. */
export const PROTOCOL_VERSION = 1;

const U16 = 0xffff;
const U32 = 0xffffffff;
const MAX_OPAQUE_LENGTH = 128;
const MAX_TEXT_LENGTH = 512;
const MAX_DURATION_MS = 3_600_000;
const MAX_NAME_LENGTH = 64;
/** What a gateway takes that does not say how many. */
const DEFAULT_MAX_LANES = 32;
const ROOM = /^[A-Za-z0-9._~-]{1,64}$/;
const HANDOVER = /^[0-9a-f]{32}$/;
const KEY = /^[0-9a-fA-F]{32,64}$/;
const SESSION_ID = /^[0-9a-f]{32}$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL_CHARACTERS = /[\x00-\x1f\x7f-\x9f]/;

/** Whether `text` is a session id: 32 lower-case hexadecimal digits (PROTOCOL.md §2.1). */
export const isSessionId = (text: string): boolean => SESSION_ID.test(text);

/** Whether `text` may name a room (PROTOCOL.md §3.1). */
export const isRoomName = (text: string): boolean => ROOM.test(text);

/** Whether `text`, once trimmed, may name a participant (PROTOCOL.md §3.1). */
export function isParticipantName(text: string): boolean {
  const name = text.trim();
  const length = [...name].length;
  return length >= 1 && length <= MAX_NAME_LENGTH && !CONTROL_CHARACTERS.test(name);
}

/** The codecs that a client can decode, by kind; names that we do not know are kept and ignored. */
export interface Capabilities {
  readonly audio: readonly string[];
  readonly video: readonly string[];
}

/** The first message on every lane, from the client (PROTOCOL.md §3.1). */
export interface Hello {
  readonly type: "hello";
  readonly laneId: number;
  readonly key: string;
  readonly room: string;
  /** Trimmed. */
  readonly name: string;
  readonly laneKind: string;
  readonly resume: boolean;
  readonly token: string | null;
  /** The participant's handover secret; null when this is their only connection. */
  readonly handover: string | null;
  readonly controlReceived: number;
  readonly client: string;
  readonly capabilities: Capabilities;
  readonly version: number;
}

/** What the gateway accepts on the uplink, and how many lanes at once; exceeding it ends the session. */
export interface WelcomeLimits {
  readonly maxMessageBytes: number;
  readonly maxFrameBytes: number;
  readonly maxTracks: number;
  readonly maxBytesPerSecond: number;
  readonly maxMessagesPerSecond: number;
  readonly maxLanes: number;
}

/** The gateway's answer to HELLO, first on its side of the lane (PROTOCOL.md §3.2). */
export interface Welcome {
  readonly type: "welcome";
  readonly laneId: number;
  readonly resumed: boolean;
  readonly participantId: string;
  readonly limits: WelcomeLimits;
  readonly controlReceived: number;
  readonly resumeWindowMs: number;
  readonly idleTimeoutMs: number;
  readonly server: string;
  readonly version: number;
}

/** The end of the session (PROTOCOL.md §3.7). */
export interface Close {
  readonly type: "close";
  /** A `CloseCode` or, from a newer peer, another number of 4000 … 4999. */
  readonly code: number;
  /** The word of the code. */
  readonly reason: string;
  /** A sentence for people. */
  readonly detail: string;
}

/** An identifier or a short self-description: never parsed, only compared or shown. */
export const readOpaque = (object: JsonObject, key: string, fallback?: string): string =>
  readString(object, key, 1, MAX_OPAQUE_LENGTH, fallback);

/** A track id, 0–65535. */
export const readTrackId = (object: JsonObject): number => readInteger(object, "track_id", 0, U16);

/** Look at the version before anything else: another version may have other members. */
function checkVersion(object: JsonObject): void {
  const version = readInteger(object, "version", Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);
  if (version !== PROTOCOL_VERSION) {
    throw new RemoteProtocolError("version not supported", CloseCode.VERSION_UNSUPPORTED);
  }
}

/** Read the body of a HELLO. Throws `RemoteProtocolError`. */
export function readHello(object: JsonObject): Hello {
  checkVersion(object);
  const name = readString(object, "name", 0, Number.POSITIVE_INFINITY);
  if (!isParticipantName(name)) throw new RemoteProtocolError("name must have 1 to 64 ordinary characters");
  const token = object.token;
  const capabilities = object.capabilities === undefined ? {} : readObject(object, "capabilities");
  return {
    type: "hello",
    laneId: readInteger(object, "lane_id", 0, U16),
    key: readMatch(object, "key", KEY),
    room: readMatch(object, "room", ROOM),
    name: name.trim(),
    laneKind: readOpaque(object, "lane_kind", "websocket"),
    resume: readBoolean(object, "resume", false),
    token: token === undefined || token === null ? null : readString(object, "token", 0, Number.POSITIVE_INFINITY),
    handover:
      object.handover === undefined || object.handover === null ? null : readMatch(object, "handover", HANDOVER),
    controlReceived: readInteger(object, "control_received", 0, U32, 0),
    client: readOpaque(object, "client", "wsmedia"),
    capabilities: { audio: readStrings(capabilities, "audio"), video: readStrings(capabilities, "video") },
    version: PROTOCOL_VERSION,
  };
}

/** The body of a HELLO. */
export const writeHello = (hello: Hello): JsonObject => ({
  lane_id: hello.laneId,
  key: hello.key,
  room: hello.room,
  name: hello.name,
  lane_kind: hello.laneKind,
  resume: hello.resume,
  token: hello.token,
  handover: hello.handover,
  control_received: hello.controlReceived,
  client: hello.client,
  capabilities: { audio: hello.capabilities.audio, video: hello.capabilities.video },
  version: hello.version,
});

/** Read the body of a WELCOME. Throws `RemoteProtocolError`. */
export function readWelcome(object: JsonObject): Welcome {
  checkVersion(object);
  const limits = readObject(object, "limits");
  const limit = (key: string, min: number, fallback?: number) =>
    readInteger(limits, key, min, Number.POSITIVE_INFINITY, fallback);
  return {
    type: "welcome",
    laneId: readInteger(object, "lane_id", 0, U16),
    resumed: readBoolean(object, "resumed"),
    participantId: readOpaque(object, "participant_id"),
    limits: {
      maxMessageBytes: limit("max_message_bytes", 1),
      maxFrameBytes: limit("max_frame_bytes", 1),
      maxTracks: limit("max_tracks", 0),
      maxBytesPerSecond: limit("max_bytes_per_second", 1),
      maxMessagesPerSecond: limit("max_messages_per_second", 1),
      maxLanes: limit("max_lanes", 1, DEFAULT_MAX_LANES),
    },
    controlReceived: readInteger(object, "control_received", 0, U32, 0),
    resumeWindowMs: readInteger(object, "resume_window_ms", 0, MAX_DURATION_MS, 30_000),
    idleTimeoutMs: readInteger(object, "idle_timeout_ms", 1, MAX_DURATION_MS, 15_000),
    server: readOpaque(object, "server", "wsmedia"),
    version: PROTOCOL_VERSION,
  };
}

/** The body of a WELCOME. */
export const writeWelcome = (welcome: Welcome): JsonObject => ({
  lane_id: welcome.laneId,
  resumed: welcome.resumed,
  participant_id: welcome.participantId,
  limits: {
    max_message_bytes: welcome.limits.maxMessageBytes,
    max_frame_bytes: welcome.limits.maxFrameBytes,
    max_tracks: welcome.limits.maxTracks,
    max_bytes_per_second: welcome.limits.maxBytesPerSecond,
    max_messages_per_second: welcome.limits.maxMessagesPerSecond,
    max_lanes: welcome.limits.maxLanes,
  },
  control_received: welcome.controlReceived,
  resume_window_ms: welcome.resumeWindowMs,
  idle_timeout_ms: welcome.idleTimeoutMs,
  server: welcome.server,
  version: welcome.version,
});

/** Read the body of a CLOSE. Throws `RemoteProtocolError`. */
export const readClose = (object: JsonObject): Close => ({
  type: "close",
  code: readInteger(object, "code", 4000, 4999),
  reason: readString(object, "reason", 0, MAX_TEXT_LENGTH, ""),
  detail: readString(object, "detail", 0, MAX_TEXT_LENGTH, ""),
});

/** The body of a CLOSE. */
export const writeClose = (close: Close): JsonObject => ({
  code: close.code,
  reason: close.reason,
  detail: close.detail,
});
