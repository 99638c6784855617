/** What a tile shows, worked out from what the room says of somebody. */

import type { RemoteParticipant, RemoteTrack } from "../sdk/index.ts";
import { codecName } from "./figures.ts";
import { strings } from "./strings.ts";

/** What a tile shows, whether it is ours or somebody else's, a person or a screen. */
export interface TileState {
  /** Whose it is; the initials are those of the name. */
  readonly name: string;
  /** What stands on the tile. */
  readonly label: string;
  readonly microphoneOn: boolean;
  readonly cameraOn: boolean;
  /** Where the picture is; null for initials. */
  readonly surface: HTMLElement | null;
  readonly live: boolean;
  readonly fit: "cover" | "contain";
  /** Why there is no picture although the camera is on; empty for no reason. */
  readonly problem: string;
  readonly paused: boolean;
}

/** Somebody's camera and microphone. */
export function personTile(person: RemoteParticipant): TileState {
  const name = person.name || strings.call.someone;
  const microphone = person.track("microphone");
  return {
    ...pictureOf(person.track("camera"), name),
    name,
    label: name,
    microphoneOn: microphone !== null && !microphone.muted,
    fit: "cover",
  };
}

/** Somebody's screen. */
export function screenTile(person: RemoteParticipant, track: RemoteTrack): TileState {
  const name = person.name || strings.call.someone;
  return {
    ...pictureOf(track, name),
    name,
    label: strings.call.screenOf(name),
    microphoneOn: true,
    fit: "contain",
  };
}

/** Our own camera. @param surface the preview, or null while the camera is off. */
export function selfTile(name: string, microphoneOn: boolean, surface: HTMLElement | null): TileState {
  const label = strings.call.youNamed(name);
  return { ...ownPicture(surface), name, label, microphoneOn, fit: "cover" };
}

/** Our own screen. */
export function ownScreenTile(name: string, surface: HTMLElement): TileState {
  return { ...ownPicture(surface), name, label: strings.call.yourScreen, microphoneOn: true, fit: "contain" };
}

function ownPicture(surface: HTMLElement | null) {
  return { cameraOn: surface !== null, surface, live: surface !== null, problem: "", paused: false };
}

function pictureOf(track: RemoteTrack | null, name: string) {
  return {
    cameraOn: track !== null && !track.muted,
    surface: track?.surface ?? null,
    live: track?.live ?? false,
    problem: track?.problem === "cannotDecode" ? strings.call.cannotShow(name, codecName(track.codec)) : "",
    paused: track?.paused ?? false,
  };
}
