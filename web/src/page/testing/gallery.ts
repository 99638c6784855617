/**
 * The page with an imagined room, for looking at its states: `npm run dev`, then
 * `/src/page/testing/gallery.html?name=Alice&room=standup&autojoin=1&others=3&screen=1&state=reconnecting&speaker=0&denied=1…`
 */

import { LocalMedia, type MissingFeature, type RoomState } from "../../sdk/index.ts";
import { App } from "../app.ts";
import { FakeRoom, type Scene } from "./fake-room.ts";
import { paintedCanvas, paintPortrait, paintScreen } from "./portrait.ts";

const query = new URLSearchParams(location.search);
const scene: Scene = {
  others: Number(query.get("others") ?? 2),
  screen: query.has("screen"),
  state: (query.get("state") ?? "connected") as RoomState,
  speaker: Number(query.get("speaker") ?? 0),
  sound: !query.has("silent"),
  trouble: query.has("trouble"),
};

navigator.mediaDevices.getUserMedia = ({ video } = {}) => {
  if (query.has("denied")) return Promise.reject(new DOMException("", "NotAllowedError"));
  const sound = new AudioContext().createMediaStreamDestination().stream.getAudioTracks();
  const canvas = paintedCanvas(640, 360, (context, seconds) => paintPortrait(context, 7, seconds));
  return Promise.resolve(new MediaStream(video ? [...canvas.captureStream(5).getVideoTracks(), ...sound] : sound));
};
navigator.mediaDevices.getDisplayMedia = () => Promise.resolve(paintedCanvas(1280, 720, paintScreen).captureStream(2));

const root = document.getElementById("app");
if (root !== null) {
  const app = new App(root, {
    open: (options) => new FakeRoom(options, scene),
    openMedia: (choice) => new LocalMedia(choice),
    missing: () => query.get("missing") as MissingFeature | null,
  });
  app.start();
}
