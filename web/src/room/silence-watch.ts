/** Notices that a native connection has fallen silent, seconds before the browser says so. Used by `AutoLink`. */

/** What was never longer silent than this may be called regular. */
const REGULAR_MS = 1_200;
/** Silent for so long: given up. The gateway reports on what it receives every second, and on pictures every tenth of one. */
const SILENT_MS = 2_000;
/** How much regular traffic there must have been before its end says anything. */
const KNOWN_MS = 2_000;

/** Watches a counter of octets. */
export class SilenceWatch {
  #bytes = -1;
  #grewAt = 0;
  #regularSince = 0;

  /**
   * Take a reading.
   *
   * @param bytes received so far, on all connections.
   * @param now ms.
   * @returns whether what used to come regularly has stopped.
   */
  read(bytes: number, now: number): boolean {
    if (bytes !== this.#bytes) {
      if (this.#bytes < 0 || bytes < this.#bytes || now - this.#grewAt > REGULAR_MS) this.#regularSince = now;
      this.#bytes = bytes;
      this.#grewAt = now;
      return false;
    }
    return this.#grewAt - this.#regularSince >= KNOWN_MS && now - this.#grewAt >= SILENT_MS;
  }
}
