/** Notices pictures that stand still although their camera is on. Time is an argument. */

const PATIENCE_MS = 4_000;

/** Remembers when each person's picture moved last. */
export class StallWatch {
  readonly #seen = new Map<string, { frames: number; at: number }>();

  /**
   * @param frames decoded so far; null while no picture is expected.
   * @param now ms.
   */
  isStalled(participantId: string, frames: number | null, now: number): boolean {
    if (frames === null) {
      this.#seen.delete(participantId);
      return false;
    }
    const seen = this.#seen.get(participantId);
    if (seen === undefined || seen.frames !== frames) {
      this.#seen.set(participantId, { frames, at: now });
      return false;
    }
    return now - seen.at > PATIENCE_MS;
  }
}
