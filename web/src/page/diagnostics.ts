/**
 * `window.wsmedia`: a look at the call from the browser's console, for people who help users and for tests. Reading only;
 * nothing here changes the call.
 */

import type { Call, CallState, PathReading, TrackReading } from "../room/call.ts";

/** What `window.wsmedia` is. */
export interface Diagnostics {
  /** `lobby` when there is no call. */
  readonly state: CallState | "lobby";
  readonly mode: string | null;
  readonly participantId: string | null;
  readonly participants: readonly DiagnosedPerson[];
  /** Figures per track, ours and theirs. */
  readonly tracks: readonly TrackReading[];
  readonly path: PathReading | null;
  /** What is heard of somebody; connect an analyser or a recorder to it. */
  audioNode(participantId: string): AudioNode | null;
  /** What is seen of somebody: the canvas or video element. */
  surface(participantId: string): HTMLElement | null;
}

/** Somebody else in the room. */
export interface DiagnosedPerson {
  readonly participantId: string;
  readonly name: string;
  readonly audioMuted: boolean | null;
  readonly videoMuted: boolean | null;
  readonly videoLive: boolean;
}

declare global {
  interface Window {
    wsmedia?: Diagnostics;
  }
}

/** Put the hook in place. @param current gives the call that is going on. */
export function exposeDiagnostics(current: () => Call | null): void {
  const diagnostics: Diagnostics = {
    get state() {
      return current()?.state ?? "lobby";
    },
    get mode() {
      return current()?.mode ?? null;
    },
    get participantId() {
      return current()?.participantId ?? null;
    },
    get participants() {
      return (current()?.people ?? []).map(({ participantId, name, audio, video }) => ({
        participantId,
        name,
        audioMuted: audio?.muted ?? null,
        videoMuted: video?.muted ?? null,
        videoLive: video?.live ?? false,
      }));
    },
    get tracks() {
      return current()?.tracks() ?? [];
    },
    get path() {
      return current()?.path() ?? null;
    },
    audioNode: (participantId) => current()?.audioNode(participantId) ?? null,
    surface: (participantId) =>
      current()?.people.find((person) => person.participantId === participantId)?.video?.surface ?? null,
  };
  Object.defineProperty(window, "wsmedia", { value: Object.freeze(diagnostics) });
}
