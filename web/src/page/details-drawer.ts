/** The drawer beside the stage (on a phone, a sheet from below): live charts, tables of figures, and the report. */

import type { Room } from "../sdk/index.ts";
import { makeCharts } from "./charts.ts";
import { actionButton } from "./controls.ts";
import { element, fill, sheet } from "./dom.ts";
import { codecAndBackend, laneNames, milliseconds } from "./figures.ts";
import type { History } from "./history.ts";
import { icon } from "./icons.ts";
import { strings } from "./strings.ts";
import { figureSections, sectionElement, sectionsText } from "./track-figures.ts";
import { wayText } from "./way-figures.ts";

const words = strings.details;

/** What the user does here. */
export interface DetailsActions {
  onCopied(text: string): void;
  onDownload(): void;
}

/** The drawer. It does not take the keyboard away from the call: one can talk and look. */
export class DetailsDrawer {
  readonly root: HTMLDialogElement;
  readonly #room: Room;
  readonly #history: History;
  readonly #summary = element("ul", { class: "figures-summary" });
  readonly #charts = makeCharts();
  readonly #tables = element("div", { class: "figures-tables" });
  #opener: HTMLElement | null = null;

  /** @param changed the drawer was opened or closed: there is less or more room for the stage. */
  constructor(room: Room, history: History, actions: DetailsActions, changed: () => void) {
    this.#room = room;
    this.#history = history;
    const button = (label: string, name: "copy" | "download", run: () => void) =>
      element("button", { type: "button", class: "small", onclick: run }, icon(name), label);
    this.root = sheet(
      "details",
      words.title,
      (close) => actionButton("close", strings.controls.close, close, "plain"),
      element("p", { class: "hint" }, words.hint),
      this.#summary,
      element("section", { class: "charts", "aria-label": words.charts }, ...this.#charts.map(({ root }) => root)),
      element("section", { "aria-label": words.tracks }, this.#tables),
      element(
        "footer",
        {},
        button(words.download, "download", () => actions.onDownload()),
        button(words.copy, "copy", () => actions.onCopied(sectionsText(figureSections(room)))),
        element("p", { class: "hint" }, words.downloadHint),
      ),
    );
    this.root.classList.add("drawer");
    this.root.addEventListener("close", () => {
      changed();
      this.#opener?.focus();
    });
    this.root.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      this.root.close();
    });
    this.#changed = changed;
  }

  readonly #changed: () => void;

  get isOpen(): boolean {
    return this.root.open;
  }

  toggle(): void {
    if (this.root.open) {
      this.root.close();
      return;
    }
    this.#opener = document.activeElement instanceof HTMLElement ? document.activeElement : null;
    this.root.show();
    this.refresh();
    this.root.querySelector("h2")?.focus();
    this.#changed();
  }

  close(): void {
    if (this.root.open) this.root.close();
  }

  /** Once a second while it is open. */
  refresh(): void {
    if (!this.root.open) return;
    for (const chart of this.#charts) chart.show(this.#history.samples);
    fill(this.#summary, ...this.#facts().map((fact) => element("li", {}, fact)));
    fill(this.#tables, ...figureSections(this.#room).map(sectionElement));
  }

  /** What matters most, in few words: the way, the round trip, which codecs are at work. */
  #facts(): string[] {
    const path = this.#room.pathReading();
    const facts = [wayText(this.#room.way) || strings.modes[this.#room.mode]];
    if (path !== null) facts.push(laneNames(path), words.figure(words.roundTrip, milliseconds(path.roundTripMs)));
    const codecs = this.#room
      .trackReadings()
      .filter(({ codec }) => codec !== null)
      .map(codecAndBackend);
    return [...facts, ...new Set(codecs)];
  }
}
