/**
 * The bodies of CONTROL: one shape per `type`, and their union (PROTOCOL.md §3.3).
 *
 * The session engine numbers, repeats and orders them; applications on both sides of the tunnel read and write them.
 */

import { RemoteProtocolError } from "../base/errors.ts";
import { CODECS, kindOf, type Participant, type Track } from "../base/media.ts";
import { type JsonObject, readBoolean, readInteger, readObject, readString, readWord } from "./json.ts";
import { readOpaque, readTrackId } from "./messages.ts";

const U16 = 0xffff;
const U32 = 0xffffffff;

/** Everything that may be sent. */
export type KnownControl =
  | { readonly type: "publish"; readonly track: Track }
  | { readonly type: "publish_rejected"; readonly trackId: number; readonly reason: string }
  | { readonly type: "unpublish"; readonly trackId: number }
  | { readonly type: "mute"; readonly trackId: number; readonly muted: boolean }
  | { readonly type: "pause"; readonly trackId: number; readonly paused: boolean }
  | { readonly type: "participant_joined"; readonly participant: Participant }
  | { readonly type: "participant_left"; readonly participantId: string }
  | { readonly type: "track_added"; readonly participantId: string; readonly track: Track }
  | { readonly type: "track_removed"; readonly trackId: number }
  | { readonly type: "track_muted"; readonly trackId: number; readonly muted: boolean }
  | {
      readonly type: "room_state";
      readonly state: "connecting" | "connected" | "reconnecting";
      readonly reason: string;
    }
  | { readonly type: "keyframe_request"; readonly trackId: number }
  | { readonly type: "target_bitrate"; readonly trackId: number; readonly bitrateBps: number }
  | { readonly type: "lanes"; readonly wanted: number };

/** A CONTROL of a type that a newer peer knows: it keeps its place in the sequence and is otherwise ignored. */
export interface UnknownControl {
  readonly type: "unknown";
  readonly unknownType: string;
}

/** Everything that may be received. */
export type ControlMessage = KnownControl | UnknownControl;

/** Types that only a client sends; from a gateway they are malformed. */
export const UPLINK_ONLY: ReadonlySet<string> = new Set<KnownControl["type"]>([
  "publish",
  "unpublish",
  "mute",
  "pause",
]);

/** Types that only a gateway sends; from a client they are malformed. */
export const DOWNLINK_ONLY: ReadonlySet<string> = new Set<KnownControl["type"]>([
  "publish_rejected",
  "participant_joined",
  "participant_left",
  "track_added",
  "track_removed",
  "track_muted",
  "room_state",
  "lanes",
]);

function readTrack(object: JsonObject): Track {
  const track = readObject(object, "track");
  const codec = readWord(track, "codec", CODECS);
  if (readWord(track, "kind", ["audio", "video"]) !== kindOf(codec)) {
    throw new RemoteProtocolError(`codec ${codec} is not of that kind`);
  }
  return {
    trackId: readTrackId(track),
    codec,
    source: readWord(track, "source", ["microphone", "camera", "screen"]),
    muted: readBoolean(track, "muted", false),
  };
}

const writeTrack = (track: Track): JsonObject => ({
  track_id: track.trackId,
  kind: kindOf(track.codec),
  codec: track.codec,
  source: track.source,
  muted: track.muted,
});

const readReason = (object: JsonObject, fallback?: string) => readString(object, "reason", 0, 512, fallback);

/** Read the body of a CONTROL; an unknown type is no error. Throws `RemoteProtocolError`. */
export function readControl(object: JsonObject): ControlMessage {
  const type = readString(object, "type", 0, Number.POSITIVE_INFINITY);
  switch (type) {
    case "publish":
      return { type, track: readTrack(object) };
    case "publish_rejected":
      return { type, trackId: readTrackId(object), reason: readReason(object) };
    case "unpublish":
    case "track_removed":
    case "keyframe_request":
      return { type, trackId: readTrackId(object) };
    case "mute":
    case "track_muted":
      return { type, trackId: readTrackId(object), muted: readBoolean(object, "muted") };
    case "pause":
      return { type, trackId: readTrackId(object), paused: readBoolean(object, "paused") };
    case "participant_joined": {
      const participant = readObject(object, "participant");
      const participantId = readOpaque(participant, "participant_id");
      return { type, participant: { participantId, name: readString(participant, "name", 0, 256) } };
    }
    case "participant_left":
      return { type, participantId: readOpaque(object, "participant_id") };
    case "track_added":
      return { type, participantId: readOpaque(object, "participant_id"), track: readTrack(object) };
    case "room_state":
      return {
        type,
        state: readWord(object, "state", ["connecting", "connected", "reconnecting"]),
        reason: readReason(object, ""),
      };
    case "target_bitrate":
      return { type, trackId: readTrackId(object), bitrateBps: readInteger(object, "bitrate_bps", 0, U32) };
    case "lanes":
      return { type, wanted: readInteger(object, "wanted", 1, U16) };
    default:
      return { type: "unknown", unknownType: type };
  }
}

/** The body of a CONTROL. */
export function writeControl(message: ControlMessage): JsonObject {
  switch (message.type) {
    case "publish":
      return { type: message.type, track: writeTrack(message.track) };
    case "publish_rejected":
      return { type: message.type, track_id: message.trackId, reason: message.reason };
    case "unpublish":
    case "track_removed":
    case "keyframe_request":
      return { type: message.type, track_id: message.trackId };
    case "mute":
    case "track_muted":
      return { type: message.type, track_id: message.trackId, muted: message.muted };
    case "pause":
      return { type: message.type, track_id: message.trackId, paused: message.paused };
    case "participant_joined": {
      const { participantId, name } = message.participant;
      return { type: message.type, participant: { participant_id: participantId, name } };
    }
    case "participant_left":
      return { type: message.type, participant_id: message.participantId };
    case "track_added":
      return { type: message.type, participant_id: message.participantId, track: writeTrack(message.track) };
    case "room_state":
      return { type: message.type, state: message.state, reason: message.reason };
    case "target_bitrate":
      return { type: message.type, track_id: message.trackId, bitrate_bps: message.bitrateBps };
    case "lanes":
      return { type: message.type, wanted: message.wanted };
    case "unknown":
      return { type: message.unknownType };
  }
}
