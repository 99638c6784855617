/** Remembers, for each gateway, which kind of lane worked the last time, so that it is tried at once the next time. */

import { LANE_KINDS, type LaneKind } from "./lane-kinds.ts";

const KEY = "wsmedia.lanes";
/** Gateways that are remembered; beyond that the oldest is forgotten. */
const MOST_GATEWAYS = 20;

/** The part of `localStorage` that is used. */
export type StorageLike = Pick<Storage, "getItem" | "setItem">;

/** What worked with which gateway. Where nothing can be stored, as in private windows, nothing is remembered. */
export class LaneMemory {
  readonly #storage: () => StorageLike;

  /** @param storage may throw. */
  constructor(storage: () => StorageLike = () => localStorage) {
    this.#storage = storage;
  }

  /** What worked with the gateway at that address; null if nothing is known, or WebSockets did. */
  recall(url: string): LaneKind | null {
    const kind = this.#read()[originOf(url)];
    return LANE_KINDS.find((known) => known === kind) ?? null;
  }

  /** This kind works with the gateway at that address. */
  remember(url: string, kind: LaneKind): void {
    const origin = originOf(url);
    const { [origin]: before, ...others } = this.#read();
    if (before === (kind === "websocket" ? undefined : kind)) return;
    const entries = Object.entries(kind === "websocket" ? others : { ...others, [origin]: kind });
    try {
      this.#storage().setItem(KEY, JSON.stringify(Object.fromEntries(entries.slice(-MOST_GATEWAYS))));
    } catch {
      // Nothing is remembered then.
    }
  }

  #read(): Readonly<Record<string, unknown>> {
    try {
      const stored: unknown = JSON.parse(this.#storage().getItem(KEY) ?? "{}");
      return typeof stored === "object" && stored !== null ? (stored as Record<string, unknown>) : {};
    } catch {
      return {};
    }
  }
}

const originOf = (url: string): string => new URL(url).host;
