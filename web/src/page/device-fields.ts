/** The choice of camera, microphone, speaker and quality; the same fields stand in the lobby and in the call's dialog. */

import type { LocalMedia } from "../capture/local-media.ts";
import { element, fill } from "./dom.ts";
import { QUALITIES, type Quality } from "./preferences.ts";
import { strings } from "./strings.ts";

/** What the user chose. */
export interface DeviceActions {
  onCamera(deviceId: string): void;
  onMicrophone(deviceId: string): void;
  onSpeaker(deviceId: string): void;
  onQuality(quality: Quality): void;
}

/** Select fields that follow the list of devices. */
export class DeviceFields {
  readonly root: HTMLElement;
  readonly #camera: HTMLSelectElement;
  readonly #microphone: HTMLSelectElement;
  readonly #speaker: HTMLSelectElement;
  readonly #quality: HTMLSelectElement;
  #shown = "";

  constructor(actions: DeviceActions) {
    const { devices } = strings;
    this.#camera = element("select", { onchange: () => actions.onCamera(this.#camera.value) });
    this.#microphone = element("select", { onchange: () => actions.onMicrophone(this.#microphone.value) });
    this.#speaker = element("select", { onchange: () => actions.onSpeaker(this.#speaker.value) });
    this.#quality = element(
      "select",
      { onchange: () => actions.onQuality(this.#quality.value as Quality) },
      ...Object.keys(QUALITIES).map((value) => element("option", { value }, devices.qualities[value as Quality])),
    );
    const field = (label: string, select: HTMLSelectElement) =>
      element("label", { class: "field" }, element("span", {}, label), select);
    this.root = element(
      "div",
      { class: "device-fields" },
      field(devices.camera, this.#camera),
      field(devices.microphone, this.#microphone),
      field(devices.speaker, this.#speaker),
      field(devices.quality, this.#quality),
    );
  }

  /** Show the devices there are, and which are chosen. */
  show(media: LocalMedia, speakerId: string, quality: Quality): void {
    const { cameras, microphones, speakers } = media.devices;
    // Rewriting an open list closes it: only touch what has changed.
    const state = JSON.stringify([cameras, microphones, speakers, media.choice, speakerId, quality]);
    if (state === this.#shown) return;
    this.#shown = state;
    const { devices } = strings;
    options(this.#camera, cameras, devices.camera, media.choice.cameraId);
    options(this.#microphone, microphones, devices.microphone, media.choice.microphoneId);
    options(this.#speaker, speakers, devices.speaker, speakerId);
    const canChooseSpeaker = "setSinkId" in AudioContext.prototype && speakers.length > 0;
    (this.#speaker.parentElement as HTMLElement).hidden = !canChooseSpeaker;
    this.#quality.value = quality;
  }
}

function options(select: HTMLSelectElement, list: readonly MediaDeviceInfo[], kind: string, chosen: string): void {
  const { devices } = strings;
  const usable = list.filter(({ deviceId }) => deviceId !== "default" && deviceId !== "communications");
  fill(
    select,
    element("option", { value: "" }, list.length === 0 ? devices.none : devices.systemDefault),
    ...usable.map(({ deviceId, label }, index) =>
      element("option", { value: deviceId }, label || devices.unnamed(kind, index + 1)),
    ),
  );
  select.value = usable.some(({ deviceId }) => deviceId === chosen) ? chosen : "";
  select.disabled = usable.length === 0;
}
