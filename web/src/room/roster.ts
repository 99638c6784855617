/** Who is in the room and with what; tells the page of changes once per turn of the event loop, however many there were. */

import type { Person, PersonAudio, PersonVideo } from "./call.ts";

/** The people of one call. */
export class Roster {
  readonly #people = new Map<string, Person>();
  readonly #changed: (people: readonly Person[]) => void;
  #telling = false;

  constructor(changed: (people: readonly Person[]) => void) {
    this.#changed = changed;
  }

  get people(): readonly Person[] {
    return [...this.#people.values()];
  }

  get(participantId: string): Person | undefined {
    return this.#people.get(participantId);
  }

  /** Somebody is there; their tracks, if known already, stay. */
  join(participantId: string, name: string): void {
    const known = this.#people.get(participantId);
    this.#set(known === undefined ? { participantId, name, video: null, audio: null } : { ...known, name });
  }

  leave(participantId: string): void {
    if (this.#people.delete(participantId)) this.#tell();
  }

  clear(): void {
    this.#people.clear();
    this.#tell();
  }

  setVideo(participantId: string, video: PersonVideo | null): void {
    const person = this.#people.get(participantId);
    if (person !== undefined) this.#set({ ...person, video });
  }

  setAudio(participantId: string, audio: PersonAudio | null): void {
    const person = this.#people.get(participantId);
    if (person !== undefined) this.#set({ ...person, audio });
  }

  /** Change a track wherever it is. @returns whether anybody has it. */
  changeTrack(trackId: string, change: { muted?: boolean; live?: boolean } | null): boolean {
    for (const person of this.#people.values()) {
      if (person.video?.trackId === trackId) {
        this.#set({ ...person, video: change === null ? null : { ...person.video, ...change } });
        return true;
      }
      if (person.audio?.trackId === trackId) {
        const muted = change?.muted ?? person.audio.muted;
        this.#set({ ...person, audio: change === null ? null : { ...person.audio, muted } });
        return true;
      }
    }
    return false;
  }

  #set(person: Person): void {
    this.#people.set(person.participantId, person);
    this.#tell();
  }

  #tell(): void {
    if (this.#telling) return;
    this.#telling = true;
    queueMicrotask(() => {
      this.#telling = false;
      this.#changed(this.people);
    });
  }
}
