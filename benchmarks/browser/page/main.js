// What the browser benchmark runs in a page: the SDK's whole loop, and a worker for the codecs alone. stages.py drives it.

import { connect } from "../../../web/src/sdk/index.ts";
import { readerOf } from "./code-reader.js";

const now = () => performance.timeOrigin + performance.now();
let room = null;
let track = null;

const remote = () => room.participants.flatMap((person) => person.tracks).find(({ kind }) => kind === "video") ?? null;

window.bench = {
  /** Milliseconds per picture, one at a time: { encodeMs, decodeMs, paintMs, bytes }. */
  codecs(setting) {
    const worker = new Worker(new URL("./codec-worker.js", import.meta.url), { type: "module" });
    return new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => (data.error === undefined ? resolve(data) : reject(new Error(data.error)));
      worker.onerror = (event) => reject(new Error(event.message));
      worker.postMessage(setting);
    }).finally(() => worker.terminate());
  },

  async join(name, codecs) {
    room = await connect({ url: new URL("/", location.href), room: "benchmark", name, codecs });
    const show = (event) => {
      if (event.track.surface !== null) document.body.append(event.track.surface);
    };
    room.addEventListener("trackadded", show);
    for (const person of room.participants) for (const one of person.tracks) show({ track: one });
  },

  /** Open the camera; nothing is sent yet. */
  async camera(width, height) {
    const video = { width: { exact: width }, height: { exact: height }, frameRate: 30 };
    [track] = (await navigator.mediaDevices.getUserMedia({ video })).getVideoTracks();
  },
  publish: (maxBitrateBps) => void room.publish(track, { framerate: 30, maxBitrateBps }),
  live: () => room !== null && remote()?.live === true,
  readings: () => room.trackReadings().filter(({ kind }) => kind === "video"),

  /** Note when each picture of the camera came into the page: [wall clock ms, time code ms]. */
  watchCamera(geometry) {
    const read = readerOf(geometry);
    const video = document.createElement("video");
    video.muted = true;
    video.srcObject = new MediaStream([track]);
    document.body.append(video);
    void video.play();
    const seen = [];
    const look = (at, { captureTime }) => {
      video.requestVideoFrameCallback(look);
      const code = read(video);
      if (code !== null && code !== seen.at(-1)?.[1]) seen.push([performance.timeOrigin + (captureTime ?? at), code]);
    };
    video.requestVideoFrameCallback(look);
    window.bench.seen = seen;
  },
  /** Note when each picture was first found on the canvas. */
  watchCanvas(geometry) {
    const read = readerOf(geometry);
    const { surface } = remote();
    const seen = [];
    setInterval(() => {
      const code = read(surface);
      if (code !== null && code !== seen.at(-1)?.[1]) seen.push([now(), code]);
    }, 4);
    window.bench.seen = seen;
  },
};
window.benchReady = true;
