/** The choice of camera, microphone, speaker and quality; the same fields stand in the lobby and in the call's dialog. */

import { canChooseSpeaker, type LocalMedia, type SoundProcessing } from "../sdk/index.ts";
import { element, fill } from "./dom.ts";
import { icon } from "./icons.ts";
import { type Preferences, QUALITIES, type Quality } from "./preferences.ts";
import { strings } from "./strings.ts";
import { playTestTone } from "./test-tone.ts";

/** What the user chose. */
export interface DeviceActions {
  onCamera(deviceId: string): void;
  onMicrophone(deviceId: string): void;
  onSpeaker(deviceId: string): void;
  onQuality(quality: Quality): void;
  onSound(change: Partial<SoundProcessing>): void;
}

const words = strings.devices;
const SOUND = ["echoCancellation", "noiseSuppression", "autoGainControl"] as const;

/** Select fields that follow the list of devices. */
export class DeviceFields {
  readonly root: HTMLElement;
  readonly #camera: HTMLSelectElement;
  readonly #microphone: HTMLSelectElement;
  readonly #speaker: HTMLSelectElement;
  readonly #quality: HTMLSelectElement;
  readonly #tone: HTMLButtonElement;
  readonly #sound: ReadonlyMap<keyof SoundProcessing, HTMLInputElement>;
  #shown = "";

  constructor(actions: DeviceActions) {
    this.#camera = element("select", { onchange: () => actions.onCamera(this.#camera.value) });
    this.#microphone = element("select", { onchange: () => actions.onMicrophone(this.#microphone.value) });
    this.#speaker = element("select", { onchange: () => actions.onSpeaker(this.#speaker.value) });
    this.#quality = element(
      "select",
      { onchange: () => actions.onQuality(this.#quality.value as Quality) },
      ...Object.keys(QUALITIES).map((value) => element("option", { value }, words.qualities[value as Quality])),
    );
    this.#tone = element("button", { type: "button", class: "small tone", onclick: () => void this.#playTone() });
    fill(this.#tone, icon("speaker"), words.testTone);
    this.#sound = new Map(
      SOUND.map((name) => {
        const box = element("input", { type: "checkbox", onchange: () => actions.onSound({ [name]: box.checked }) });
        return [name, box];
      }),
    );
    const field = (label: string, select: HTMLSelectElement) =>
      element("label", { class: "field" }, element("span", {}, label), select);
    this.root = element(
      "div",
      { class: "device-fields" },
      field(words.camera, this.#camera),
      field(words.quality, this.#quality),
      field(words.microphone, this.#microphone),
      field(words.speaker, this.#speaker),
      element(
        "fieldset",
        { class: "sound-processing" },
        element("legend", {}, words.sound),
        ...SOUND.map((name) => element("label", { class: "check" }, this.#sound.get(name), words[name])),
      ),
      this.#tone,
    );
  }

  /** Show the devices there are, and which are chosen. */
  show(media: LocalMedia, preferences: Preferences): void {
    const { cameras, microphones, speakers } = media.devices;
    const { speakerId, quality } = preferences;
    for (const [name, box] of this.#sound) box.checked = preferences[name];
    // Rewriting an open list closes it: only touch what has changed.
    const state = JSON.stringify([cameras, microphones, speakers, media.choice, speakerId, quality]);
    if (state === this.#shown) return;
    this.#shown = state;
    options(this.#camera, cameras, words.camera, media.choice.cameraId);
    options(this.#microphone, microphones, words.microphone, media.choice.microphoneId);
    options(this.#speaker, speakers, words.speaker, speakerId);
    (this.#speaker.parentElement as HTMLElement).hidden = !canChooseSpeaker() || speakers.length === 0;
    this.#quality.value = quality;
  }

  async #playTone(): Promise<void> {
    this.#tone.disabled = true;
    await playTestTone(this.#speaker.value).catch(() => undefined);
    this.#tone.disabled = false;
  }
}

function options(select: HTMLSelectElement, list: readonly MediaDeviceInfo[], kind: string, chosen: string): void {
  const usable = list.filter(({ deviceId }) => deviceId !== "default" && deviceId !== "communications");
  fill(
    select,
    element("option", { value: "" }, list.length === 0 ? words.none : words.systemDefault),
    ...usable.map(({ deviceId, label }, index) =>
      element("option", { value: deviceId }, label || words.unnamed(kind, index + 1)),
    ),
  );
  select.value = usable.some(({ deviceId }) => deviceId === chosen) ? chosen : "";
  select.disabled = usable.length === 0;
}
