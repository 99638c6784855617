/** The second screen: the stage with everybody's tiles, the bar above, the buttons below, the drawer beside. Shows a room. */

import { type LocalMedia, type Room, ScreenShare } from "../sdk/index.ts";
import { CallBar } from "./call-bar.ts";
import { ControlBar } from "./control-bar.ts";
import { actionButton } from "./controls.ts";
import { DetailsDrawer } from "./details-drawer.ts";
import { type DeviceActions, DeviceFields } from "./device-fields.ts";
import { element, fill, sheet } from "./dom.ts";
import type { History } from "./history.ts";
import { SAMPLE_MS } from "./history.ts";
import { icon } from "./icons.ts";
import type { Preferences } from "./preferences.ts";
import { ProblemCards } from "./problem-cards.ts";
import { type SelfChoice, SelfView } from "./self-view.ts";
import { helpDialog, SHORTCUTS, type Shortcut } from "./shortcuts.ts";
import { Stage } from "./stage.ts";
import { type Explanation, strings } from "./strings.ts";

/** What the user does here. */
export interface CallActions extends DeviceActions {
  onCameraToggled(): void;
  onMicrophoneToggled(): void;
  onScreenToggled(): void;
  onLeave(): void;
  onCopyLink(): void;
  onCopied(text: string): void;
  onDownload(): void;
  onPlaySound(): void;
  onSelfChoice(choice: SelfChoice): void;
}

/** The call's screen. */
export class CallView {
  readonly root: HTMLElement;
  readonly #room: Room;
  readonly #media: LocalMedia;
  readonly #name: string;
  readonly #history: History;
  readonly #actions: CallActions;
  readonly #self: SelfView;
  readonly #stage: Stage;
  readonly #cards: ProblemCards;
  readonly #bar: CallBar;
  readonly #controls: ControlBar;
  readonly #drawer: DetailsDrawer;
  readonly #devices: DeviceFields;
  readonly #deviceDialog: HTMLDialogElement;
  readonly #help: HTMLDialogElement;
  readonly #timer: ReturnType<typeof setInterval>;

  /** @param name our own. */
  constructor(room: Room, media: LocalMedia, name: string, history: History, self: SelfChoice, actions: CallActions) {
    this.#room = room;
    this.#media = media;
    this.#name = name;
    this.#history = history;
    this.#actions = actions;
    this.#self = new SelfView(self, (choice) => {
      actions.onSelfChoice(choice);
      this.#stage.layOut();
    });
    this.#stage = new Stage(this.#self, () => room.participantId);
    this.#cards = new ProblemCards(() => actions.onPlaySound());
    this.#help = helpDialog(
      (Object.keys(SHORTCUTS) as Shortcut[]).filter((key) => key !== "s" || ScreenShare.supported),
    );
    this.#bar = new CallBar(room, { onCopyLink: () => actions.onCopyLink(), onHelp: () => this.#help.showModal() });
    this.#devices = new DeviceFields(actions);
    this.#deviceDialog = sheet(
      "devices",
      strings.devices.title,
      (close) => actionButton("close", strings.controls.close, close, "plain"),
      this.#devices.root,
    );
    this.#drawer = new DetailsDrawer(room, history, actions, () => {
      this.#controls.detailsOpen = this.#drawer.isOpen;
    });
    this.#controls = new ControlBar({
      ...actions,
      onDevices: () => this.#deviceDialog.showModal(),
      onDetails: () => this.#drawer.toggle(),
      onLeave: () => actions.onLeave(),
    });
    this.root = this.#build();
    this.#timer = setInterval(() => this.#look(), SAMPLE_MS);
    this.showState("");
    this.showPeople();
  }

  /** Follow the devices. */
  showMedia(preferences: Preferences): void {
    const { camera, choice, cameraProblem, microphoneProblem } = this.#media;
    const microphoneOn = choice.microphoneOn && microphoneProblem === null;
    this.#self.show(this.#name, microphoneOn, camera);
    this.#controls.microphone.show(microphoneOn, microphoneProblem !== null);
    this.#controls.camera.show(choice.cameraOn && cameraProblem === null, cameraProblem !== null);
    this.#devices.show(this.#media, preferences);
    const { capture } = strings;
    this.#cards.set("camera", cameraProblem === null ? null : capture.camera[cameraProblem]);
    this.#cards.set("microphone", microphoneProblem === null ? null : capture.microphone[microphoneProblem]);
  }

  /** Follow who is there and what they let see. */
  showPeople(): void {
    this.#stage.showPeople(this.#room.participants);
    this.root.classList.toggle("is-alone", this.#stage.alone);
    this.#bar.showPeople(this.#room.participants.length + 1);
  }

  showLevels(levels: ReadonlyMap<string, number>): void {
    this.#stage.showLevels(levels, performance.now());
  }

  /** @param reason a sentence of the room, or empty. */
  showState(reason: string): void {
    this.#bar.showState();
    this.#cards.showState(this.#room.state, reason);
  }

  /** The call goes another way. */
  showWay(): void {
    this.#bar.showState();
  }

  /** @param track of the screen that we share; null: none. */
  showOwnScreen(track: MediaStreamTrack | null): void {
    this.#stage.showOwnScreen(this.#name, track);
    this.#controls.screen.show(track !== null, false);
  }

  /** Show something that is wrong until it is dismissed. */
  showProblem(explanation: Explanation): void {
    this.#cards.set(explanation.title, explanation);
  }

  /** Whether the browser lets sound out. */
  showSound(running: boolean): void {
    this.#cards.showSound(running);
  }

  /** A key that does something on this screen. */
  press(key: Shortcut): void {
    const deeds: Record<Shortcut, () => void> = {
      m: () => this.#actions.onMicrophoneToggled(),
      v: () => this.#actions.onCameraToggled(),
      s: () => this.#actions.onScreenToggled(),
      d: () => this.#drawer.toggle(),
      h: () => this.#self.minimise(!this.#self.minimised),
      g: () => this.#stage.shrink(),
      "?": () => this.#help.showModal(),
    };
    deeds[key]();
  }

  focus(): void {
    this.#bar.focus();
  }

  close(): void {
    clearInterval(this.#timer);
    this.#cards.close();
    this.#stage.close();
    this.root.remove();
  }

  #build(): HTMLElement {
    const { controls, call } = strings;
    const copy = () => this.#actions.onCopyLink();
    const link = element("button", { type: "button", class: "small", onclick: copy });
    fill(link, icon("link"), controls.copyLink);
    const alone = element(
      "div",
      { class: "alone" },
      element("strong", {}, call.alone),
      element("span", {}, call.aloneHint),
      link,
    );
    this.#stage.root.append(alone);
    return element(
      "main",
      { class: "call" },
      this.#bar.root,
      this.#cards.root,
      element("div", { class: "call-body" }, this.#stage.root, this.#drawer.root),
      this.#controls.root,
      this.#deviceDialog,
      this.#help,
    );
  }

  /** Once a second: the figures, pictures that stand still, and names that came after their tracks. */
  #look(): void {
    this.showPeople();
    const now = performance.now();
    const tracks = this.#room.trackReadings();
    this.#history.take(tracks, this.#room.pathReading(), now);
    this.#drawer.refresh();
    this.#bar.showState();
    this.#stage.watch(
      (id) => tracks.find(({ trackId, direction }) => trackId === id && direction === "received")?.frames ?? null,
      now,
    );
  }
}
