/**
 * Everybody else, over one or several ways at once: while a call changes its way, ours or somebody else's, the same camera
 * arrives twice. One of the two is shown, the newer as soon as it has something to show, and only one is heard. Used by `AutoLink`.
 */

import { kindOf, type TrackSource } from "../base/media.ts";
import type { LinkEvents, LinkTrack, LinkTrackChange, RoomLink } from "./link.ts";

/** One way into the room among those of the moment. */
export interface Way {
  /** They count from 0; the tracks of the first keep their ids. */
  readonly number: number;
  readonly link: RoomLink;
}

/** The part of `LinkEvents` that is about other people. */
export type PeopleEvents = Pick<
  LinkEvents,
  "onJoined" | "onLeft" | "onTrackAdded" | "onTrackRemoved" | "onTrackChanged"
>;

/** A track as one way brings it. */
export interface Brought {
  readonly way: Way;
  /** Its id on that way. */
  readonly innerId: string;
  /** Its id for everybody above. */
  readonly id: string;
  readonly participantId: string;
  readonly source: TrackSource;
}

interface Known extends Brought {
  track: LinkTrack;
  live: boolean;
  problem: "cannotDecode" | null;
}

interface Person {
  name: string;
  readonly ways: Set<Way>;
}

/** What one participant lets see or hear with one device: by which track we get it, and by which we might. */
interface Seat {
  shown: Known;
  /** All of them in the order in which they came, the shown one included. */
  known: Known[];
  audible: boolean;
}

const idOf = (way: Way, innerId: string): string => (way.number === 0 ? innerId : `${way.number}:${innerId}`);

/** Everybody else in the room. */
export class Succession {
  readonly #events: PeopleEvents;
  readonly #people = new Map<string, Person>();
  readonly #tracks = new Map<string, Known>();
  readonly #seats = new Map<string, Seat>();
  /** What ways that are interrupted have taken back, to be believed when they are up again. */
  readonly #held = new Map<Way, Array<() => void>>();

  constructor(events: PeopleEvents) {
    this.#events = events;
  }

  /** The track that is known above by that id, if it is the one that is shown. */
  find(id: string): Brought | null {
    const track = this.#tracks.get(id);
    return track !== undefined && this.#seatOf(track)?.shown === track ? track : null;
  }

  /** By which id a way's track is known above; null if another one is shown in its place. */
  idOf(way: Way, innerId: string): string | null {
    return this.find(idOf(way, innerId))?.id ?? null;
  }

  joined(way: Way, participantId: string, name: string): void {
    const person = this.#people.get(participantId);
    if (person === undefined) this.#people.set(participantId, { name, ways: new Set([way]) });
    else {
      person.ways.add(way);
      if (name === "" || name === person.name) return;
      person.name = name;
    }
    this.#events.onJoined(participantId, name);
  }

