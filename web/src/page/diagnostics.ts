/**
 * `window.wsmedia`: a look at the call from the browser's console, for people who help users and for tests. Reading only;
 * nothing here changes the call.
 */

import type { PathReading, Room, RoomState, TrackReading, TrackSource, WayReading } from "../sdk/index.ts";

/** What `window.wsmedia` is. */
export interface Diagnostics {
  /** `lobby` when there is no call. */
  readonly state: RoomState | "lobby";
  readonly mode: string | null;
  /** Which rung of the ladder carries the call, why, and what is known of the others. */
  readonly way: WayReading | null;
  readonly participantId: string | null;
  readonly participants: readonly DiagnosedPerson[];
  /** Figures per track, ours and theirs. */
  readonly tracks: readonly TrackReading[];
  readonly path: PathReading | null;
  /** What is heard of somebody; connect an analyser or a recorder to it. */
  audioNode(participantId: string): AudioNode | null;
  /** What is seen of somebody: the canvas or video element. */
  surface(participantId: string, source?: TrackSource): HTMLElement | null;
}

/** Somebody else in the room. */
export interface DiagnosedPerson {
  readonly participantId: string;
  readonly name: string;
  readonly audioMuted: boolean | null;
  readonly videoMuted: boolean | null;
  readonly videoLive: boolean;
  /** Nobody could see it, so it is not sent to us. */
  readonly videoPaused: boolean;
  readonly screenLive: boolean;
}

declare global {
  interface Window {
    wsmedia?: Diagnostics;
  }
}

/** Put the hook in place. @param current gives the room that we are in. */
export function exposeDiagnostics(current: () => Room | null): void {
  const track = (participantId: string, source: TrackSource) =>
    current()
      ?.participants.find(({ id }) => id === participantId)
      ?.track(source) ?? null;
  const diagnostics: Diagnostics = {
    get state() {
      return current()?.state ?? "lobby";
    },
    get mode() {
      return current()?.mode ?? null;
    },
    get way() {
      return current()?.way ?? null;
    },
    get participantId() {
      return current()?.participantId ?? null;
    },
    get participants() {
      return (current()?.participants ?? []).map((person) => ({
        participantId: person.id,
        name: person.name,
        audioMuted: person.track("microphone")?.muted ?? null,
        videoMuted: person.track("camera")?.muted ?? null,
        videoLive: person.track("camera")?.live ?? false,
        videoPaused: person.track("camera")?.paused ?? false,
        screenLive: person.track("screen")?.live ?? false,
      }));
    },
    get tracks() {
      return current()?.trackReadings() ?? [];
    },
    get path() {
      return current()?.pathReading() ?? null;
    },
    audioNode: (participantId) => track(participantId, "microphone")?.audioNode ?? null,
    surface: (participantId, source = "camera") => track(participantId, source)?.surface ?? null,
  };
  Object.defineProperty(window, "wsmedia", { value: Object.freeze(diagnostics) });
}
