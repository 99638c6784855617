/** The decode worker: one decoder per remote track, from frame ports to canvases and to the audio thread, in sync. */

import { AudioTrackDecoder } from "./audio-track.ts";
import type { DecodeCommand, DecodeReport } from "./messages.ts";
import { CanvasPainter, PortPainter } from "./painter.ts";
import { OutputClock, SyncClock } from "./sync-clock.ts";
import { VideoTrackDecoder } from "./video-track.ts";

const REPORT_EVERY_MS = 250;

const tracks = new Map<number, VideoTrackDecoder | AudioTrackDecoder>();
const owners = new Map<number, string>();
/** One per participant who has tracks. */
const syncClocks = new Map<string, SyncClock>();
const outputClock = new OutputClock();
const report = (message: DecodeReport): void => postMessage(message);

function syncClockOf(participantId: string): SyncClock {
  const clock = syncClocks.get(participantId) ?? new SyncClock();
  syncClocks.set(participantId, clock);
  return clock;
}

function remove(trackId: number): void {
  tracks.get(trackId)?.close();
  tracks.delete(trackId);
  const owner = owners.get(trackId);
  owners.delete(trackId);
  if (owner !== undefined && ![...owners.values()].includes(owner)) syncClocks.delete(owner);
}

function obey(command: DecodeCommand): void {
  switch (command.type) {
    case "addVideo": {
      const { trackId, participantId, codec, codecs, port, surface } = command;
      owners.set(trackId, participantId);
      tracks.get(trackId)?.close();
      const painter = surface instanceof MessagePort ? new PortPainter(surface) : new CanvasPainter(surface);
      const sync = syncClockOf(participantId);
      const track = new VideoTrackDecoder(
        { trackId, participantId, codec, codecs, port, painter, sync },
        {
          onPicture: (width, height) => report({ type: "picture", trackId, width, height }),
          onFailed: (detail) => report({ type: "failed", trackId, kind: "video", detail }),
        },
      );
      tracks.set(trackId, track);
      break;
    }
    case "addAudio": {
      const { trackId, participantId, port, playout } = command;
      owners.set(trackId, participantId);
      tracks.get(trackId)?.close();
      const clocks = { sync: syncClockOf(participantId), output: outputClock };
      const failed = (detail: string) => report({ type: "failed", trackId, kind: "audio", detail });
      tracks.set(trackId, new AudioTrackDecoder(trackId, participantId, port, playout, clocks, failed));
      break;
    }
    case "paused":
    case "muted":
    case "copyTo": {
      const track = tracks.get(command.trackId);
      if (!(track instanceof VideoTrackDecoder)) break;
      if (command.type === "paused") track.paused = command.paused;
      else if (command.type === "muted") track.standStill();
      else track.copyTo(command.writable);
      break;
    }
    case "remove":
      remove(command.trackId);
      break;
    case "outputClock":
      outputClock.set(command.contextTime, command.wallUs);
      break;
  }
}

addEventListener("message", (event: MessageEvent<DecodeCommand>) => obey(event.data));

let reportedAt = performance.now();
setInterval(() => {
  const now = performance.now();
  const elapsedS = Math.max(0.001, (now - reportedAt) / 1000);
  reportedAt = now;
  report({ type: "statistics", tracks: [...tracks.values()].map((track) => track.statistics(elapsedS)) });
}, REPORT_EVERY_MS);