  left(way: Way, participantId: string): void {
    if (this.#hold(way, () => this.left(way, participantId))) return;
    const person = this.#people.get(participantId);
    if (person === undefined || !person.ways.delete(way)) return;
    for (const track of this.#of(way)) if (track.participantId === participantId) this.#remove(track);
    if (person.ways.size > 0) return;
    this.#people.delete(participantId);
    this.#events.onLeft(participantId);
  }

  added(way: Way, participantId: string, added: LinkTrack): void {
    const id = idOf(way, added.id);
    const before = this.#tracks.get(id);
    if (before !== undefined) this.#remove(before);
    const { source } = added;
    const track = { ...added, id, canPause: added.canPause ?? way.link.canPause };
    const known: Known = { way, innerId: added.id, id, participantId, source, track, live: false, problem: null };
    this.#tracks.set(id, known);
    const key = seatKey(known);
    const seat = this.#seats.get(key);
    if (seat === undefined) {
      this.#seats.set(key, { shown: known, known: [known], audible: true });
      this.#events.onTrackAdded(participantId, track);
      return;
    }
    seat.known.push(known);
    if (isAudio(known)) way.link.setAudible(known.innerId, false);
    this.#consider(seat, known);
  }

  changed(way: Way, innerId: string, change: LinkTrackChange): void {
    const known = this.#tracks.get(idOf(way, innerId));
    const seat = known === undefined ? undefined : this.#seatOf(known);
    if (known === undefined || seat === undefined) return;
    known.track = { ...known.track, muted: change.muted ?? known.track.muted };
    known.live = change.live ?? known.live;
    if (change.problem !== undefined) known.problem = change.problem;
    if (seat.shown === known) {
      this.#events.onTrackChanged(known.id, change);
      // What has been switched off need not be waited for.
      for (const other of [...seat.known]) this.#consider(seat, other);
    } else this.#consider(seat, known);
  }

  removed(way: Way, innerId: string): void {
    if (this.#hold(way, () => this.removed(way, innerId))) return;
    const known = this.#tracks.get(idOf(way, innerId));
    if (known !== undefined) this.#remove(known);
  }

  /** Look which sounds have begun to arrive; call it a few times a second. */
  tick(): void {
    for (const seat of this.#seats.values()) {
      for (const known of [...seat.known]) {
        if (known === seat.shown || !isAudio(known) || known.live) continue;
        const readings = known.way.link.readings();
        known.live = readings.some(
          (one) => one.direction === "received" && one.trackId === known.innerId && one.bytes > 0,
        );
        this.#consider(seat, known);
      }
    }
  }

  /** Whether the loudspeaker plays that track, and what comes in its place. */
  setAudible(id: string, audible: boolean): void {
    const known = this.#tracks.get(id);
    const seat = known === undefined ? undefined : this.#seatOf(known);
    if (seat === undefined) return;
    seat.audible = audible;
    seat.shown.way.link.setAudible(seat.shown.innerId, audible);
  }

  /** Whether anything that is shown still comes by this way. */
  leansOn(way: Way): boolean {
    return [...this.#seats.values()].some(({ shown }) => shown.way === way);
  }

  /** The way is interrupted: what it takes back meanwhile may be there still. */
  hold(way: Way): void {
    if (!this.#held.has(way)) this.#held.set(way, []);
  }

  /** The way is up again. */
  release(way: Way): void {
    const held = this.#held.get(way) ?? [];
    this.#held.delete(way);
    for (const believe of held) believe();
  }

  /** The way is given up: all that it brought goes, where nothing else has taken its place. */
  drop(way: Way): void {
    this.#held.delete(way);
    for (const known of this.#of(way)) this.#remove(known);
    for (const [participantId, { ways }] of [...this.#people]) {
      if (ways.has(way)) this.left(way, participantId);
    }
  }

  #hold(way: Way, believe: () => void): boolean {
    const held = this.#held.get(way);
    held?.push(believe);
    return held !== undefined;
  }

  #of(way: Way): Known[] {
    return [...this.#tracks.values()].filter((known) => known.way === way);
  }

  #seatOf(known: Known): Seat | undefined {
    return this.#seats.get(seatKey(known));
  }

  /** Show a newer track if it has something to show, or if there is nothing to see anyway. */
  #consider(seat: Seat, known: Known): void {
    const newer = seat.known.indexOf(known) > seat.known.indexOf(seat.shown);
    if (newer && (known.live || known.track.muted || seat.shown.track.muted)) this.#exchange(seat, known);
  }

  #exchange(seat: Seat, known: Known): void {
    const before = seat.shown;
    seat.shown = known;
    if (isAudio(known)) before.way.link.setAudible(before.innerId, false);
    this.#show(known);
    this.#events.onTrackRemoved(before.id);
    if (isAudio(known)) known.way.link.setAudible(known.innerId, seat.audible);
  }

  #show(known: Known): void {
    const { id, live, problem } = known;
    this.#events.onTrackAdded(known.participantId, known.track);
    if (!isAudio(known) && live) this.#events.onTrackChanged(id, { live });
    if (problem !== null) this.#events.onTrackChanged(id, { problem });
  }

  #remove(known: Known): void {
    this.#tracks.delete(known.id);
    const key = seatKey(known);
    const seat = this.#seats.get(key);
    if (seat === undefined) return;
    seat.known = seat.known.filter((one) => one !== known);
    if (seat.shown !== known) return;
    const next = seat.known.at(-1);
    if (next !== undefined) {
      this.#exchange(seat, next);
      return;
    }
    this.#seats.delete(key);
    this.#events.onTrackRemoved(known.id);
  }
}

const seatKey = ({ participantId, source }: Brought): string => `${participantId}/${source}`;

const isAudio = ({ track }: Known): boolean => kindOf(track.codec) === "audio";
