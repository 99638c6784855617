/** The second screen: everybody's tiles, the state of the connection, and the controls. */

import type { LocalMedia } from "../capture/local-media.ts";
import type { Call, CallState, Person } from "../room/call.ts";
import { actionButton, cameraToggle, microphoneToggle } from "./controls.ts";
import { DetailsDialog } from "./details-dialog.ts";
import { type DeviceActions, DeviceFields } from "./device-fields.ts";
import { element, fill } from "./dom.ts";
import { icon } from "./icons.ts";
import { card } from "./notices.ts";
import type { Quality } from "./preferences.ts";
import { StallWatch } from "./stall-watch.ts";
import { type Explanation, strings } from "./strings.ts";
import { arrange } from "./tile-layout.ts";
import { TileView, tileStateOf } from "./tile-view.ts";

/** What the user does here. */
export interface CallActions extends DeviceActions {
  onCameraToggled(): void;
  onMicrophoneToggled(): void;
  onLeave(): void;
  onCopyLink(): void;
  onCopied(text: string): void;
  onResumeSound(): void;
}

const GAP = 12;
/** A connection that is quick needs no words about it. */
const PATIENCE_MS = { connecting: 3_000, reconnecting: 600 } as const;

/** The call's screen. */
export class CallView {
  readonly root: HTMLElement;
  readonly #call: Call;
  readonly #media: LocalMedia;
  readonly #selfName: string;
  readonly #actions: CallActions;
  readonly #tiles = new Map<string, TileView>();
  readonly #self: TileView;
  readonly #selfVideo = element("video", { autoplay: true, playsinline: true, class: "mirrored" });
  readonly #grid = element("div", { class: "grid" });
  readonly #stage = element("div", { class: "stage" });
  readonly #heading = element("h1", { tabindex: -1 });
  readonly #badge = element("div", { class: "connection", role: "status" });
  readonly #count = element("span", { class: "count" });
  readonly #cards = element("div", { class: "cards" });
  readonly #alone = element("div", { class: "alone" });
  readonly #microphone;
  readonly #camera;
  readonly #devices: DeviceFields;
  readonly #deviceDialog: HTMLDialogElement;
  readonly #details: DetailsDialog;
  readonly #resize: ResizeObserver;
  readonly #timer: ReturnType<typeof setInterval>;
  /** What is wrong, with its card; the card is null once it was dismissed. */
  readonly #problems = new Map<string, { readonly explanation: Explanation; card: HTMLElement | null }>();
  readonly #stalls = new StallWatch();
  #people: readonly Person[] = [];
  #patience: ReturnType<typeof setTimeout> | undefined;
  #stateCard: HTMLElement | null = null;
  #soundCard: HTMLElement | null = null;

  constructor(call: Call, media: LocalMedia, room: string, selfName: string, actions: CallActions) {
    this.#call = call;
    this.#media = media;
    this.#selfName = selfName;
    this.#actions = actions;
    this.#selfVideo.muted = true;
    this.#self = new TileView("self", true);
    this.#microphone = microphoneToggle(() => actions.onMicrophoneToggled());
    this.#camera = cameraToggle(() => actions.onCameraToggled());
    this.#devices = new DeviceFields(actions);
    this.#details = new DetailsDialog(call, (text) => actions.onCopied(text));
    this.#deviceDialog = this.#makeDeviceDialog();
    this.root = this.#build(room);
    this.#resize = new ResizeObserver(() => this.#layOut());
    this.#resize.observe(this.#stage);
    this.#timer = setInterval(() => this.#look(), 1_000);
    this.showState(call.state, "");
    this.showPeople(call.people);
  }

