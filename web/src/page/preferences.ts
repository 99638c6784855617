/** What the page remembers on this device, and what its address asks for. Tokens are never stored. */

import type { CallMode } from "../room/call.ts";

export const QUALITIES = {
  "180p": { width: 320, height: 180, framerate: 30, maxBitrateBps: 250_000 },
  "360p": { width: 640, height: 360, framerate: 30, maxBitrateBps: 800_000 },
  "720p": { width: 1280, height: 720, framerate: 30, maxBitrateBps: 1_700_000 },
  "1080p": { width: 1920, height: 1080, framerate: 30, maxBitrateBps: 3_000_000 },
} as const;
/** How large pictures to send, at best. */
export type Quality = keyof typeof QUALITIES;

/** Remembered from call to call. */
export interface Preferences {
  readonly name: string;
  readonly room: string;
  readonly mode: CallMode;
  readonly quality: Quality;
  readonly cameraOn: boolean;
  readonly microphoneOn: boolean;
  readonly cameraId: string;
  readonly microphoneId: string;
  readonly speakerId: string;
  /** Empty: as the system. */
  readonly colours: "" | "light" | "dark";
}

/** What the address asks for: `?room=…&name=…&token=…&autojoin=1&mode=tunnel|native&quality=360p`. */
export interface AddressRequest {
  readonly room: string | null;
  readonly name: string | null;
  readonly token: string | null;
  readonly mode: CallMode | null;
  readonly quality: Quality | null;
  readonly autojoin: boolean;
}

const KEY = "wsmedia.preferences";

export const DEFAULTS: Preferences = {
  name: "",
  room: "",
  mode: "tunnel",
  quality: "720p",
  cameraOn: true,
  microphoneOn: true,
  cameraId: "",
  microphoneId: "",
  speakerId: "",
  colours: "",
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
    quality: qualityOf(read.quality) ?? DEFAULTS.quality,
    colours: read.colours === "light" || read.colours === "dark" ? read.colours : "",
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
    quality: qualityOf(query.get("quality")),
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

function modeOf(value: string | null): CallMode | null {
  return value === "tunnel" || value === "native" ? value : null;
}

function qualityOf(value: string | null): Quality | null {
  return value !== null && Object.hasOwn(QUALITIES, value) ? (value as Quality) : null;
}
