/** The call's large buttons. */

import { ScreenShare } from "../sdk/index.ts";
import { actionButton, cameraToggle, microphoneToggle, screenToggle } from "./controls.ts";
import { element } from "./dom.ts";
import { strings } from "./strings.ts";

/** What the user does here. */
export interface ControlActions {
  onMicrophoneToggled(): void;
  onCameraToggled(): void;
  onScreenToggled(): void;
  onDevices(): void;
  onDetails(): void;
  onLeave(): void;
}

/** The row below the stage. */
export class ControlBar {
  readonly root: HTMLElement;
  readonly microphone;
  readonly camera;
  readonly screen;
  readonly #details: HTMLButtonElement;

  constructor(actions: ControlActions) {
    const { controls } = strings;
    this.microphone = microphoneToggle(() => actions.onMicrophoneToggled());
    this.camera = cameraToggle(() => actions.onCameraToggled());
    this.screen = screenToggle(() => actions.onScreenToggled());
    this.screen.show(false, false);
    this.screen.root.hidden = !ScreenShare.supported;
    this.#details = actionButton("chart", controls.details, () => actions.onDetails());
    this.#details.setAttribute("aria-expanded", "false");
    this.root = element(
      "div",
      { class: "controls", role: "group", "aria-label": controls.label },
      this.microphone.root,
      this.camera.root,
      this.screen.root,
      actionButton("sliders", controls.devices, () => actions.onDevices()),
      this.#details,
      actionButton("leave", controls.leave, () => actions.onLeave(), "leave"),
    );
  }

  set detailsOpen(open: boolean) {
    this.#details.setAttribute("aria-expanded", String(open));
    this.#details.classList.toggle("on", open);
  }
}
