/** The streamed download of an HTTP lane (PROTOCOL.md §2.2): one long response, read as it comes. */

import type { Download, DownloadEvents } from "./http-lane.ts";
import { ABNORMAL, endOf, type UploadWorld } from "./http-upload.ts";

/** One response. */
export class HttpStream implements Download {
  readonly #url: string;
  readonly #world: UploadWorld;
  readonly #events: DownloadEvents;
  readonly #abort = new AbortController();

  constructor(url: string, world: UploadWorld, events: DownloadEvents) {
    this.#url = url;
    this.#world = world;
    this.#events = events;
  }

  start(): void {
    this.#read().catch(() => this.#events.ended(ABNORMAL));
  }

  stop(): void {
    this.#abort.abort();
  }

  async #read(): Promise<void> {
    const { signal } = this.#abort;
    const response = await this.#world.request(`${this.#url}/stream`, { cache: "no-store", priority: "high", signal });
    if (response.status !== 200 || response.body === null) {
      this.#events.ended(await endOf(response));
      return;
    }
    const reader = response.body.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      this.#events.received(value);
    }
    this.#events.ended(ABNORMAL);
  }
}
