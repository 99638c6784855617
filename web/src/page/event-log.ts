/** What happened in a call, for the report: kinds and times, and nobody's name. Bounded: the oldest entry goes. */

const MOST_EVENTS = 200;

/** Plain words and numbers only: they go into a file that is passed on. */
export type EventDetail = Readonly<Record<string, string | number | boolean | null>>;

/** Something that happened. */
export interface LoggedEvent {
  /** Seconds since the log began. */
  readonly at: number;
  readonly kind: string;
  readonly detail: EventDetail;
}

/** Gathers events; people are called `participant 1`, `participant 2` … in order of appearance. */
export class EventLog {
  readonly #began: number;
  readonly #aliases = new Map<string, string>();
  #events: LoggedEvent[] = [];

  /** @param now ms. */
  constructor(now: number) {
    this.#began = now;
  }

  /** The oldest first. */
  get events(): readonly LoggedEvent[] {
    return this.#events;
  }

  /** @param now ms. */
  add(kind: string, detail: EventDetail, now: number): void {
    this.#events.push({ at: Math.round(now - this.#began) / 1000, kind, detail });
    if (this.#events.length > MOST_EVENTS) this.#events.shift();
  }

  /** What to call somebody in the report. */
  alias(participantId: string): string {
    let alias = this.#aliases.get(participantId);
    if (alias === undefined) {
      alias = `participant ${this.#aliases.size + 1}`;
      this.#aliases.set(participantId, alias);
    }
    return alias;
  }
}
