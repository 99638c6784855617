/**
 * Who is seen when more people are in the call than the stage has seats. People keep their seats; whoever speaks and has
 * none takes that of the one who has been silent longest. Time is an argument.
 */

/** Faces that change places faster than this are a nuisance. */
const SETTLED_MS = 2_500;

/** The seats, by participant id. */
export class Seats {
  #seated: string[] = [];
  #changedAt = -Infinity;

  /**
   * @param present everybody, in order of arrival.
   * @param capacity seats there are; with none everybody waits.
   * @param speaker who should have a seat now; null for nobody in particular.
   * @param lastSpoke when somebody was heard last, ms.
   * @param now ms.
   * @returns who is seen, seat by seat.
   */
  choose(
    present: readonly string[],
    capacity: number,
    speaker: string | null,
    lastSpoke: (id: string) => number,
    now: number,
  ): readonly string[] {
    const here = new Set(present);
    let seated = this.#seated.filter((id) => here.has(id));
    if (seated.length > capacity) seated = withoutMostSilent(seated, capacity, lastSpoke);
    for (const id of present) if (seated.length < capacity && !seated.includes(id)) seated.push(id);
    if (speaker !== null && here.has(speaker) && !seated.includes(speaker) && now - this.#changedAt > SETTLED_MS) {
      const [left] = mostSilentFirst(seated, lastSpoke);
      seated = seated.map((id) => (id === left ? speaker : id));
      this.#changedAt = now;
    }
    this.#seated = seated;
    return seated;
  }
}

function mostSilentFirst(ids: readonly string[], lastSpoke: (id: string) => number): string[] {
  // Of those who never spoke, the last one to come goes first.
  const order = new Map(ids.map((id, index) => [id, index]));
  const spoke = (id: string) => Math.max(lastSpoke(id), -1);
  return [...ids].sort((a, b) => spoke(a) - spoke(b) || (order.get(b) ?? 0) - (order.get(a) ?? 0));
}

function withoutMostSilent(ids: readonly string[], capacity: number, lastSpoke: (id: string) => number): string[] {
  const gone = new Set(mostSilentFirst(ids, lastSpoke).slice(0, ids.length - capacity));
  return ids.filter((id) => !gone.has(id));
}
