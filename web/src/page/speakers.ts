/** Who speaks, from levels that jump about: a ring that does not flicker, and who had the word lately. Time is an argument. */

/** Louder than this begins a speech, softer than that may end it; 0 … 1 as the room's levels. */
const BEGIN = 0.25;
const GO_ON = 0.14;
/** Pauses between words are shorter. */
const HOLD_MS = 700;
/** "Lately": the time in which a loudness loses two thirds of its weight. */
const MEMORY_MS = 2_000;

interface Voice {
  speaking: boolean;
  /** When it was loud enough to go on, ms. */
  lastLoud: number;
  /** The loudness of the last seconds, 0 … 1. */
  recent: number;
  at: number;
}

/** Remembers everybody's loudness. */
export class Speakers {
  readonly #voices = new Map<string, Voice>();

  /** @param levels by participant id, 0 … 1; who is missing is silent. @param now ms. */
  update(levels: ReadonlyMap<string, number>, now: number): void {
    for (const id of levels.keys()) {
      if (!this.#voices.has(id)) this.#voices.set(id, { speaking: false, lastLoud: -Infinity, recent: 0, at: now });
    }
    for (const [id, voice] of this.#voices) {
      const level = levels.get(id) ?? 0;
      if (level > (voice.speaking ? GO_ON : BEGIN)) {
        voice.speaking = true;
        voice.lastLoud = now;
      } else if (now - voice.lastLoud > HOLD_MS) voice.speaking = false;
      const weight = Math.exp(-(now - voice.at) / MEMORY_MS);
      voice.recent = voice.recent * weight + level * (1 - weight);
      voice.at = now;
    }
  }

  /** Somebody is gone. */
  forget(id: string): void {
    this.#voices.delete(id);
  }

  isSpeaking(id: string): boolean {
    return this.#voices.get(id)?.speaking ?? false;
  }

  /** When somebody was heard last, ms; −∞ for never. */
  lastSpoke(id: string): number {
    return this.#voices.get(id)?.lastLoud ?? -Infinity;
  }

  /** Who of these speaks and was the loudest of the last seconds; null if nobody speaks. */
  loudest(ids: Iterable<string>): string | null {
    let best: string | null = null;
    let loudness = 0;
    for (const id of ids) {
      const voice = this.#voices.get(id);
      if (voice?.speaking !== true || voice.recent <= loudness) continue;
      best = id;
      loudness = voice.recent;
    }
    return best;
  }
}
