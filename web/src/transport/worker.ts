/** The tunnel's worker: puts the real browser behind the transport and speaks with the main thread. */

import { workerEnvironment } from "./environment.ts";
import type { TunnelCommand } from "./messages.ts";
import { type Report, TunnelTransport } from "./tunnel-transport.ts";

declare const self: DedicatedWorkerGlobalScope;

/** Long enough for CLOSE and the closing handshake to leave; then the worker ends itself. */
const LAST_WORDS_MS = 1000;

let transport: TunnelTransport<MessagePort> | null = null;

function report(message: Report<MessagePort>): void {
  self.postMessage(message, message.type === "trackAdded" ? [message.port] : []);
  if (message.type === "closed") setTimeout(() => self.close(), LAST_WORDS_MS);
}

self.onmessage = ({ data }: MessageEvent<TunnelCommand>) => {
  switch (data.type) {
    case "connect":
      transport = new TunnelTransport(data.options, workerEnvironment, report, data.online);
      break;
    case "publish":
      transport?.publish(data.track, data.port);
      break;
    case "unpublish":
      transport?.unpublish(data.trackId);
      break;
    case "mute":
      transport?.mute(data.trackId, data.muted);
      break;
    case "pause":
      transport?.pause(data.trackId, data.paused);
      break;
    case "requestKeyframe":
      transport?.requestKeyframe(data.trackId);
      break;
    case "limitBitrate":
      transport?.limitBitrate(data.trackId, data.bitrateBps);
      break;
    case "online":
      transport?.setOnline(data.online);
      break;
    case "visible":
      transport?.setVisible(data.visible);
      break;
    case "close":
      transport?.close();
      break;
  }
};
