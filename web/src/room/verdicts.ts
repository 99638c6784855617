/** Which rung won on which network, remembered in the browser; tried first the next time. Used by `AutoLink`. */

import { NATIVE_RUNGS, type Rung } from "./vocabulary.ts";

/** The part of `Storage` that is needed. */
export type VerdictStorage = Pick<Storage, "getItem" | "setItem">;

const KEY = "wsmedia.verdicts";
const DAYS_30_MS = 30 * 24 * 3600 * 1000;
/** Networks that are remembered; the oldest is forgotten. */
const MOST = 50;

interface Verdict {
  readonly rung: Rung;
  readonly at: number;
}

/** The verdicts about one gateway. */
export class Verdicts {
  readonly #storage: VerdictStorage | null;
  readonly #origin: string;

  /** @param url the gateway's base address. */
  constructor(url: string, storage: VerdictStorage | null = storageOf()) {
    this.#storage = storage;
    this.#origin = new URL(url).origin;
  }

  /** @param network as the gateway names it. @param nowMs since the epoch. @returns null when nothing is known. */
  get(network: string, nowMs: number): Rung | null {
    const verdict = this.#read().get(this.#key(network));
    return verdict !== undefined && nowMs - verdict.at < DAYS_30_MS ? verdict.rung : null;
  }

  /** @param rung null: what was known is not true any more. */
  set(network: string, rung: Rung | null, nowMs: number): void {
    const verdicts = this.#read();
    verdicts.delete(this.#key(network));
    if (rung !== null) verdicts.set(this.#key(network), { rung, at: nowMs });
    const kept = [...verdicts].filter(([, { at }]) => nowMs - at < DAYS_30_MS).slice(-MOST);
    try {
      this.#storage?.setItem(KEY, JSON.stringify(Object.fromEntries(kept)));
    } catch {
      // Private windows may have no storage; then nothing is remembered.
    }
  }

  #key(network: string): string {
    return `${this.#origin} ${network}`;
  }

  #read(): Map<string, Verdict> {
    let parsed: unknown = null;
    try {
      parsed = JSON.parse(this.#storage?.getItem(KEY) ?? "null");
    } catch {
      // Somebody else's, or broken: as if nothing were known.
    }
    if (typeof parsed !== "object" || parsed === null) return new Map();
    return new Map(Object.entries(parsed).filter((entry): entry is [string, Verdict] => isVerdict(entry[1])));
  }
}

function isVerdict(value: unknown): value is Verdict {
  const { rung, at } = (value ?? {}) as { rung?: unknown; at?: unknown };
  return typeof at === "number" && [...NATIVE_RUNGS, "tunnel"].some((known) => known === rung);
}

function storageOf(): VerdictStorage | null {
  try {
    return globalThis.localStorage ?? null;
  } catch {
    return null;
  }
}
