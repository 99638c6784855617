/** The page's two screens and what leads from one to the other. */

import { LocalMedia } from "../capture/local-media.ts";
import { AudioOutput } from "../playout/audio-output.ts";
import type { Call, CallEnd, CallEvents, CallOptions } from "../room/call.ts";
import { NativeCall } from "../room/native-call.ts";
import { TunnelCall } from "../room/tunnel-call.ts";
import { invitationTo, showRoom, takeAddress } from "./address.ts";
import { Announcer } from "./announcer.ts";
import { CallView } from "./call-view.ts";
import { ColourToggle } from "./colours.ts";
import { exposeDiagnostics } from "./diagnostics.ts";
import { element, fill } from "./dom.ts";
import { LevelMeter } from "./level-meter.ts";
import { type JoinRequest, LobbyView } from "./lobby-view.ts";
import { Toasts } from "./notices.ts";
import { loadPreferences, type Preferences, QUALITIES, type Quality, savePreferences } from "./preferences.ts";
import { askServer } from "./server-info.ts";
import { type Explanation, strings } from "./strings.ts";
import { impossible } from "./support.ts";
import { WakeLock } from "./wake-lock.ts";

/** Where the gateway is: the page comes from it. */
const BASE_URL = new URL("./", document.baseURI).href;
const FAREWELL_MS = 60;

