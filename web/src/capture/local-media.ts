/**
 * The user's own camera and microphone: asks for them, keeps which ones were chosen, switches them on and off, and notices
 * when one is unplugged. A camera that is off is really off (its light too); a microphone that is off stays open, so that
 * it comes back at once. Used by the lobby and by both kinds of call.
 */

import { type CaptureProblem, captureProblemOf } from "./capture-problem.ts";
import { preparePictures } from "./pictures.ts";

/** What pictures to ask the camera for, and how much of the path they may fill. */
export interface CameraQuality {
  readonly width: number;
  readonly height: number;
  readonly framerate: number;
  readonly maxBitrateBps: number;
}

/** What the browser does to the microphone's sound before anybody else hears it. */
export interface SoundProcessing {
  readonly echoCancellation: boolean;
  readonly noiseSuppression: boolean;
  readonly autoGainControl: boolean;
}

/** What the user chose; an empty device id leaves it to the system. */
export interface CaptureChoice {
  readonly cameraId: string;
  readonly microphoneId: string;
  readonly cameraOn: boolean;
  readonly microphoneOn: boolean;
  readonly quality: CameraQuality;
  /** Default: all of it. */
  readonly sound?: SoundProcessing;
}

const ALL_PROCESSING: SoundProcessing = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };

/** Devices that can be chosen; labels are empty until permission was given. */
export interface DeviceList {
  readonly cameras: readonly MediaDeviceInfo[];
  readonly microphones: readonly MediaDeviceInfo[];
  readonly speakers: readonly MediaDeviceInfo[];
}

type Kind = "camera" | "microphone";

/** Dispatches `change` whenever a track, a mute state, a problem or the list of devices has changed. */
export class LocalMedia extends EventTarget {
  #choice: CaptureChoice;
  #camera: MediaStreamTrack | null = null;
  #microphone: MediaStreamTrack | null = null;
  #problems = new Map<Kind, CaptureProblem>();
  #devices: DeviceList = { cameras: [], microphones: [], speakers: [] };
  /** Requests run one after the other; two at once would leave a camera open that nobody owns. */
  #queue: Promise<void> = Promise.resolve();
  #stopped = false;
  readonly #devicesChanged = (): void => void this.#enqueue(() => this.#reopenReturned());

