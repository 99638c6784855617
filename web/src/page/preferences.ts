/** What the page remembers on this device, and what its address asks for. Tokens are never stored. */

import type { CodecChoice, LaneChoice, ModeChoice, Policy, SoundProcessing } from "../sdk/index.ts";
import { POLICIES } from "../sdk/index.ts";
import { CORNERS, type Corner } from "./corners.ts";

export const QUALITIES = {
  "180p": { width: 320, height: 180, framerate: 30, maxBitrateBps: 250_000 },
  "360p": { width: 640, height: 360, framerate: 30, maxBitrateBps: 800_000 },
  "720p": { width: 1280, height: 720, framerate: 30, maxBitrateBps: 1_700_000 },
  "1080p": { width: 1920, height: 1080, framerate: 30, maxBitrateBps: 3_000_000 },
} as const;
/** How large pictures to send, at best. */
export type Quality = keyof typeof QUALITIES;

/** Remembered from call to call. */
export interface Preferences extends SoundProcessing {
  readonly name: string;
  readonly room: string;
  readonly mode: ModeChoice;
  readonly codecs: CodecChoice;
  readonly quality: Quality;
  readonly cameraOn: boolean;
  readonly microphoneOn: boolean;
  readonly cameraId: string;
  readonly microphoneId: string;
  readonly speakerId: string;
  /** Empty: as the system. */
  readonly colours: "" | "light" | "dark";
  readonly selfCorner: Corner;
  readonly selfMinimised: boolean;
}

/** What the address asks for: `?room=…&name=…&token=…&autojoin=1&mode=…&codecs=…&quality=…`; docs/call-page.md has the list. */
export interface AddressRequest {
  readonly room: string | null;
  readonly name: string | null;
  readonly token: string | null;
  readonly mode: ModeChoice | null;
  /** Which rungs of the ladder may be used, instead of what `mode` says. Never remembered. */
  readonly policy: Policy | null;
  readonly codecs: CodecChoice | null;
  readonly quality: Quality | null;
  /** The most bits per second that the camera may take, instead of what fits its quality. Never remembered. */
  readonly bitrateBps: number | null;
  /** How many connections to hold; null: as the path demands. Never remembered. */
  readonly lanes: number | null;
  /** The kind of connections. Never remembered. */
  readonly lane: LaneChoice;
  /** Native: how to go. Never remembered. */
  readonly ice: RTCIceTransportPolicy | null;
  readonly autojoin: boolean;
}

const KEY = "wsmedia.preferences";

export const DEFAULTS: Preferences = {
  name: "",
  room: "",
  mode: "auto",
  codecs: "auto",
  quality: "720p",
  cameraOn: true,
  microphoneOn: true,
  cameraId: "",
  microphoneId: "",
  speakerId: "",
  echoCancellation: true,
  noiseSuppression: true,
  autoGainControl: true,
  colours: "",
  selfCorner: "bottom-right",
  selfMinimised: false,
};

/** The remembered preferences; whatever is missing, broken or of an older version falls back to its default. */
export function readPreferences(stored: string | null): Preferences {
  let parsed: unknown = null;
  try {
    parsed = JSON.parse(stored ?? "null");
  } catch {
    return DEFAULTS;
  }
  if (typeof parsed !== "object" || parsed === null) return DEFAULTS;
  const known = parsed as Partial<Record<keyof Preferences, unknown>>;
  const entries = Object.entries(DEFAULTS).map(([name, fallback]) => {
    const value = known[name as keyof Preferences];
    return [name, typeof value === typeof fallback ? value : fallback];
  });
  const read = Object.fromEntries(entries) as Preferences;
  return {
    ...read,
    mode: modeOf(read.mode) ?? DEFAULTS.mode,
    codecs: codecsOf(read.codecs) ?? DEFAULTS.codecs,
    quality: qualityOf(read.quality) ?? DEFAULTS.quality,
    colours: read.colours === "light" || read.colours === "dark" ? read.colours : "",
    selfCorner: CORNERS.includes(read.selfCorner) ? read.selfCorner : DEFAULTS.selfCorner,
  };
}

/** What an address's query asks for. */
export function readAddress(search: string): AddressRequest {
  const query = new URLSearchParams(search);
  const text = (name: string) => query.get(name)?.trim() || null;
  return {
    room: text("room"),
    name: text("name"),
    token: text("token"),
    mode: modeOf(query.get("mode")),
    policy: policyOf(query.get("policy")),
    codecs: codecsOf(query.get("codecs")),
    quality: qualityOf(query.get("quality")),
    bitrateBps: bitrateOf(query.get("bitrate")),
    lanes: lanesOf(query.get("lanes")),
    lane: laneOf(query.get("lane")),
    ice: iceOf(query.get("ice")),
    autojoin: query.get("autojoin") === "1",
  };
}

/** Whether the protocol allows such a room name (PROTOCOL.md §3.1). */
export const isRoomName = (room: string): boolean => /^[A-Za-z0-9._~-]{1,64}$/.test(room);

export function loadPreferences(): Preferences {
  try {
    return readPreferences(localStorage.getItem(KEY));
  } catch {
    return DEFAULTS;
  }
}

export function savePreferences(preferences: Preferences): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(preferences));
  } catch {
    // Private windows may have no storage; then nothing is remembered.
  }
}

function modeOf(value: string | null): ModeChoice | null {
  return value === "auto" || value === "tunnel" || value === "native" ? value : null;
}

function policyOf(value: string | null): Policy | null {
  return POLICIES.find((known) => known === value) ?? null;
}

function codecsOf(value: string | null): CodecChoice | null {
  return value === "auto" || value === "webcodecs" || value === "wasm" ? value : null;
}

function bitrateOf(value: string | null): number | null {
  return value !== null && /^([5-9][0-9]|[1-9][0-9]{2,3}|10000)$/.test(value) ? 1000 * Number(value) : null;
}

function lanesOf(value: string | null): number | null {
  return value !== null && /^([1-9]|[12][0-9]|3[0-2])$/.test(value) ? Number(value) : null;
}

function laneOf(value: string | null): LaneChoice {
  return value === "websocket" || value === "http-stream" || value === "http-poll" ? value : "auto";
}

function iceOf(value: string | null): RTCIceTransportPolicy | null {
  return value === "relay" || value === "all" ? value : null;
}

function qualityOf(value: string | null): Quality | null {
  return value !== null && Object.hasOwn(QUALITIES, value) ? (value as Quality) : null;
}
