/**
 * Whether the loudspeaker's buffers are too small for this machine. The smallest that there are save some 25 ms of delay, but
 * a machine that is too busy to fill one in time plays silence in its place, and the audio context's clock stands still
 * meanwhile: that is how it is noticed. Used by `AudioOutput`, which asks for larger ones the next time. Time is an argument.
 */

/** A window: long enough for one hiccup to be none. */
const WINDOW_S = 5;
/** Of a window that was not played: more is heard as crackling. Clocks of sound cards are a hundredth of that wrong at most. */
const MOST_LOST = 0.01;
/** A longer pause between two readings means that the page or the machine slept. */
const ASLEEP_S = 2;

/** Compares a context's clock with the page's. */
export class OutputWatch {
  #began: { readonly contextS: number; readonly nowS: number } | null = null;
  #readAtS = 0;

  /**
   * Read both clocks, about twice a second while the context is running.
   *
   * @param contextS the context's `currentTime`.
   * @param nowS the same moment on a clock that never stands still.
   * @returns whether too much of the last window was not played.
   */
  read(contextS: number, nowS: number): boolean {
    const asleep = nowS - this.#readAtS > ASLEEP_S;
    this.#readAtS = nowS;
    if (this.#began === null || asleep) {
      this.#began = { contextS, nowS };
      return false;
    }
    const passedS = nowS - this.#began.nowS;
    if (passedS < WINDOW_S) return false;
    const lostS = passedS - (contextS - this.#began.contextS);
    this.#began = { contextS, nowS };
    return lostS > passedS * MOST_LOST;
  }

  /** The context does not run: what was read before says nothing. */
  pause(): void {
    this.#began = null;
  }
}

const KEY = "wsmedia.soundBuffers";

/** Whether the smallest buffers were found too small in this tab. */
export function wantsLargeBuffers(): boolean {
  try {
    return sessionStorage.getItem(KEY) === "large";
  } catch {
    return false;
  }
}

/** Remember it until the tab is closed: another day the machine may be less busy. */
export function rememberLargeBuffers(): void {
  try {
    sessionStorage.setItem(KEY, "large");
  } catch {
    // Where nothing may be stored it is found out anew.
  }
}
