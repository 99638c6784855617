/** The page's two screens and what leads from one to the other. */

import type { CameraQuality, LocalMedia, RoomEnd, SoundProcessing } from "../sdk/index.ts";
import { showRoom, takeAddress } from "./address.ts";
import { CallSession } from "./call-session.ts";
import { ColourToggle } from "./colours.ts";
import { exposeDiagnostics } from "./diagnostics.ts";
import { element, fill } from "./dom.ts";
import { LevelMeter } from "./level-meter.ts";
import { type JoinRequest, LobbyView } from "./lobby-view.ts";
import { Toasts } from "./notices.ts";
import { loadPreferences, type Preferences, QUALITIES, type Quality, savePreferences } from "./preferences.ts";
import type { Sdk } from "./sdk.ts";
import type { SelfChoice } from "./self-view.ts";
import { askServer } from "./server-info.ts";
import { shortcutOf } from "./shortcuts.ts";
import { type Explanation, strings } from "./strings.ts";
import { impossible } from "./support.ts";
import { PAGE_VERSION } from "./version.ts";
import { WakeLock } from "./wake-lock.ts";

/** Where the gateway is: the page comes from it. */
const BASE_URL = new URL("./", document.baseURI).href;

/** The whole page. */
export class App {
  readonly #root: HTMLElement;
  readonly #sdk: Sdk;
  readonly #screen = element("div", { class: "screen" });
  readonly #toasts = new Toasts();
  readonly #address = takeAddress();
  readonly #media: LocalMedia;
  readonly #server = askServer(BASE_URL);
  readonly #wakeLock = new WakeLock();
  readonly #meter = new LevelMeter((level) => {
    if (this.#lobby !== null) this.#lobby.level = level;
  });
  readonly #versions: Record<string, string | null> = { page: PAGE_VERSION, server: null };
  #preferences: Preferences;
  #token: string | null;
  #lobby: LobbyView | null = null;
  #call: CallSession | null = null;

  constructor(root: HTMLElement, sdk: Sdk) {
    this.#root = root;
    this.#sdk = sdk;
    const stored = loadPreferences();
    const { name, room, mode, codecs, quality, token } = this.#address;
    this.#preferences = {
      ...stored,
      name: name ?? stored.name,
      room: room ?? stored.room,
      mode: mode ?? stored.mode,
      codecs: codecs ?? stored.codecs,
      quality: quality ?? stored.quality,
    };
    this.#token = token;
    this.#media = sdk.openMedia({
      ...this.#preferences,
      quality: this.#cameraQuality(this.#preferences.quality),
      sound: soundOf(this.#preferences),
    });
    this.#media.addEventListener("change", () => this.#mediaChanged());
    void this.#server.then((server) => {
      this.#versions.server = server?.version ?? null;
    });
  }

  #cameraQuality(quality: Quality): CameraQuality {
    const { maxBitrateBps, ...picture } = QUALITIES[quality];
    return { ...picture, maxBitrateBps: this.#address.bitrateBps ?? maxBitrateBps };
  }

  /** Show the first screen; with `autojoin=1` go on at once. */
  start(): void {
    document.documentElement.lang = strings.language;
    const colours = new ColourToggle(this.#preferences.colours, (chosen) => this.#prefer({ colours: chosen }));
    const brand = element("span", { class: "brand" }, element("span", { class: "mark" }), strings.product);
    const tagline = element("span", { class: "tagline" }, strings.tagline);
    const topBar = element("header", { class: "top-bar" }, brand, tagline, colours.root);
    fill(this.#root, topBar, this.#screen, this.#toasts.root);
    exposeDiagnostics(() => this.#call?.room ?? null);
    document.addEventListener("keydown", (event) => this.#keyPressed(event));
    document.addEventListener("pointerdown", () => this.#gesture());
    const { name, room, mode, codecs } = this.#preferences;
    const opened = this.#media.start();
    this.#showLobby(null, false);
    if (this.#address.autojoin && name !== "" && room !== "") {
      void opened.then(() => this.#join({ name, room, mode, codecs, token: this.#token }));
    }
  }

  #showLobby(ended: Explanation | null, left: boolean): void {
    const { name, room, mode, codecs } = this.#preferences;
    const invited = room !== "" && this.#address.room === room;
    const lobby = new LobbyView(
      {
        ...{ name, room, token: this.#token, mode, codecs, invited, ended, left },
        impossible: (way, choice) => impossible(this.#sdk, way, choice),
      },
      {
        ...this.#actions,
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
    const { name, room, mode, codecs, token } = request;
    if (this.#call !== null || impossible(this.#sdk, mode, codecs) !== null) return;
    this.#token = token;
    this.#prefer({ name, room, mode, codecs });
    showRoom(room);
    this.#meter.close();
    this.#lobby?.close();
    this.#lobby = null;
    const { speakerId } = this.#preferences;
    const { lanes, lane, ice: iceTransportPolicy } = this.#address;
    // Without a word about it the SDK chooses.
    const policy = this.#address.policy ?? (mode === "auto" ? null : mode);
    const way = { ...(policy === null ? {} : { policy }), lanes, lane, iceTransportPolicy };
    const open = this.#sdk.open({ url: BASE_URL, room, name, token, codecs, speakerId, ...way });
    const call = new CallSession(open, {
      media: this.#media,
      toasts: this.#toasts,
      versions: this.#versions,
      actions: this.#actions,
      preferences: () => this.#preferences,
      onEnded: (end, byUser) => this.#ended(end, byUser),
    });
    this.#call = call;
    document.title = `${room} · ${strings.product}`;
    this.#root.setAttribute("data-screen", "call");
    fill(this.#screen, call.view.root);
    call.view.focus();
    call.playSound();
    this.#wakeLock.hold();
  }

  #ended(end: RoomEnd, byUser: boolean): void {
    this.#wakeLock.release();
    this.#call = null;
    this.#showLobby(byUser ? null : strings.ends[end], byUser);
  }

  readonly #actions = {
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
      void this.#call?.room.useSpeaker(speakerId).catch(() => undefined);
      this.#mediaChanged();
    },
    onQuality: (quality: Quality) => {
      this.#prefer({ quality });
      void this.#media.useCamera(this.#preferences.cameraId, this.#cameraQuality(quality));
    },
    onSound: (change: Partial<SoundProcessing>) => {
      this.#prefer(change);
      void this.#media.processSound(soundOf(this.#preferences));
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
    onSelfChoice: (choice: SelfChoice) => this.#prefer(choice),
  };

  #mediaChanged(): void {
    this.#call?.showMedia();
    if (this.#lobby === null) return;
    this.#lobby.show(this.#media, this.#preferences);
    this.#meter.watch(this.#media.choice.microphoneOn ? this.#media.microphone : null);
  }

  #prefer(change: Partial<Preferences>): void {
    this.#preferences = { ...this.#preferences, ...change };
    savePreferences(this.#preferences);
  }

  /** Browsers let sound out after the first gesture, wherever on the page it was. */
  #gesture(): void {
    this.#meter.resume();
    this.#call?.playSound();
  }

  #keyPressed(event: KeyboardEvent): void {
    this.#gesture();
    const key = shortcutOf(event);
    if (key === null) return;
    if (this.#call !== null) this.#call.view.press(key);
    else if (key === "m") this.#actions.onMicrophoneToggled();
    else if (key === "v") this.#actions.onCameraToggled();
    else return;
    event.preventDefault();
  }
}

const soundOf = ({ echoCancellation, noiseSuppression, autoGainControl }: Preferences): SoundProcessing => ({
  echoCancellation,
  noiseSuppression,
  autoGainControl,
});
