/** Somebody else in the room as an object that stays the same as long as they are there. */

import type { TrackSource } from "../base/media.ts";
import type { RemoteParticipant } from "./api.ts";
import type { LiveTrack } from "./live-track.ts";

/** See `RemoteParticipant`. */
export class LiveParticipant implements RemoteParticipant {
  readonly id: string;
  #name: string;
  #tracks: readonly LiveTrack[] = [];

  constructor(id: string, name: string) {
    this.id = id;
    this.#name = name;
  }

  get name(): string {
    return this.#name;
  }

  get tracks(): readonly LiveTrack[] {
    return this.#tracks;
  }

  track(source: TrackSource): LiveTrack | null {
    // The newest counts: who starts a camera anew may end the old track later.
    return this.#tracks.findLast((track) => track.source === source) ?? null;
  }

  rename(name: string): void {
    this.#name = name;
  }

  add(track: LiveTrack): void {
    this.#tracks = [...this.#tracks, track];
  }

  remove(track: LiveTrack): void {
    this.#tracks = this.#tracks.filter((one) => one !== track);
  }
}
