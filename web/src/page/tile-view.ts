/** One person's tile: picture or initials, name, mute mark, and a ring while they speak. */

import type { Person } from "../room/call.ts";
import { element, fill } from "./dom.ts";
import { icon } from "./icons.ts";
import { hueOf, initialsOf } from "./initials.ts";
import { strings } from "./strings.ts";

const SPEAKING = 0.25;

/** What a tile shows, whether it is ours or somebody else's. */
export interface TileState {
  readonly name: string;
  /** What stands on the tile; the initials are those of the name. */
  readonly label: string;
  readonly microphoneOn: boolean;
  readonly cameraOn: boolean;
  /** Where the picture is; null for initials. */
  readonly surface: HTMLElement | null;
  readonly live: boolean;
  readonly fit: "cover" | "contain";
}

/** What to show of somebody else. */
export function tileStateOf(person: Person): TileState {
  const { video, audio, name } = person;
  return {
    name: name || strings.call.someone,
    label: name || strings.call.someone,
    microphoneOn: audio !== null && !audio.muted,
    cameraOn: video !== null && !video.muted,
    surface: video?.surface ?? null,
    live: video?.live ?? false,
    fit: video?.source === "screen" ? "contain" : "cover",
  };
}

/** A tile. */
export class TileView {
  readonly root: HTMLElement;
  readonly #picture = element("div", { class: "tile-picture" });
  readonly #initials = element("div", { class: "tile-initials", "aria-hidden": "true" });
  readonly #note = element("div", { class: "tile-note" });
  readonly #name = element("span", { class: "tile-name-text" });
  readonly #muted = element("span", { class: "tile-muted" }, icon("microphoneOff"));
  #state: TileState | null = null;
  #stalled = false;

  /** @param participantId for whoever looks for the tile from outside. */
  constructor(participantId: string, isSelf: boolean) {
    this.#muted.title = strings.call.microphoneMuted;
    this.root = element(
      "div",
      { class: isSelf ? "tile self" : "tile", role: "group", "data-participant": participantId },
      this.#initials,
      this.#picture,
      this.#note,
      element("div", { class: "tile-name" }, this.#muted, this.#name),
    );
  }

  show(state: TileState): void {
    const { name, label, microphoneOn, cameraOn, surface, live, fit } = state;
    if (this.#state?.name !== name) {
      this.#name.textContent = label;
      this.#initials.textContent = initialsOf(name);
      this.root.style.setProperty("--hue", String(hueOf(name)));
    }
    if (this.#state?.surface !== surface) fill(this.#picture, surface);
    this.#state = state;
    this.root.setAttribute("aria-label", strings.call.tile(label, microphoneOn, cameraOn));
    this.root.setAttribute("data-microphone", microphoneOn ? "on" : "off");
    this.root.setAttribute("data-camera", cameraOn ? "on" : "off");
    this.root.setAttribute("data-fit", fit);
    this.#muted.hidden = microphoneOn;
    const pictured = cameraOn && live && surface !== null;
    this.root.classList.toggle("pictured", pictured);
    this.#showNote();
  }

  /** The picture stands still although the camera is on. */
  set stalled(stalled: boolean) {
    if (stalled === this.#stalled) return;
    this.#stalled = stalled;
    this.#showNote();
  }

  /** @param level 0 … 1. */
  set level(level: number) {
    this.root.classList.toggle("speaking", level > SPEAKING && (this.#state?.microphoneOn ?? false));
  }

  #showNote(): void {
    const { cameraOn, live } = this.#state ?? { cameraOn: false, live: false };
    const { waitingForPicture, pictureStands } = strings.call;
    const note = !cameraOn ? "" : !live ? waitingForPicture : this.#stalled ? pictureStands : "";
    if (this.#note.textContent !== note) this.#note.textContent = note;
    this.root.classList.toggle("stalled", note === pictureStands);
  }
}