  /** Follow the devices. */
  showMedia(speakerId: string, quality: Quality): void {
    const { camera, choice, cameraProblem, microphoneProblem } = this.#media;
    const shown = (this.#selfVideo.srcObject as MediaStream | null)?.getVideoTracks()[0] ?? null;
    if (shown !== camera) this.#selfVideo.srcObject = camera === null ? null : new MediaStream([camera]);
    this.#self.show({
      name: this.#selfName,
      label: strings.call.youNamed(this.#selfName),
      microphoneOn: choice.microphoneOn && microphoneProblem === null,
      cameraOn: camera !== null,
      surface: this.#selfVideo,
      live: camera !== null,
      fit: "cover",
    });
    this.#microphone.show(choice.microphoneOn && microphoneProblem === null, microphoneProblem !== null);
    this.#camera.show(choice.cameraOn && cameraProblem === null, cameraProblem !== null);
    this.#devices.show(this.#media, speakerId, quality);
    this.#setProblem("camera", cameraProblem === null ? null : strings.capture.camera[cameraProblem]);
    this.#setProblem("microphone", microphoneProblem === null ? null : strings.capture.microphone[microphoneProblem]);
  }

  showPeople(people: readonly Person[]): void {
    this.#people = people;
    for (const [id, tile] of this.#tiles) {
      if (people.some(({ participantId }) => participantId === id)) continue;
      tile.root.remove();
      this.#tiles.delete(id);
    }
    for (const person of people) {
      let tile = this.#tiles.get(person.participantId);
      if (tile === undefined) {
        tile = new TileView(person.participantId, false);
        this.#tiles.set(person.participantId, tile);
        this.#grid.append(tile.root);
      }
      tile.show(tileStateOf(person));
    }
    const alone = people.length === 0;
    this.root.classList.toggle("is-alone", alone);
    // Alone we fill the stage; with others our own picture floats in a corner.
    const home = alone ? this.#grid : this.#stage;
    if (this.#self.root.parentElement !== home) home.append(this.#self.root);
    this.#count.textContent = strings.call.people(people.length + 1);
    this.#layOut();
  }

  showLevels(levels: ReadonlyMap<string, number>): void {
    for (const [participantId, level] of levels) {
      const tile = this.#tiles.get(participantId);
      if (tile !== undefined) tile.level = level;
    }
    const own = this.#call.tracks().find(({ direction, kind }) => direction === "sent" && kind === "audio");
    this.#self.level = own?.level ?? 0;
  }

  showState(state: CallState, reason: string): void {
    this.#badge.setAttribute("data-state", state);
    this.#showBadge();
    clearTimeout(this.#patience);
    this.#stateCard?.remove();
    this.#stateCard = null;
    if (state !== "connecting" && state !== "reconnecting") return;
    const words = navigator.onLine ? strings.banner[state] : strings.banner.offline;
    this.#patience = setTimeout(() => {
      const text = [words.text, reason].filter((part) => part !== "").join(" ");
      this.#stateCard = card({ title: words.title, text }, "waiting", null);
      this.#cards.prepend(this.#stateCard);
    }, PATIENCE_MS[state]);
  }

  /** Show something that is wrong until it is dismissed. */
  showProblem(explanation: Explanation): void {
    this.#setProblem(explanation.title, explanation);
  }

