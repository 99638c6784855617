/** The first screen: who you are, where to, how you look and sound, and what is wrong if something is. */

import type { CaptureProblem, CodecChoice, LocalMedia, ModeChoice } from "../sdk/index.ts";
import { cameraToggle, microphoneToggle } from "./controls.ts";
import { type DeviceActions, DeviceFields } from "./device-fields.ts";
import { element, fill, setAttribute } from "./dom.ts";
import { openNetworkCheck } from "./network-check.ts";
import { card } from "./notices.ts";
import { isRoomName, type Preferences } from "./preferences.ts";
import { type Explanation, strings } from "./strings.ts";

/** What the lobby starts with. */
export interface LobbyOptions {
  readonly name: string;
  readonly room: string;
  readonly token: string | null;
  readonly mode: ModeChoice;
  readonly codecs: CodecChoice;
  /** The address named a room: say so in the title. */
  readonly invited: boolean;
  /** Why the call before ended; null at first. */
  readonly ended: Explanation | null;
  /** The user has just left by themselves. */
  readonly left: boolean;
  /** Why no call is possible that way; null if one is. */
  impossible(mode: ModeChoice, codecs: CodecChoice): Explanation | null;
}

/** What the user asked for. */
export interface JoinRequest {
  readonly name: string;
  readonly room: string;
  readonly token: string | null;
  readonly mode: ModeChoice;
  readonly codecs: CodecChoice;
}

/** What the user does here. */
export interface LobbyActions extends DeviceActions {
  onJoin(request: JoinRequest): void;
  onCameraToggled(): void;
  onMicrophoneToggled(): void;
  onRetry(): void;
}

const words = strings.lobby;

/** The lobby. */
export class LobbyView {
  readonly root: HTMLElement;
  readonly #actions: LobbyActions;
  readonly #preview = element("video", { autoplay: true, playsinline: true, class: "mirrored", "aria-hidden": "true" });
  readonly #previewNote = element("p", { class: "preview-note" });
  readonly #meter = element("div", { class: "meter", title: words.meter, "aria-hidden": "true" }, element("span"));
  readonly #problems = element("div", { class: "problems" });
  readonly #microphone;
  readonly #camera;
  readonly #devices: DeviceFields;
  readonly #name: HTMLInputElement;
  readonly #room: HTMLInputElement;
  readonly #token: HTMLInputElement;
  readonly #mode: HTMLSelectElement;
  readonly #codecs: HTMLSelectElement;
  readonly #error = element("p", { class: "form-error", role: "alert" });
  readonly #stage: HTMLElement;
  readonly #more: HTMLDetailsElement;
  readonly #hindrance = element("div", { class: "problems" });
  readonly #impossible: LobbyOptions["impossible"];
  #shownProblems = "";

