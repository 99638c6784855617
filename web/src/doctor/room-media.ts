/** Picture and sound into a room and out of it again, as calls do it, and looked at. Used for the tunnel and native WebRTC. */

import { type ConnectOptions, open, type RemoteTrack, type Room } from "../sdk/index.ts";
import { type SampleMedia, sampleMedia, showsOurPicture } from "./sample-media.ts";

const CONNECT_MS = 8_000;
const WATCH_MS = 2_500;
const LOOK_EVERY_MS = 100;

/** What came of it. */
export interface MediaSeen {
  /** Both of us were in the room, and connected. */
  readonly connected: boolean;
  /** Until then, ms. */
  readonly setupMs: number;
  /** Pictures that were decoded while what was shown was ours. */
  readonly pictures: number;
  /** Packets of sound; null when none could be sent. */
  readonly sounds: number | null;
  /** From capture to screen, ms; null when it is not known. */
  readonly delayMs: number | null;
  readonly mediaBps: number;
  /** Why there was no connection; may be empty. */
  readonly why: string;
}

/** What the page lends: an element that shows the picture while it is looked at, and a context that may play. */
export interface MediaSurroundings {
  readonly audio: AudioContext | null;
  show(surface: HTMLElement | null): void;
}

/** Two participants: one sends, the other one looks. */
export async function roomMedia(
  options: Omit<ConnectOptions, "name" | "signal">,
  around: MediaSurroundings,
): Promise<MediaSeen> {
  const began = performance.now();
  const stop = new AbortController();
  const common = { ...options, pauseHidden: false, signal: stop.signal };
  let sample: SampleMedia | null = null;
  const nothing = { pictures: 0, sounds: null, delayMs: null, mediaBps: 0 };
  try {
    sample = sampleMedia(around.audio);
    const watcher = open({ ...common, name: "watcher" });
    const sender = open({ ...common, name: "sender" });
    const timeout = AbortSignal.timeout(CONNECT_MS);
    await Promise.all([entered(watcher, timeout), entered(sender, timeout)]);
    const setupMs = performance.now() - began;
    sender.publish(sample.picture, { source: "camera" });
    if (sample.tone !== null) sender.publish(sample.tone, { source: "microphone" });
    const seen = await watch(watcher, sender, around);
    return { connected: true, setupMs, why: "", ...seen, sounds: sample.tone === null ? null : seen.sounds };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { connected: false, setupMs: performance.now() - began, why, ...nothing };
  } finally {
    around.show(null);
    stop.abort();
    sample?.stop();
  }
}

async function watch(watcher: Room, sender: Room, around: MediaSurroundings) {
  const eye = document.createElement("canvas");
  const began = performance.now();
  let camera: RemoteTrack | null = null;
  let ours = 0;
  let looks = 0;
  let live = 0;
  while (performance.now() - began < CONNECT_MS && !(live > 0 && performance.now() - live > WATCH_MS)) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    const person = watcher.participants.find(({ id }) => id === sender.participantId);
    const heard = person?.track("microphone") ?? null;
    if (heard !== null) heard.audible = false;
    camera = person?.track("camera") ?? null;
    if (camera === null || camera.surface === null) continue;
    around.show(camera.surface);
    if (!camera.live) continue;
    if (live === 0) live = performance.now();
    looks += 1;
    if (showsOurPicture(camera.surface, eye)) ours += 1;
  }
  const readings = watcher.trackReadings().filter(({ direction }) => direction === "received");
  const video = readings.find(({ source }) => source === "camera");
  const audio = readings.find(({ source }) => source === "microphone");
  const shown = looks > 0 && ours * 2 > looks;
  return {
    pictures: shown ? (video?.frames ?? 0) : 0,
    sounds: audio?.frames ?? 0,
    delayMs: video?.delayMs ?? null,
    mediaBps: (video?.bitrateBps ?? 0) + (audio?.bitrateBps ?? 0),
  };
}

/** Until we are in the room. */
function entered(room: Room, timeout: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    timeout.addEventListener("abort", () => reject(new Error("")));
    room.addEventListener("statechange", ({ state }) => {
      if (state === "connected") resolve();
    });
    room.addEventListener("ended", ({ end, explanation }) => reject(new Error(explanation || end)));
  });
}
