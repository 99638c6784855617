/** The encode worker: one encoder per track that is published, fed by the capture streams, emptied into frame ports. */

import { AudioTrackEncoder } from "./audio-track.ts";
import type { EncodeCommand, EncodeReport } from "./messages.ts";
import { VideoTrackEncoder } from "./video-track.ts";

const REPORT_EVERY_MS = 250;

const video = new Map<number, VideoTrackEncoder>();
const audio = new Map<number, AudioTrackEncoder>();
const report = (message: EncodeReport): void => postMessage(message);

function stopAll(): void {
  for (const track of [...video.values(), ...audio.values()]) track.stop();
  video.clear();
  audio.clear();
}

function obey(command: EncodeCommand): void {
  if (command.type === "close") {
    stopAll();
    close();
    return;
  }
  const { trackId } = command;
  switch (command.type) {
    case "startVideo": {
      const failed = (detail: string, late: boolean) =>
        report({ type: "failed", trackId, kind: "video", detail, late });
      video.get(trackId)?.stop();
      video.set(trackId, new VideoTrackEncoder(trackId, command.port, command.options, command.codecs, failed));
      break;
    }
    case "startAudio": {
      const failed = (detail: string) => report({ type: "failed", trackId, kind: "audio", detail, late: false });
      audio.get(trackId)?.stop();
      audio.set(trackId, new AudioTrackEncoder(trackId, command.port, command.codecs, failed));
      break;
    }
    case "videoSource":
      void video.get(trackId)?.read(command.source, command.options);
      break;
    case "audioSource":
      void audio.get(trackId)?.read(command.source);
      break;
    case "mute": {
      const track = video.get(trackId) ?? audio.get(trackId);
      if (track !== undefined) track.muted = command.muted;
      break;
    }
    case "stop":
      (video.get(trackId) ?? audio.get(trackId))?.stop();
      video.delete(trackId);
      audio.delete(trackId);
      break;
  }
}

addEventListener("message", (event: MessageEvent<EncodeCommand>) => obey(event.data));

let reportedAt = performance.now();
setInterval(() => {
  const now = performance.now();
  const elapsedS = Math.max(0.001, (now - reportedAt) / 1000);
  reportedAt = now;
  const tracks = [...video.values(), ...audio.values()].map((track) => track.statistics(elapsedS));
  report({ type: "statistics", tracks });
}, REPORT_EVERY_MS);
