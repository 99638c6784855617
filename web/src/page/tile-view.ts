/** One tile: picture or initials, name, mute mark, a ring while somebody speaks, and a button that shows it large. */

import { element, fill } from "./dom.ts";
import { icon } from "./icons.ts";
import { hueOf, initialsOf } from "./initials.ts";
import { strings } from "./strings.ts";
import type { Rect } from "./tile-layout.ts";
import type { TileState } from "./tile-state.ts";

/** What kind of tile it is. */
export type TileKind = "person" | "screen" | "self";

/** A tile. */
export class TileView {
  readonly root: HTMLElement;
  readonly kind: TileKind;
  readonly #picture = element("div", { class: "tile-picture" });
  readonly #initials = element("div", { class: "tile-initials", "aria-hidden": "true" });
  readonly #note = element("div", { class: "tile-note" });
  readonly #name = element("span", { class: "tile-name-text" });
  readonly #muted = element("span", { class: "tile-muted" }, icon("microphoneOff"));
  readonly #enlarge: HTMLButtonElement | null;
  #state: TileState | null = null;
  #stalled = false;
  #featured = false;

  /**
   * @param participantId for whoever looks for the tile from outside.
   * @param enlarged the user wants it large, or at normal size again; null where that cannot be.
   */
  constructor(participantId: string, kind: TileKind, enlarged: (() => void) | null) {
    this.kind = kind;
    this.#muted.title = strings.call.microphoneMuted;
    this.#enlarge =
      enlarged === null ? null : element("button", { type: "button", class: "tile-button enlarge", onclick: enlarged });
    this.root = element(
      "div",
      { class: `tile ${kind}`, role: "group", "data-participant": participantId },
      this.#initials,
      this.#picture,
      this.#note,
      element("div", { class: "tile-name" }, kind === "screen" ? icon("screen") : this.#muted, this.#name),
      this.#enlarge,
    );
    if (enlarged !== null) this.#picture.addEventListener("click", enlarged);
    if (enlarged !== null) this.#initials.addEventListener("click", enlarged);
  }

  get state(): TileState | null {
    return this.#state;
  }

  show(state: TileState): void {
    const { name, label, microphoneOn, cameraOn, surface, live, fit } = state;
    if (this.#state?.name !== name || this.#state.label !== label) {
      this.#name.textContent = label;
      this.#initials.textContent = initialsOf(name);
      this.root.style.setProperty("--hue", String(hueOf(name)));
    }
    if (this.#state?.surface !== surface) fill(this.#picture, surface);
    this.#state = state;
    const isScreen = this.kind === "screen";
    this.root.setAttribute("aria-label", strings.call.tile(label, microphoneOn, cameraOn || isScreen));
    this.root.setAttribute("data-microphone", microphoneOn ? "on" : "off");
    this.root.setAttribute("data-camera", cameraOn ? "on" : "off");
    this.root.setAttribute("data-fit", fit);
    this.#muted.hidden = microphoneOn;
    this.root.classList.toggle("pictured", cameraOn && live && surface !== null && state.problem === "");
    this.#showNote();
    this.#showEnlarge();
  }

  /** Where it stands on the stage; null: nowhere. */
  place(rect: Rect | null): void {
    this.root.hidden = rect === null;
    if (rect === null) return;
    const { style } = this.root;
    style.left = `${rect.x}px`;
    style.top = `${rect.y}px`;
    style.width = `${rect.width}px`;
    style.height = `${rect.height}px`;
  }

  /** It is the large one. */
  set featured(featured: boolean) {
    if (featured === this.#featured) return;
    this.#featured = featured;
    this.root.classList.toggle("featured", featured);
    this.#showEnlarge();
  }

  /** The picture stands still although the camera is on. */
  set stalled(stalled: boolean) {
    if (stalled === this.#stalled) return;
    this.#stalled = stalled;
    this.#showNote();
  }

  set speaking(speaking: boolean) {
    this.root.classList.toggle("speaking", speaking && (this.#state?.microphoneOn ?? false));
  }

  #showNote(): void {
    const note = this.#noteText();
    if (this.#note.textContent !== note) this.#note.textContent = note;
    this.root.classList.toggle("stalled", note === strings.call.pictureStands);
  }

  #noteText(): string {
    const { waitingForPicture, pictureStands, picturePaused } = strings.call;
    if (this.#state === null || !this.#state.cameraOn) return "";
    const { problem, live, paused } = this.#state;
    if (problem !== "") return problem;
    if (paused) return picturePaused;
    if (!live) return waitingForPicture;
    return this.#stalled ? pictureStands : "";
  }

  #showEnlarge(): void {
    const button = this.#enlarge;
    if (button === null || this.#state === null) return;
    const { enlarge, shrink } = strings.call;
    const label = (this.#featured ? shrink : enlarge)(this.#state.label);
    if (button.title === label) return;
    button.title = label;
    button.setAttribute("aria-label", label);
    fill(button, icon(this.#featured ? "shrink" : "enlarge"));
  }
}
