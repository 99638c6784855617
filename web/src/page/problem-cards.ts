/** The cards above the stage: what is wrong, each until it is settled or dismissed, and how the connection is. */

import type { RoomState } from "../sdk/index.ts";
import { element } from "./dom.ts";
import { openNetworkCheck } from "./network-check.ts";
import { card } from "./notices.ts";
import { type Explanation, strings } from "./strings.ts";

/** A connection that is quick needs no words about it. */
const PATIENCE_MS = { connecting: 3_000, reconnecting: 600 } as const;

/** All cards of a call. */
export class ProblemCards {
  readonly root = element("div", { class: "cards" });
  /** What is wrong, with its card; the card is null once it was dismissed. */
  readonly #problems = new Map<string, { readonly explanation: Explanation; card: HTMLElement | null }>();
  readonly #playSound: () => void;
  #patience: ReturnType<typeof setTimeout> | undefined;
  #stateCard: HTMLElement | null = null;
  #soundCard: HTMLElement | null = null;

  constructor(playSound: () => void) {
    this.#playSound = playSound;
  }

  /** @param key what it is about; the newer takes the place of the older. @param explanation null: it is settled. */
  set(key: string, explanation: Explanation | null): void {
    const old = this.#problems.get(key);
    // What was dismissed stays away until it is settled, or becomes something else.
    if ((old?.explanation ?? null) === explanation) return;
    old?.card?.remove();
    this.#problems.delete(key);
    if (explanation === null) return;
    const problem: { explanation: Explanation; card: HTMLElement | null } = { explanation, card: null };
    problem.card = card(explanation, "problem", null, () => {
      problem.card?.remove();
      problem.card = null;
    });
    this.#problems.set(key, problem);
    // Each card comes and goes by itself: screen readers say again what is put into the page again.
    this.root.append(problem.card);
  }

  /** @param reason a sentence of the room, or empty. */
  showState(state: RoomState, reason: string): void {
    clearTimeout(this.#patience);
    this.#stateCard?.remove();
    this.#stateCard = null;
    if (state !== "connecting" && state !== "reconnecting") return;
    const words = navigator.onLine ? strings.banner[state] : strings.banner.offline;
    this.#patience = setTimeout(() => {
      const text = [words.text, reason].filter((part) => part !== "").join(" ");
      const check = { label: strings.controls.checkNetwork, run: openNetworkCheck };
      this.#stateCard = card({ title: words.title, text }, "waiting", navigator.onLine ? check : null);
      this.root.prepend(this.#stateCard);
    }, PATIENCE_MS[state]);
  }

  /** Whether the browser lets sound out. */
  showSound(running: boolean): void {
    if ((this.#soundCard === null) === running) return;
    this.#soundCard?.remove();
    this.#soundCard = null;
    if (running) return;
    const play = { label: strings.call.playSound, run: this.#playSound };
    this.#soundCard = card({ title: strings.call.soundBlocked, text: "" }, "problem", play);
    this.root.append(this.#soundCard);
  }

  close(): void {
    clearTimeout(this.#patience);
  }
}
