/** The bar above the stage: which room, how many people, how the connection is, the link, and the list of keys. */

import type { Room } from "../sdk/index.ts";
import { actionButton } from "./controls.ts";
import { element } from "./dom.ts";
import { icon } from "./icons.ts";
import { strings } from "./strings.ts";
import { wayText } from "./way-figures.ts";

/** What the user does here. */
export interface CallBarActions {
  onCopyLink(): void;
  onHelp(): void;
}

/** The bar. */
export class CallBar {
  readonly root: HTMLElement;
  readonly #room: Room;
  readonly #heading = element("h1", { tabindex: -1 });
  readonly #count = element("span", { class: "count" });
  readonly #state = element("span", { class: "state" });
  readonly #mode = element("span", { class: "mode" });
  readonly #badge: HTMLElement;

  constructor(room: Room, actions: CallBarActions) {
    const { controls } = strings;
    this.#room = room;
    this.#heading.textContent = room.name;
    this.#heading.title = room.name;
    this.#badge = element(
      "div",
      { class: "connection", role: "status" },
      element("span", { class: "dot", "aria-hidden": "true" }),
      this.#state,
      this.#mode,
    );
    this.root = element(
      "header",
      { class: "call-bar" },
      this.#heading,
      element("span", { class: "people" }, icon("people"), this.#count),
      element("span", { class: "spacer" }),
      this.#badge,
      actionButton("link", controls.copyLink, () => actions.onCopyLink(), "plain"),
      actionButton("help", controls.help, () => actions.onHelp(), "plain"),
    );
    this.showState();
  }

  /** @param count people, ourselves included. */
  showPeople(count: number): void {
    this.#count.textContent = strings.call.people(count);
  }

  /** Follow the room's state and round trip; says nothing twice. */
  showState(): void {
    const { state } = this.#room;
    const roundTripMs = this.#room.pathReading()?.roundTripMs ?? null;
    this.#badge.setAttribute("data-state", state);
    const mode = strings.modes[this.#room.mode];
    if (this.#mode.textContent !== mode) this.#mode.textContent = mode;
    this.#mode.title = wayText(this.#room.way);
    if (this.#state.textContent !== strings.states[state]) this.#state.textContent = strings.states[state];
    this.#badge.title = roundTripMs === null ? strings.states[state] : strings.roundTrip(roundTripMs);
  }

  /** Let the keyboard and screen readers begin here: what had the focus in the lobby is gone. */
  focus(): void {
    this.#heading.focus();
  }
}