  /** Whether the browser lets sound out. */
  showSound(running: boolean): void {
    if ((this.#soundCard === null) === running) return;
    this.#soundCard?.remove();
    this.#soundCard = null;
    if (running) return;
    const play = { label: strings.call.playSound, run: () => this.#actions.onResumeSound() };
    this.#soundCard = card({ title: strings.call.soundBlocked, text: "" }, "problem", play);
    this.#cards.append(this.#soundCard);
  }

  /** Let the keyboard and screen readers begin here: what had the focus in the lobby is gone. */
  focus(): void {
    this.#heading.focus();
  }

  close(): void {
    clearTimeout(this.#patience);
    clearInterval(this.#timer);
    this.#resize.disconnect();
    this.#details.close();
    this.#selfVideo.srcObject = null;
    this.root.remove();
  }

  #build(room: string): HTMLElement {
    const { controls, call } = strings;
    const actions = this.#actions;
    fill(
      this.#alone,
      element("strong", {}, call.alone),
      element("span", {}, call.aloneHint),
      element(
        "button",
        { type: "button", class: "small", onclick: () => actions.onCopyLink() },
        icon("link"),
        controls.copyLink,
      ),
    );
    this.#stage.append(this.#grid, this.#alone);
    this.#heading.textContent = room;
    this.#heading.title = room;
    return element(
      "main",
      { class: "call" },
      element(
        "header",
        { class: "call-bar" },
        this.#heading,
        element("span", { class: "people" }, icon("people"), this.#count),
        element("span", { class: "spacer" }),
        this.#badge,
        actionButton("link", controls.copyLink, () => actions.onCopyLink(), "plain"),
      ),
      this.#cards,
      this.#stage,
      element(
        "div",
        { class: "controls", role: "group", "aria-label": controls.label },
        this.#microphone.root,
        this.#camera.root,
        actionButton("sliders", controls.devices, () => this.#deviceDialog.showModal()),
        actionButton("chart", controls.details, () => this.#details.open()),
        actionButton("leave", controls.leave, () => actions.onLeave(), "leave"),
      ),
      this.#deviceDialog,
      this.#details.root,
    );
  }

  #makeDeviceDialog(): HTMLDialogElement {
    const dialog: HTMLDialogElement = element(
      "dialog",
      { class: "sheet", "aria-labelledby": "devices-title" },
      element(
        "header",
        {},
        element("h2", { id: "devices-title" }, strings.devices.title),
        actionButton("close", strings.controls.close, () => dialog.close(), "plain"),
      ),
      this.#devices.root,
    );
    return dialog;
  }

  #setProblem(key: string, explanation: Explanation | null): void {
    const old = this.#problems.get(key);
    // What was dismissed stays away until it is settled, or becomes something else.
    if ((old?.explanation ?? null) === explanation) return;
    old?.card?.remove();
    this.#problems.delete(key);
    if (explanation === null) return;
    const problem: { explanation: Explanation; card: HTMLElement | null } = { explanation, card: null };
    problem.card = card(explanation, "problem", null, () => {
      problem.card?.remove();
      problem.card = null;
    });
    this.#problems.set(key, problem);
    // Each card comes and goes by itself: screen readers say again what is put into the page again.
    this.#cards.append(problem.card);
  }

  #showBadge(): void {
    const state = this.#call.state;
    const roundTripMs = this.#call.path()?.roundTripMs ?? null;
    fill(
      this.#badge,
      element("span", { class: "dot", "aria-hidden": "true" }),
      element("span", { class: "state" }, strings.states[state]),
      element("span", { class: "mode" }, strings.modes[this.#call.mode]),
    );
    this.#badge.title = roundTripMs === null ? strings.states[state] : strings.roundTrip(roundTripMs);
  }

  /** Once a second: pictures that stand still. */
  #look(): void {
    const now = performance.now();
    const readings = this.#call.tracks();
    for (const person of this.#people) {
      const tile = this.#tiles.get(person.participantId);
      const reading = readings.find(
        (track) =>
          track.direction === "received" && track.kind === "video" && track.participantId === person.participantId,
      );
      if (tile === undefined) continue;
      const expected = person.video !== null && !person.video.muted && person.video.live;
      tile.stalled = this.#stalls.isStalled(person.participantId, expected ? (reading?.frames ?? null) : null, now);
    }
    const roundTripMs = this.#call.path()?.roundTripMs ?? null;
    if (roundTripMs !== null) this.#badge.title = strings.roundTrip(roundTripMs);
  }

  #layOut(): void {
    // Sizes may be fractions of a pixel; rounded up they would push the last tile of a row to the next.
    const stage = this.#stage.getBoundingClientRect();
    const count = Math.max(1, this.#grid.children.length);
    const { width, height } = arrange(count, Math.floor(stage.width), Math.floor(stage.height), GAP);
    this.#grid.style.setProperty("--tile-width", `${width}px`);
    this.#grid.style.setProperty("--tile-height", `${height}px`);
  }
}
