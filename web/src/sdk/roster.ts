/** Who is in the room and with what: keeps the objects, and tells of what comes, changes and goes. */

import type { LinkTrack, LinkTrackChange } from "../room/link.ts";
import type { RoomEventMap } from "./api.ts";
import { LiveParticipant } from "./live-participant.ts";
import { LiveTrack, type TrackLink } from "./live-track.ts";

/** The room's events that are about other people. */
export type RosterEvent = "participantjoined" | "participantleft" | "trackadded" | "trackremoved" | "trackchange";
/** Dispatches one of them. */
export type TellRoster = <Type extends RosterEvent>(type: Type, detail: RoomEventMap[Type]) => void;

interface Entry {
  readonly participant: LiveParticipant;
  readonly track: LiveTrack;
}

/** Everybody else in one room. */
export class Roster {
  readonly #link: () => TrackLink;
  readonly #tell: TellRoster;
  readonly #participants = new Map<string, LiveParticipant>();
  readonly #tracks = new Map<string, Entry>();

  constructor(link: () => TrackLink, tell: TellRoster) {
    this.#link = link;
    this.#tell = tell;
  }

  get participants(): readonly LiveParticipant[] {
    return [...this.#participants.values()];
  }

  /** The track of that id and its owner. */
  find(trackId: string): Entry | null {
    return this.#tracks.get(trackId) ?? null;
  }

  /** Somebody is there; again, if their name was not known before. */
  join(participantId: string, name: string): LiveParticipant {
    const known = this.#participants.get(participantId);
    if (known !== undefined) {
      known.rename(name);
      return known;
    }
    const participant = new LiveParticipant(participantId, name);
    this.#participants.set(participantId, participant);
    this.#tell("participantjoined", { participant });
    return participant;
  }

  leave(participantId: string): void {
    const participant = this.#participants.get(participantId);
    if (participant === undefined) return;
    for (const track of participant.tracks) this.removeTrack(track.id);
    this.#participants.delete(participantId);
    this.#tell("participantleft", { participant });
  }

  addTrack(participantId: string, added: LinkTrack): LiveTrack {
    this.removeTrack(added.id);
    const participant = this.#participants.get(participantId) ?? this.join(participantId, "");
    const track: LiveTrack = new LiveTrack(added, this.#link(), () =>
      this.#tell("trackchange", { participant, track }),
    );
    this.#tracks.set(track.id, { participant, track });
    participant.add(track);
    this.#tell("trackadded", { participant, track });
    return track;
  }

  changeTrack(trackId: string, change: LinkTrackChange): void {
    const entry = this.#tracks.get(trackId);
    if (entry?.track.change(change)) this.#tell("trackchange", entry);
  }

  removeTrack(trackId: string): void {
    const entry = this.#tracks.get(trackId);
    if (entry === undefined) return;
    this.#tracks.delete(trackId);
    entry.track.close();
    entry.participant.remove(entry.track);
    this.#tell("trackremoved", entry);
  }

  /** Everybody is gone. */
  clear(): void {
    for (const participantId of [...this.#participants.keys()]) this.leave(participantId);
  }
}