/** The whole page. */
export class App {
  readonly #root: HTMLElement;
  readonly #screen = element("div", { class: "screen" });
  readonly #toasts = new Toasts();
  readonly #address = takeAddress();
  readonly #media: LocalMedia;
  readonly #server = askServer(BASE_URL);
  readonly #wakeLock = new WakeLock();
  readonly #meter = new LevelMeter((level) => {
    if (this.#lobby !== null) this.#lobby.level = level;
  });
  #preferences: Preferences;
  #token: string | null;
  #lobby: LobbyView | null = null;
  #callView: CallView | null = null;
  #call: Call | null = null;
  #output: AudioOutput | null = null;
  /** The user pressed the button: no need to explain the end. */
  #leaving = false;

  constructor(root: HTMLElement) {
    this.#root = root;
    const stored = loadPreferences();
    const { name, room, mode, quality, token } = this.#address;
    this.#preferences = {
      ...stored,
      name: name ?? stored.name,
      room: room ?? stored.room,
      mode: mode ?? stored.mode,
      quality: quality ?? stored.quality,
    };
    this.#token = token;
    this.#media = new LocalMedia({ ...this.#preferences, quality: QUALITIES[this.#preferences.quality] });
    this.#media.addEventListener("change", () => this.#mediaChanged());
  }

  /** Show the first screen; with `autojoin=1` go on at once. */
  start(): void {
    const colours = new ColourToggle(this.#preferences.colours, (chosen) => this.#prefer({ colours: chosen }));
    const brand = element("span", { class: "brand" }, element("span", { class: "mark" }), strings.product);
    const tagline = element("span", { class: "tagline" }, strings.tagline);
    const topBar = element("header", { class: "top-bar" }, brand, tagline, colours.root);
    fill(this.#root, topBar, this.#screen, this.#toasts.root);
    exposeDiagnostics(() => this.#call);
    document.addEventListener("keydown", (event) => this.#keyPressed(event));
    document.addEventListener("pointerdown", () => this.#gesture());
    window.addEventListener("pagehide", () => this.#farewell());
    const { name, room, mode } = this.#preferences;
    const opened = this.#media.start();
    this.#showLobby(null, false);
    if (this.#address.autojoin && name !== "" && room !== "") {
      void opened.then(() => this.#join({ name, room, mode, token: this.#token }));
    }
  }

  #showLobby(ended: Explanation | null, left: boolean): void {
    const { name, room, mode } = this.#preferences;
    const invited = room !== "" && this.#address.room === room;
    const lobby = new LobbyView(
      { name, room, token: this.#token, mode, invited, ended, left, impossible },
      {
        ...this.#deviceActions,
        onJoin: (request) => this.#join(request),
        onRetry: () => void this.#media.start(),
      },
    );
    this.#lobby = lobby;
    document.title = strings.product;
    this.#root.setAttribute("data-screen", "lobby");
    fill(this.#screen, lobby.root);
    this.#mediaChanged();
    lobby.focus();
    void this.#server.then((server) => {
      if (server !== null) lobby.showServer(server.nativeMode, server.tokenRequired);
    });
  }

  #join(request: JoinRequest): void {
    const { name, room, mode, token } = request;
    if (this.#call !== null || impossible(mode) !== null) return;
    this.#token = token;
    this.#prefer({ name, room, mode });
    showRoom(room);
    this.#meter.close();
    this.#lobby = null;
    const output = this.#openOutput();
    const options: CallOptions = { url: BASE_URL, room, name, token };
    const Kind = mode === "native" ? NativeCall : TunnelCall;
    this.#call = new Kind(options, this.#media, output, this.#callEvents());
    this.#callView = new CallView(this.#call, this.#media, room, name, {
      ...this.#deviceActions,
      onLeave: () => {
        this.#leaving = true;
        this.#call?.leave();
      },
      onCopyLink: () => void this.#copy(invitationTo(room), strings.controls.linkCopied),
      onCopied: (text) => void this.#copy(text, strings.details.copied),
      onResumeSound: () => this.#gesture(),
    });
    document.title = `${room} · ${strings.product}`;
    this.#root.setAttribute("data-screen", "call");
    fill(this.#screen, this.#callView.root);
    this.#callView.focus();
    this.#mediaChanged();
    void output.resume();
    this.#wakeLock.hold();
  }

  #openOutput(): AudioOutput {
    const output = new AudioOutput({
      onClock: (contextTime, wallUs) => {
        if (this.#call instanceof TunnelCall) this.#call.outputClock(contextTime, wallUs);
      },
      onRunning: (running) => this.#callView?.showSound(running),
    });
    void output.useSpeaker(this.#preferences.speakerId).catch(() => undefined);
    this.#output = output;
    return output;
  }

  #callEvents(): CallEvents {
    const announcer = new Announcer((event, name) => this.#toasts.say(strings.call[event](name)));
    return {
      onState: (state, reason) => {
        announcer.stateChanged(state, performance.now());
        this.#callView?.showState(state, reason);
      },
      onPeople: (people) => {
        announcer.peopleChanged(people, performance.now());
        this.#callView?.showPeople(people);
      },
      onLevels: (levels) => this.#callView?.showLevels(levels),
      onProblem: (problem) => this.#callView?.showProblem(strings.problem(problem)),
      onEnded: (end) => this.#ended(end),
    };
  }

  #ended(end: CallEnd): void {
    const byUser = this.#leaving;
    this.#leaving = false;
    this.#wakeLock.release();
    this.#callView?.close();
    this.#callView = null;
    this.#call = null;
    void this.#output?.close();
    this.#output = null;
    this.#showLobby(byUser ? null : strings.ends[end], byUser);
  }

  readonly #deviceActions = {
    onCamera: (cameraId: string) => {
      this.#prefer({ cameraId });
      void this.#media.useCamera(cameraId);
    },
    onMicrophone: (microphoneId: string) => {
      this.#prefer({ microphoneId });
      void this.#media.useMicrophone(microphoneId);
    },
    onSpeaker: (speakerId: string) => {
      this.#prefer({ speakerId });
      void this.#output?.useSpeaker(speakerId).catch(() => undefined);
      this.#call?.resumeSound(speakerId);
    },
    onQuality: (quality: Quality) => {
      this.#prefer({ quality });
      void this.#media.useCamera(this.#preferences.cameraId, QUALITIES[quality]);
    },
    onCameraToggled: () => {
      const cameraOn = !this.#media.choice.cameraOn || this.#media.cameraProblem !== null;
      this.#prefer({ cameraOn });
      void this.#media.setCameraOn(cameraOn);
    },
    onMicrophoneToggled: () => {
      const microphoneOn = !this.#media.choice.microphoneOn || this.#media.microphoneProblem !== null;
      this.#prefer({ microphoneOn });
      void this.#media.setMicrophoneOn(microphoneOn);
    },
  };

  #mediaChanged(): void {
    const { speakerId, quality } = this.#preferences;
    this.#callView?.showMedia(speakerId, quality);
    if (this.#lobby === null) return;
    this.#lobby.show(this.#media, speakerId, quality);
    this.#meter.watch(this.#media.choice.microphoneOn ? this.#media.microphone : null);
  }

  #prefer(change: Partial<Preferences>): void {
    this.#preferences = { ...this.#preferences, ...change };
    savePreferences(this.#preferences);
  }

  /**
   * The tab is being closed. The worker that keeps the connection dies with the page, so the page lives on for the moment
   * that the worker needs to say goodbye: else others would look at a still picture until the resume window ends.
   */
  #farewell(): void {
    if (this.#call === null) return;
    this.#leaving = true;
    this.#call.leave();
    const until = performance.now() + FAREWELL_MS;
    while (performance.now() < until);
  }

  /** Browsers let sound out after the first gesture, wherever on the page it was. */
  #gesture(): void {
    this.#meter.resume();
    const output = this.#output;
    if (output === null || output.running) return;
    void output.resume();
    this.#call?.resumeSound(this.#preferences.speakerId);
  }

  #keyPressed(event: KeyboardEvent): void {
    this.#gesture();
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if ((event.target as HTMLElement).closest("input, select, textarea, dialog[open]") !== null) return;
    const key = event.key.toLowerCase();
    if (key === "m") this.#deviceActions.onMicrophoneToggled();
    else if (key === "v") this.#deviceActions.onCameraToggled();
    else return;
    event.preventDefault();
  }

  async #copy(text: string, done: string): Promise<void> {
    try {
      await navigator.clipboard.writeText(text);
      this.#toasts.say(done);
    } catch {
      this.#toasts.say(strings.controls.linkNotCopied);
    }
  }
}