  constructor(options: LobbyOptions, actions: LobbyActions) {
    this.#actions = actions;
    this.#impossible = options.impossible;
    this.#preview.muted = true;
    this.#microphone = microphoneToggle(() => actions.onMicrophoneToggled());
    this.#camera = cameraToggle(() => actions.onCameraToggled());
    this.#devices = new DeviceFields(actions);
    this.#name = element("input", {
      name: "name",
      value: options.name,
      placeholder: words.namePlaceholder,
      maxlength: 64,
      autocomplete: "name",
      spellcheck: "false",
    });
    this.#room = element("input", {
      name: "room",
      value: options.room,
      placeholder: words.roomPlaceholder,
      maxlength: 64,
      autocomplete: "off",
      autocapitalize: "none",
      spellcheck: "false",
      "aria-describedby": "room-hint",
    });
    this.#token = element("input", {
      name: "token",
      type: "password",
      value: options.token ?? "",
      autocomplete: "off",
      "aria-describedby": "token-hint",
    });
    this.#mode = element(
      "select",
      { name: "mode", onchange: () => this.#modeChanged() },
      ...Object.entries(words.modes).map(([value, label]) => element("option", { value }, label)),
    );
    this.#mode.value = options.mode;
    this.#codecs = element(
      "select",
      { name: "codecs", "aria-describedby": "codecs-hint", onchange: () => this.#modeChanged() },
      ...Object.entries(words.codecChoices).map(([value, label]) => element("option", { value }, label)),
    );
    this.#codecs.value = options.codecs;
    this.#more = this.#makeMore();
    this.#stage = element(
      "section",
      { class: "preview", "aria-label": words.preview },
      this.#preview,
      this.#previewNote,
      element("div", { class: "preview-controls" }, this.#microphone.root, this.#camera.root),
      this.#meter,
    );
    this.root = element(
      "main",
      { class: "lobby" },
      element("div", { class: "lobby-left" }, this.#stage, this.#problems, this.#devices.root),
      this.#form(options),
    );
    this.#modeChanged();
  }

  /** What the server told about itself: whether it takes native calls, and wants a token. */
  showServer(nativeMode: boolean, tokenRequired: boolean): void {
    const option = this.#mode.querySelector<HTMLOptionElement>("option[value=native]");
    if (option !== null) option.disabled = !nativeMode;
    if (!nativeMode && this.#mode.value === "native") this.#mode.value = "auto";
    if (tokenRequired && this.#token.value === "") this.#more.open = true;
    this.#modeChanged();
  }

  /** Put the cursor where the user will type first. */
  focus(): void {
    (this.#name.value === "" ? this.#name : this.#room.value === "" ? this.#room : this.#join).focus();
  }

  /** Follow the devices. */
  show(media: LocalMedia, preferences: Preferences): void {
    const { camera, microphone, choice, cameraProblem, microphoneProblem } = media;
    const stream = this.#preview.srcObject as MediaStream | null;
    if ((stream?.getVideoTracks()[0] ?? null) !== camera) {
      this.#preview.srcObject = camera === null ? null : new MediaStream([camera]);
    }
    this.#stage.classList.toggle("pictured", camera !== null);
    const note = !choice.cameraOn
      ? words.previewOff
      : cameraProblem === null
        ? words.previewStarting
        : words.previewNone;
    this.#previewNote.textContent = camera === null ? note : "";
    this.#microphone.show(choice.microphoneOn && microphoneProblem === null, microphoneProblem !== null);
    this.#camera.show(choice.cameraOn && cameraProblem === null, cameraProblem !== null);
    setAttribute(this.#meter, "hidden", microphone === null || !choice.microphoneOn);
    this.#devices.show(media, preferences);
    this.#showProblems(cameraProblem, microphoneProblem);
  }

  /** The user goes on: a preview that plays would keep all of this alive as long as the camera runs. */
  close(): void {
    this.#preview.srcObject = null;
  }

  /** @param level of the microphone, 0 … 1. */
  set level(level: number) {
    this.#meter.style.setProperty("--level", level.toFixed(2));
  }

  readonly #join = element("button", { type: "submit", class: "primary" });

  #form(options: LobbyOptions): HTMLFormElement {
    this.#more.open = options.ended === strings.ends.tokenRefused;
    this.#join.textContent = options.ended !== null || options.left ? words.rejoin : words.join;
    const retry = { label: strings.controls.reload, run: () => location.reload() };
    const check = { label: strings.controls.checkNetwork, run: openNetworkCheck };
    const { serverGone, crashed, versionMismatch } = strings.ends;
    const remedies = new Map<Explanation | null, typeof retry>([
      [versionMismatch, retry],
      [serverGone, check],
      [crashed, check],
    ]);
    return element(
      "form",
      { class: "lobby-form", novalidate: true, onsubmit: (event: SubmitEvent) => this.#submit(event) },
      this.#hindrance,
      options.ended !== null && card(options.ended, "problem", remedies.get(options.ended) ?? null),
      element("h1", {}, options.invited ? words.titleRoom(options.room) : words.title),
      options.left && element("p", { class: "hint", role: "status" }, words.left),
      element("label", { class: "field" }, element("span", {}, words.name), this.#name),
      element(
        "label",
        { class: "field" },
        element("span", {}, words.room),
        this.#room,
        element("small", { id: "room-hint" }, words.roomHint),
      ),
      this.#more,
      this.#error,
      this.#join,
    );
  }

  #makeMore(): HTMLDetailsElement {
    return element(
      "details",
      { class: "more" },
      element("summary", {}, words.more),
      element("label", { class: "field" }, element("span", {}, words.mode), this.#mode),
      element(
        "label",
        { class: "field" },
        element("span", {}, words.codecs),
        this.#codecs,
        element("small", { id: "codecs-hint" }, words.codecsHint),
      ),
      element(
        "label",
        { class: "field" },
        element("span", {}, words.token),
        this.#token,
        element("small", { id: "token-hint" }, words.tokenHint),
      ),
    );
  }

  #modeChanged(): void {
    const mode = this.#mode.value as ModeChoice;
    this.#codecs.disabled = mode === "native";
    const impossible = this.#impossible(mode, this.#codecs.value as CodecChoice);
    this.#join.disabled = impossible !== null;
    fill(this.#hindrance, impossible !== null && card(impossible, "problem", null));
  }

  #submit(event: SubmitEvent): void {
    event.preventDefault();
    const name = this.#name.value.trim();
    const room = this.#room.value.trim();
    const wrong: [string, HTMLInputElement] | null =
      name === ""
        ? [words.nameMissing, this.#name]
        : room === ""
          ? [words.roomMissing, this.#room]
          : isRoomName(room)
            ? null
            : [words.roomInvalid, this.#room];
    for (const input of [this.#name, this.#room]) setAttribute(input, "aria-invalid", wrong?.[1] === input && "true");
    this.#error.textContent = wrong?.[0] ?? "";
    if (wrong !== null) {
      wrong[1].focus();
      return;
    }
    const token = this.#token.value.trim() || null;
    const mode = this.#mode.value as ModeChoice;
    this.#actions.onJoin({ name, room, token, mode, codecs: this.#codecs.value as CodecChoice });
  }

  #showProblems(camera: CaptureProblem | null, microphone: CaptureProblem | null): void {
    const cards: Explanation[] = [];
    if (camera !== null) cards.push(strings.capture.camera[camera]);
    if (microphone !== null) cards.push(strings.capture.microphone[microphone]);
    const titles = cards.map(({ title }) => title);
    const unique = cards.filter(({ title }, index) => titles.indexOf(title) === index);
    const key = unique.map(({ title }) => title).join("|");
    if (this.#shownProblems === key) return;
    this.#shownProblems = key;
    const insecure = camera === "insecure" || microphone === "insecure";
    const action = insecure ? null : { label: strings.controls.tryAgain, run: () => this.#actions.onRetry() };
    fill(this.#problems, ...unique.map((explanation) => card(explanation, "problem", action)));
  }
}
