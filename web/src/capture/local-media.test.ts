import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { LocalMedia } from "./local-media.ts";

const QUALITY = { width: 640, height: 360, framerate: 30, maxBitrateBps: 800_000 };
const CHOICE = { cameraId: "", microphoneId: "", cameraOn: true, microphoneOn: true, quality: QUALITY };

/** A track as far as capture needs it. */
class FakeTrack {
  readonly kind: "audio" | "video";
  enabled = true;
  live = true;
  onended: (() => void) | null = null;

  constructor(kind: "audio" | "video") {
    this.kind = kind;
  }

  stop(): void {
    this.live = false;
  }
}

/** A machine with devices that can be plugged in and out; every track it ever gave stays in `given`. */
class FakeDevices extends EventTarget {
  readonly plugged = new Set(["videoinput", "audioinput"]);
  readonly given: FakeTrack[] = [];

  async enumerateDevices(): Promise<unknown[]> {
    return [...this.plugged].map((kind) => ({ kind, deviceId: `a ${kind}`, label: "" }));
  }

  async getUserMedia({ audio, video }: MediaStreamConstraints): Promise<unknown> {
    const kinds = [...(video ? ["video" as const] : []), ...(audio ? ["audio" as const] : [])];
    for (const kind of kinds) {
      if (!this.plugged.has(`${kind}input`)) throw new DOMException("", "NotFoundError");
    }
    const tracks = kinds.map((kind) => new FakeTrack(kind));
    this.given.push(...tracks);
    const of = (kind: string) => tracks.filter((track) => track.kind === kind);
    return { getTracks: () => tracks, getVideoTracks: () => of("video"), getAudioTracks: () => of("audio") };
  }

  plug(kind: string): void {
    this.plugged.add(kind);
    this.dispatchEvent(new Event("devicechange"));
  }

  unplug(kind: "audio" | "video"): void {
    this.plugged.delete(`${kind}input`);
    for (const track of this.given) {
      if (track.kind === kind && track.live) {
        track.live = false;
        track.onended?.();
      }
    }
    this.dispatchEvent(new Event("devicechange"));
  }

  live(kind: string): number {
    return this.given.filter((track) => track.kind === kind && track.live).length;
  }
}

let devices: FakeDevices;

beforeEach(() => {
  devices = new FakeDevices();
  vi.stubGlobal("navigator", { mediaDevices: devices });
});

afterEach(() => vi.unstubAllGlobals());

describe("LocalMedia", () => {
  it("asks for both at once, and for each alone when one is missing", async () => {
    devices.plugged.delete("videoinput");
    const media = new LocalMedia(CHOICE);
    await media.start();
    expect([media.camera, media.cameraProblem]).toEqual([null, "missing"]);
    expect(media.microphone).not.toBeNull();
    expect(media.microphoneProblem).toBeNull();
  });

  it("ends with one open camera or none, however fast it is switched", async () => {
    const media = new LocalMedia(CHOICE);
    await Promise.all([media.start(), ...[false, true, false, true].map((on) => media.setCameraOn(on))]);
    expect(devices.live("video")).toBe(1);
    await Promise.all([media.setCameraOn(true), media.useCamera("another"), media.setCameraOn(false)]);
    expect(devices.live("video")).toBe(0);
    expect(media.camera).toBeNull();
  });

  it("says that a camera was unplugged, and takes it back when it returns", async () => {
    const media = new LocalMedia(CHOICE);
    await media.start();
    devices.unplug("video");
    await vi.waitFor(() => expect(media.devices.cameras).toEqual([]));
    expect([media.camera, media.cameraProblem]).toEqual([null, "lost"]);
    devices.plug("videoinput");
    await vi.waitFor(() => expect(media.camera).not.toBeNull());
    expect(media.cameraProblem).toBeNull();
    expect([devices.live("video"), devices.live("audio")]).toEqual([1, 1]);
  });

  it("does not open a returning camera that is switched off", async () => {
    const media = new LocalMedia(CHOICE);
    await media.start();
    devices.unplug("video");
    await media.setCameraOn(false);
    devices.plug("videoinput");
    await vi.waitFor(() => expect(media.devices.cameras).toHaveLength(1));
    expect(devices.live("video")).toBe(0);
  });

  it("mutes without closing the microphone", async () => {
    const media = new LocalMedia(CHOICE);
    await media.start();
    await media.setMicrophoneOn(false);
    expect(media.microphone?.enabled).toBe(false);
    expect(devices.live("audio")).toBe(1);
  });
});
