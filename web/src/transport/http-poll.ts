/**
 * The polled download of an HTTP lane (PROTOCOL.md §2.3): two requests are outstanding, and each is answered as soon as there
 * is something. Answers count in the order of their numbers, whichever comes first.
 */

import { seconds } from "../base/time.ts";
import type { Download, DownloadEvents } from "./http-lane.ts";
import { ABNORMAL, endOf, RequestError, type UploadWorld } from "./http-upload.ts";

const OUTSTANDING = 2;
/** The gateway answers within eight seconds. */
const ANSWER_TIMEOUT = seconds(12);
const RETRY_DELAY = seconds(0.1);

/** The polls of one lane. */
export class HttpPolls implements Download {
  readonly #url: string;
  readonly #world: UploadWorld;
  readonly #events: DownloadEvents;
  readonly #abort = new AbortController();
  readonly #early = new Map<number, Uint8Array<ArrayBuffer>>();
  #nextToAsk = 0;
  #nextToTake = 0;

  constructor(url: string, world: UploadWorld, events: DownloadEvents) {
    this.#url = url;
    this.#world = world;
    this.#events = events;
  }

  start(): void {
    for (let poll = 0; poll < OUTSTANDING; poll += 1) this.#ask();
  }

  stop(): void {
    this.#abort.abort();
  }

  #ask(): void {
    const number = this.#nextToAsk;
    this.#nextToAsk += 1;
    this.#answer(number).then(
      (octets) => this.#take(number, octets),
      (error) => {
        if (!this.#isOver) this.#events.ended(error instanceof RequestError ? error.end : ABNORMAL);
      },
    );
  }

  get #isOver(): boolean {
    return this.#abort.signal.aborted;
  }

  #take(number: number, octets: Uint8Array<ArrayBuffer>): void {
    if (this.#isOver) return;
    // The next one is on its way before this one is looked at.
    this.#ask();
    this.#early.set(number, octets);
    for (;;) {
      const next = this.#early.get(this.#nextToTake);
      if (next === undefined || this.#isOver) return;
      this.#early.delete(this.#nextToTake);
      this.#nextToTake += 1;
      if (next.length > 0) this.#events.received(next);
    }
  }

  /** What poll `number` is answered with; asked twice if need be, for the gateway keeps the answer. */
  async #answer(number: number): Promise<Uint8Array<ArrayBuffer>> {
    const first = await this.#try(number);
    if (first !== null) return first;
    await new Promise<void>((resolve) => this.#world.timers.start(resolve, RETRY_DELAY));
    const second = this.#isOver ? null : await this.#try(number);
    if (second === null) throw new RequestError(ABNORMAL);
    return second;
  }

  /** Null if it may be asked again. */
  async #try(number: number): Promise<Uint8Array<ArrayBuffer> | null> {
    const attempt = new AbortController();
    const stop = (): void => attempt.abort();
    const timer = this.#world.timers.start(stop, ANSWER_TIMEOUT);
    const { signal } = this.#abort;
    signal.addEventListener("abort", stop);
    try {
      const url = `${this.#url}/poll/${number}`;
      const response = await this.#world.request(url, { cache: "no-store", priority: "high", signal: attempt.signal });
      if (response.ok) return new Uint8Array(await response.arrayBuffer());
      if (response.status === 408 || response.status >= 500) return null;
      throw new RequestError(await endOf(response));
    } catch (error) {
      if (error instanceof RequestError) throw error;
      return null;
    } finally {
      this.#world.timers.cancel(timer);
      signal.removeEventListener("abort", stop);
    }
  }
}
