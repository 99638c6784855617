/**
 * Decides when somebody's video need not be sent to us: when nobody has been able to see it for a while, and nobody has taken
 * it as a track. It goes on at once when it can be seen.
 */

import { systemTimers, type Timers } from "../base/clock.ts";
import { type Seconds, seconds } from "../base/time.ts";

/** Scrolling past and switching layouts should not cost a keyframe each. */
const PATIENCE: Seconds = seconds(1);

/** The decision for one track. */
export class Pausing {
  readonly #apply: (paused: boolean) => void;
  readonly #timers: Timers;
  #timer: number | null = null;
  #visible = true;
  #live = false;
  #taken = false;
  #paused = false;

  /** @param apply called at every change of mind. */
  constructor(apply: (paused: boolean) => void, timers: Timers = systemTimers) {
    this.#apply = apply;
    this.#timers = timers;
  }

  get paused(): boolean {
    return this.#paused;
  }

  get visible(): boolean {
    return this.#visible;
  }

  /** Whether anybody could see it. */
  set visible(visible: boolean) {
    this.#visible = visible;
    this.#decide();
  }

  /** There is a picture; before the first one nothing is paused, so that pages may hide what has none. */
  set live(live: boolean) {
    this.#live = live;
    this.#decide();
  }

  /** Somebody has taken it as a track, and sees it where we cannot know. */
  take(): void {
    this.#taken = true;
    this.#decide();
  }

  /** End; no change of mind follows. */
  close(): void {
    if (this.#timer !== null) this.#timers.cancel(this.#timer);
    this.#timer = null;
    this.#taken = true;
  }

  #decide(): void {
    const unseen = !this.#visible && this.#live && !this.#taken;
    if (unseen && !this.#paused) {
      this.#timer ??= this.#timers.start(() => {
        this.#timer = null;
        this.#set(true);
      }, PATIENCE);
      return;
    }
    if (unseen) return;
    if (this.#timer !== null) this.#timers.cancel(this.#timer);
    this.#timer = null;
    this.#set(false);
  }

  #set(paused: boolean): void {
    if (paused === this.#paused) return;
    this.#paused = paused;
    this.#apply(paused);
  }
}
