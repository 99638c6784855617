/** Keeps the screen on during a call, as far as the browser allows; it lets go whenever the page is hidden. */

/** Holds the screen's wake lock while wanted. */
export class WakeLock {
  #wanted = false;
  #lock: WakeLockSentinel | null = null;
  /** One request at a time: a lock that comes after the call has ended would be nobody's. */
  #queue: Promise<void> = Promise.resolve();

  constructor() {
    document.addEventListener("visibilitychange", () => this.#update());
  }

  hold(): void {
    this.#wanted = true;
    this.#update();
  }

  release(): void {
    this.#wanted = false;
    this.#update();
  }

  #update(): void {
    this.#queue = this.#queue.then(() => this.#follow());
  }

  async #follow(): Promise<void> {
    if (!this.#wanted) {
      await this.#lock?.release().catch(() => undefined);
      this.#lock = null;
      return;
    }
    if (document.visibilityState !== "visible" || this.#lock?.released === false) return;
    // Refused on low battery, missing in some browsers: then the screen goes dark as it always does.
    this.#lock = (await navigator.wakeLock?.request("screen").catch(() => null)) ?? null;
  }
}
