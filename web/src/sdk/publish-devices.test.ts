import { beforeEach, expect, it } from "vitest";
import type { CaptureChoice } from "../capture/local-media.ts";
import type { LiveRoom } from "./live-room.ts";
import { type FollowedMedia, publishDevices } from "./publish-devices.ts";
import { type FakeLink, fakeRoom, fakeTrack } from "./testing/fakes.ts";

const LOW = { width: 320, height: 180, framerate: 30, maxBitrateBps: 250_000 };
const HIGH = { width: 1280, height: 720, framerate: 30, maxBitrateBps: 1_700_000 };

/** Devices as far as publishing looks at them. */
class FakeMedia extends EventTarget implements FollowedMedia {
  camera: MediaStreamTrack | null = null;
  microphone: MediaStreamTrack | null = null;
  choice: CaptureChoice = { cameraId: "", microphoneId: "", cameraOn: true, microphoneOn: true, quality: LOW };

  change(to: Partial<Pick<FakeMedia, "camera" | "microphone" | "choice">>): void {
    Object.assign(this, to);
    this.dispatchEvent(new Event("change"));
  }
}

let room: LiveRoom;
let link: FakeLink;
let media: FakeMedia;

beforeEach(() => {
  ({ room, link } = fakeRoom());
  media = new FakeMedia();
});

it("announces a device once it gives something, and mutes it while it does not", () => {
  publishDevices(room, media);
  expect(link.told).toEqual([]);
  media.change({ camera: fakeTrack("video") });
  media.change({ camera: null });
  media.change({ camera: fakeTrack("video") });
  expect(link.told).toEqual([
    "publish 1 video camera",
    "send 1 30/s 250000 b/s motion",
    "send 1 nothing",
    "mute 1 true",
    "send 1 30/s 250000 b/s motion",
    "mute 1 false",
  ]);
});

it("publishes a microphone that is off as muted, and lets it be switched on", () => {
  media.microphone = fakeTrack("audio");
  media.choice = { ...media.choice, microphoneOn: false };
  publishDevices(room, media);
  media.change({ choice: { ...media.choice, microphoneOn: true } });
  expect(link.told.filter((line) => !line.startsWith("send"))).toEqual([
    "publish 1 audio microphone muted",
    "mute 1 false",
  ]);
});

it("follows the quality that is chosen during the call, once", () => {
  media.camera = fakeTrack("video");
  publishDevices(room, media);
  media.change({ choice: { ...media.choice, quality: HIGH } });
  media.change({});
  expect(link.told.filter((line) => line.startsWith("send"))).toEqual([
    "send 1 30/s 250000 b/s motion",
    "send 1 30/s 1700000 b/s motion",
  ]);
});

it("hears nothing of the devices after the room's end, or when it is told to stop", () => {
  const stop = publishDevices(room, media);
  stop();
  media.change({ camera: fakeTrack("video") });
  expect(link.told).toEqual([]);
  publishDevices(room, media);
  room.leave();
  link.told.length = 0;
  media.change({ microphone: fakeTrack("audio") });
  expect(link.told).toEqual([]);
});
