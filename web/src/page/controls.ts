/** Buttons that switch something, and buttons that do something: always with words for screen readers and a tooltip. */

import { element, fill } from "./dom.ts";
import { type IconName, icon } from "./icons.ts";
import { strings } from "./strings.ts";

/** What a toggle shows in each of its states. */
export interface ToggleLook {
  readonly icon: IconName;
  readonly label: string;
}

/** A round button for something that is on or off; red while it is off. */
export class ToggleButton {
  readonly root: HTMLButtonElement;
  readonly #on: ToggleLook;
  readonly #off: ToggleLook;
  readonly #key: string;

  /** @param key the keyboard shortcut, named in the tooltip; empty for none. */
  constructor(on: ToggleLook, off: ToggleLook, key: string, pressed: () => void) {
    this.#on = on;
    this.#off = off;
    this.#key = key;
    this.root = element("button", { type: "button", class: "round", onclick: pressed });
    if (key !== "") this.root.setAttribute("aria-keyshortcuts", key);
  }

  /** Show whether it is on, and whether there is trouble with it. */
  show(isOn: boolean, trouble: boolean): void {
    const look = isOn ? this.#on : this.#off;
    this.root.setAttribute("aria-label", look.label);
    this.root.title = look.label + (this.#key === "" ? "" : strings.controls.shortcut(this.#key.toUpperCase()));
    this.root.classList.toggle("off", !isOn);
    this.root.classList.toggle("on", isOn);
    this.root.classList.toggle("trouble", trouble);
    fill(this.root, icon(look.icon), trouble && element("span", { class: "badge", "aria-hidden": "true" }, "!"));
  }
}

/** A round button that does something. */
export function actionButton(name: IconName, label: string, pressed: () => void, extraClass = ""): HTMLButtonElement {
  const attributes = { type: "button", class: `round ${extraClass}`.trim(), title: label, "aria-label": label };
  return element("button", { ...attributes, onclick: pressed }, icon(name));
}

/** The two toggles that lobby and call share. */
export function microphoneToggle(pressed: () => void): ToggleButton {
  const { microphoneOff, microphoneOn } = strings.controls;
  return new ToggleButton(
    { icon: "microphone", label: microphoneOff },
    { icon: "microphoneOff", label: microphoneOn },
    "m",
    pressed,
  );
}

/** Off is its usual state: it is marked while it is on. */
export function screenToggle(pressed: () => void): ToggleButton {
  const { screenOff, screenOn } = strings.controls;
  const toggle = new ToggleButton(
    { icon: "screenOff", label: screenOff },
    { icon: "screen", label: screenOn },
    "s",
    pressed,
  );
  toggle.root.classList.add("screen-toggle");
  return toggle;
}

/** See `microphoneToggle`. */
export function cameraToggle(pressed: () => void): ToggleButton {
  const { cameraOff, cameraOn } = strings.controls;
  return new ToggleButton({ icon: "camera", label: cameraOff }, { icon: "cameraOff", label: cameraOn }, "v", pressed);
}