  constructor(choice: CaptureChoice) {
    super();
    this.#choice = choice;
    navigator.mediaDevices?.addEventListener("devicechange", this.#devicesChanged);
  }

  /** The live camera track; null while it is off or cannot be had. */
  get camera(): MediaStreamTrack | null {
    return this.#camera;
  }

  /** The live microphone track, also while muted; null when it cannot be had. */
  get microphone(): MediaStreamTrack | null {
    return this.#microphone;
  }

  get choice(): CaptureChoice {
    return this.#choice;
  }

  get devices(): DeviceList {
    return this.#devices;
  }

  get cameraProblem(): CaptureProblem | null {
    return this.#problems.get("camera") ?? null;
  }

  get microphoneProblem(): CaptureProblem | null {
    return this.#problems.get("microphone") ?? null;
  }

  /** Open what is switched on: together, so that the browser asks once; else each by itself. */
  start(): Promise<void> {
    void preparePictures();
    return this.#enqueue(async () => {
      const { cameraOn } = this.#choice;
      if (cameraOn) {
        try {
          const stream = await this.#get({ video: this.#videoConstraints(), audio: this.#audioConstraints() });
          this.#adopt("camera", stream.getVideoTracks()[0] ?? null);
          this.#adopt("microphone", stream.getAudioTracks()[0] ?? null);
          return;
        } catch {
          // One of them is missing or refused; find out which.
          await this.#open("camera");
        }
      }
      await this.#open("microphone");
    });
  }

  /** Switch the camera on or off. */
  setCameraOn(cameraOn: boolean): Promise<void> {
    this.#choice = { ...this.#choice, cameraOn };
    return this.#enqueue(async () => {
      if (!this.#choice.cameraOn) {
        this.#problems.delete("camera");
        this.#adopt("camera", null);
      } else if (this.#camera === null) await this.#open("camera");
    });
  }

  /** Mute or unmute the microphone. */
  setMicrophoneOn(microphoneOn: boolean): Promise<void> {
    this.#choice = { ...this.#choice, microphoneOn };
    return this.#enqueue(async () => {
      if (this.#microphone === null && microphoneOn) await this.#open("microphone");
      else this.#applyMute();
    });
  }

  /** Use another camera, or another quality of it. */
  useCamera(cameraId: string, quality: CameraQuality = this.#choice.quality): Promise<void> {
    this.#choice = { ...this.#choice, cameraId, quality };
    return this.#enqueue(async () => {
      if (this.#choice.cameraOn) await this.#open("camera");
      else this.#changed();
    });
  }

  /** Use another microphone. */
  useMicrophone(microphoneId: string): Promise<void> {
    this.#choice = { ...this.#choice, microphoneId };
    return this.#enqueue(() => this.#open("microphone"));
  }

  /** Have the microphone's sound processed in another way. */
  processSound(sound: SoundProcessing): Promise<void> {
    this.#choice = { ...this.#choice, sound };
    return this.#enqueue(() => this.#open("microphone"));
  }

  /** Close both; the object is of no use afterwards. */
  stop(): void {
    this.#stopped = true;
    navigator.mediaDevices?.removeEventListener("devicechange", this.#devicesChanged);
    this.#adopt("camera", null);
    this.#adopt("microphone", null);
  }

  #enqueue(work: () => Promise<void>): Promise<void> {
    const next = this.#queue.then(async () => {
      if (this.#stopped) return;
      await work();
      await this.#refreshDevices();
    });
    this.#queue = next.catch(() => undefined);
    return next;
  }

  async #open(kind: Kind): Promise<void> {
    // The old one goes first: many systems give a camera to one user at a time.
    this.#adopt(kind, null);
    try {
      this.#adopt(kind, await this.#ask(kind));
    } catch (error) {
      this.#problems.set(kind, captureProblemOf(error));
      this.#changed();
    }
  }

  async #ask(kind: Kind): Promise<MediaStreamTrack | null> {
    const ask = async (exact: boolean) => {
      const stream = await this.#get(
        kind === "camera" ? { video: this.#videoConstraints(exact) } : { audio: this.#audioConstraints(exact) },
      );
      return stream.getTracks()[0] ?? null;
    };
    try {
      return await ask(true);
    } catch (error) {
      // The remembered device may be gone; any other will do.
      if (captureProblemOf(error) !== "missing") throw error;
      return ask(false);
    }
  }

  async #get(constraints: MediaStreamConstraints): Promise<MediaStream> {
    const stream = await navigator.mediaDevices.getUserMedia(constraints);
    if (this.#stopped) for (const track of stream.getTracks()) track.stop();
    return stream;
  }

  #videoConstraints(exact = true): MediaTrackConstraints {
    const { cameraId, quality } = this.#choice;
    return {
      width: { ideal: quality.width },
      height: { ideal: quality.height },
      frameRate: { ideal: quality.framerate, max: Math.max(30, quality.framerate) },
      ...(exact && cameraId !== "" ? { deviceId: { exact: cameraId } } : {}),
    };
  }

  #audioConstraints(exact = true): MediaTrackConstraints {
    const { microphoneId, sound = ALL_PROCESSING } = this.#choice;
    return {
      channelCount: { ideal: 1 },
      sampleRate: { ideal: 48_000 },
      ...sound,
      ...(exact && microphoneId !== "" ? { deviceId: { exact: microphoneId } } : {}),
    };
  }

  #adopt(kind: Kind, track: MediaStreamTrack | null): void {
    const old = kind === "camera" ? this.#camera : this.#microphone;
    if (old !== null) {
      old.onended = null;
      old.stop();
    }
    if (kind === "camera") this.#camera = track;
    else this.#microphone = track;
    if (track !== null) {
      this.#problems.delete(kind);
      track.onended = () => this.#lost(kind);
    }
    this.#applyMute();
  }

  #applyMute(): void {
    if (this.#microphone !== null) this.#microphone.enabled = this.#choice.microphoneOn;
    this.#changed();
  }

  #lost(kind: Kind): void {
    this.#adopt(kind, null);
    this.#problems.set(kind, "lost");
    this.#changed();
    void this.#enqueue(async () => {
      if (this.#wants(kind)) await this.#open(kind);
      // None is left to take its place: the better words are those about what has just happened.
      if (this.#problems.get(kind) === "missing") this.#problems.set(kind, "lost");
    });
  }

  /** Something was plugged in or out: take what is wanted and was not there. */
  async #reopenReturned(): Promise<void> {
    await this.#refreshDevices();
    for (const kind of ["camera", "microphone"] as const) {
      const problem = this.#problems.get(kind);
      const there = kind === "camera" ? this.#devices.cameras : this.#devices.microphones;
      if (!this.#wants(kind) || there.length === 0) continue;
      if (problem === "missing" || problem === "lost") await this.#open(kind);
    }
  }

  /** A muted microphone stays open, a camera does not. */
  #wants(kind: Kind): boolean {
    return kind === "microphone" || this.#choice.cameraOn;
  }

  async #refreshDevices(): Promise<void> {
    const all = (await navigator.mediaDevices?.enumerateDevices().catch(() => [])) ?? [];
    const of = (kind: MediaDeviceKind) => all.filter((device) => device.kind === kind && device.deviceId !== "");
    this.#devices = { cameras: of("videoinput"), microphones: of("audioinput"), speakers: of("audiooutput") };
    this.#changed();
  }

  #changed(): void {
    this.dispatchEvent(new Event("change"));
  }
}
