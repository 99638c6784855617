/** Keeps the screen on during a call, as far as the browser allows; it lets go whenever the page is hidden. */

/** Holds the screen's wake lock while wanted. */
export class WakeLock {
  #wanted = false;
  #lock: WakeLockSentinel | null = null;

  constructor() {
    document.addEventListener("visibilitychange", () => void this.#update());
  }

  hold(): void {
    this.#wanted = true;
    void this.#update();
  }

  release(): void {
    this.#wanted = false;
    void this.#update();
  }

  async #update(): Promise<void> {
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
