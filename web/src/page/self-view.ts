/**
 * Our own tile. Alone it fills the stage; with others it floats in a corner, goes to another one by drag or arrow keys, and
 * can be hidden; beside something large it sits in the strip. `Stage` says which of these it is.
 */

import { cornerAfter, cornerNear } from "./corners.ts";
import { element, fill } from "./dom.ts";
import { icon } from "./icons.ts";
import type { Preferences } from "./preferences.ts";
import { strings } from "./strings.ts";
import type { Rect } from "./tile-layout.ts";
import { selfTile } from "./tile-state.ts";
import { TileView } from "./tile-view.ts";

/** What is remembered of it. */
export type SelfChoice = Pick<Preferences, "selfCorner" | "selfMinimised">;

const DRAG_BEGINS_PX = 6;
const words = strings.call;

/** Our own tile, and the button that brings it back. */
export class SelfView {
  readonly tile = new TileView("self", "self", null);
  /** Stands where the tile was while it is hidden. */
  readonly restore: HTMLButtonElement;
  readonly #video = element("video", { autoplay: true, playsinline: true, class: "mirrored" });
  readonly #move: HTMLButtonElement;
  readonly #minimise: HTMLButtonElement;
  readonly #changed: (choice: SelfChoice) => void;
  #choice: SelfChoice;
  #drag: { readonly id: number; readonly x: number; readonly y: number; moved: boolean } | null = null;

  constructor(choice: SelfChoice, changed: (choice: SelfChoice) => void) {
    this.#choice = choice;
    this.#changed = changed;
    this.#video.muted = true;
    this.#move = element("button", {
      type: "button",
      class: "tile-button move",
      onkeydown: (event: KeyboardEvent) => this.#key(event),
    });
    this.#move.title = `${words.moveSelf} (${words.moveSelfHint})`;
    this.#move.setAttribute("aria-label", words.moveSelf);
    this.#move.append(icon("move"));
    this.#minimise = element("button", {
      type: "button",
      class: "tile-button minimise",
      onclick: () => this.minimise(true),
    });
    this.#minimise.title = words.minimiseSelf;
    this.#minimise.setAttribute("aria-label", words.minimiseSelf);
    this.#minimise.append(icon("minimise"));
    this.restore = element("button", {
      type: "button",
      class: "restore-self small",
      onclick: () => this.minimise(false),
    });
    fill(this.restore, icon("camera"), words.restoreSelf);
    const { root } = this.tile;
    root.append(element("div", { class: "self-buttons" }, this.#move, this.#minimise));
    root.addEventListener("pointerdown", (event) => this.#down(event));
    root.addEventListener("pointermove", (event) => this.#dragged(event));
    root.addEventListener("pointerup", (event) => this.#up(event));
    root.addEventListener("pointercancel", () => this.#drop());
  }

  get minimised(): boolean {
    return this.#choice.selfMinimised;
  }

  /** Show what we send. */
  show(name: string, microphoneOn: boolean, camera: MediaStreamTrack | null): void {
    const shown = (this.#video.srcObject as MediaStream | null)?.getVideoTracks()[0] ?? null;
    if (shown !== camera) this.#video.srcObject = camera === null ? null : new MediaStream([camera]);
    const state = selfTile(name, microphoneOn, camera === null ? null : this.#video);
    // The element stays in place while the camera is off: others look for it.
    this.tile.show({ ...state, surface: this.#video });
  }

  /** Put it among the others. */
  placeInside(rect: Rect): void {
    this.#float(false);
    this.restore.hidden = true;
    this.tile.place(rect);
  }

  /** Let it float in its corner, or stand aside. */
  placeFloating(): void {
    const { selfMinimised, selfCorner } = this.#choice;
    this.#float(true);
    this.tile.root.hidden = selfMinimised;
    this.restore.hidden = !selfMinimised;
    for (const root of [this.tile.root, this.restore]) root.setAttribute("data-corner", selfCorner);
  }

  /** Where it floats on the stage; without extent while it is hidden. */
  get floatingRect(): Rect {
    const { offsetLeft: x, offsetTop: y, offsetWidth: width, offsetHeight: height } = this.tile.root;
    return { x, y, width, height };
  }

  /** Hide it, or bring it back. */
  minimise(selfMinimised: boolean): void {
    if (selfMinimised === this.#choice.selfMinimised) return;
    const hadFocus = [this.tile.root, this.restore].some((root) => root.contains(document.activeElement));
    this.#choose({ ...this.#choice, selfMinimised });
    if (hadFocus) (selfMinimised ? this.restore : this.#minimise).focus();
  }

  close(): void {
    this.#video.srcObject = null;
  }

  #choose(choice: SelfChoice): void {
    this.#choice = choice;
    this.#changed(choice);
  }

  #float(floating: boolean): void {
    const { root } = this.tile;
    root.classList.toggle("floating", floating);
    if (floating) for (const side of ["left", "top", "width", "height"] as const) root.style[side] = "";
  }

  #key(event: KeyboardEvent): void {
    const selfCorner = cornerAfter(this.#choice.selfCorner, event.key);
    if (!event.key.startsWith("Arrow")) return;
    event.preventDefault();
    this.#choose({ ...this.#choice, selfCorner });
  }

  #down(event: PointerEvent): void {
    if (event.button !== 0 || !this.tile.root.classList.contains("floating")) return;
    if ((event.target as Element).closest("button:not(.move)") !== null) return;
    this.#drag = { id: event.pointerId, x: event.clientX, y: event.clientY, moved: false };
    this.tile.root.setPointerCapture(event.pointerId);
  }

  #dragged(event: PointerEvent): void {
    const drag = this.#drag;
    if (drag === null || drag.id !== event.pointerId) return;
    const [x, y] = [event.clientX - drag.x, event.clientY - drag.y];
    if (!drag.moved && Math.hypot(x, y) < DRAG_BEGINS_PX) return;
    drag.moved = true;
    this.tile.root.classList.add("dragged");
    this.tile.root.style.translate = `${x}px ${y}px`;
  }

  #up(event: PointerEvent): void {
    const moved = this.#drag?.moved ?? false;
    this.#drop();
    const stage = this.tile.root.parentElement?.getBoundingClientRect();
    if (!moved || stage === undefined) return;
    const selfCorner = cornerNear(
      (event.clientX - stage.left) / stage.width,
      (event.clientY - stage.top) / stage.height,
    );
    this.#choose({ ...this.#choice, selfCorner });
  }

  #drop(): void {
    this.#drag = null;
    this.tile.root.classList.remove("dragged");
    this.tile.root.style.translate = "";
  }
}
