/** What happens in a room of the embedded SFU, for native participants: `GET /v1/rooms/{room}/events`, typed. */

import { CODECS, type Participant, type Track } from "../base/media.ts";
import { eventsOf, type ServerEvent } from "./event-stream.ts";
import { type Gateway, request } from "./http.ts";

/** One thing that happened; at first everything that is there, then `ready`. */
export type RoomEvent =
  | { readonly type: "ready" }
  | { readonly type: "participantJoined"; readonly participant: Participant }
  | { readonly type: "participantLeft"; readonly participantId: string }
  | { readonly type: "trackAdded"; readonly participantId: string; readonly track: Track }
  | { readonly type: "trackRemoved"; readonly participantId: string; readonly trackId: number }
  | {
      readonly type: "trackMuted";
      readonly participantId: string;
      readonly trackId: number;
      readonly muted: boolean;
    };

/** Watch a room until the server ends the stream or `signal` does. Events of unknown kinds are skipped. */
export async function* watchRoom(gateway: Gateway, room: string, signal: AbortSignal): AsyncGenerator<RoomEvent> {
  const headers = { Accept: "text/event-stream" };
  const path = `v1/rooms/${encodeURIComponent(room)}/events`;
  const response = await request(gateway, path, { headers, signal, cache: "no-store" });
  for await (const event of eventsOf(response)) {
    const known = roomEventOf(event);
    if (known !== null) yield known;
  }
}

/** The typed form of an event; null if it is of another kind or broken. */
export function roomEventOf({ event, data }: ServerEvent): RoomEvent | null {
  let body: unknown;
  try {
    body = JSON.parse(data);
  } catch {
    return null;
  }
  if (event === "ready") return { type: "ready" };
  const participantId = text(body, "participant_id");
  if (participantId === null) return null;
  const trackId = number(body, "track_id");
  switch (event) {
    case "participant_joined":
      return { type: "participantJoined", participant: { participantId, name: text(body, "name") ?? "" } };
    case "participant_left":
      return { type: "participantLeft", participantId };
    case "track_added": {
      const track = trackOf(member(body, "track"));
      return track === null ? null : { type: "trackAdded", participantId, track };
    }
    case "track_removed":
      return trackId === null ? null : { type: "trackRemoved", participantId, trackId };
    case "track_muted":
      return trackId === null
        ? null
        : { type: "trackMuted", participantId, trackId, muted: member(body, "muted") === true };
    default:
      return null;
  }
}

function trackOf(body: unknown): Track | null {
  const trackId = number(body, "track_id");
  const codec = CODECS.find((known) => known === text(body, "codec"));
  const source = text(body, "source");
  if (trackId === null || codec === undefined) return null;
  const known = source === "screen" || source === "microphone" ? source : "camera";
  return { trackId, codec, source: known, muted: member(body, "muted") === true };
}

function member(body: unknown, name: string): unknown {
  return typeof body === "object" && body !== null ? (body as Record<string, unknown>)[name] : undefined;
}

function text(body: unknown, name: string): string | null {
  const value = member(body, name);
  return typeof value === "string" ? value : null;
}

function number(body: unknown, name: string): number | null {
  const value = member(body, name);
  return typeof value === "number" ? value : null;
}
