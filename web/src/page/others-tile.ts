/** The tile for those who are heard and not seen, because the stage has no more seats. */

import { element, fill } from "./dom.ts";
import { hueOf, initialsOf } from "./initials.ts";
import { strings } from "./strings.ts";
import type { Rect } from "./tile-layout.ts";

const MOST_FACES = 3;

/** The tile; hidden while everybody has a seat. */
export class OthersTile {
  readonly root = element("div", { class: "tile others", role: "group", hidden: true });
  readonly #faces = element("div", { class: "others-faces", "aria-hidden": "true" });
  readonly #count = element("div", { class: "others-count" });
  #ids: readonly string[] = [];

  constructor() {
    this.root.append(this.#faces, this.#count);
  }

  /** Participant ids of those without a seat. */
  get ids(): readonly string[] {
    return this.#ids;
  }

  /** @param rect where it stands; null: nowhere. */
  show(ids: readonly string[], names: readonly string[], rect: Rect | null): void {
    this.#ids = ids;
    this.root.hidden = rect === null;
    if (rect === null) return;
    const { left, top, width, height } = { left: rect.x, top: rect.y, width: rect.width, height: rect.height };
    for (const [side, value] of Object.entries({ left, top, width, height }))
      this.root.style.setProperty(side, `${value}px`);
    const hint = strings.call.othersHint(names.join(", "));
    if (this.root.title === hint) return;
    this.root.title = hint;
    this.root.setAttribute("aria-label", hint);
    this.#count.textContent = strings.call.others(ids.length);
    fill(this.#faces, ...names.slice(0, MOST_FACES).map(face));
  }

  set speaking(speaking: boolean) {
    this.root.classList.toggle("speaking", speaking);
  }
}

function face(name: string): HTMLElement {
  const made = element("span", {}, initialsOf(name));
  made.style.setProperty("--hue", String(hueOf(name)));
  return made;
}
