/** Whether WebSockets come through; if not, where on the way their handshake is lost. */

import { type Result, resultOf, rounded } from "./result.ts";
import { ask, randomHex, randomOctets, type Site, webSocketUrl } from "./site.ts";

const PATIENCE_MS = 8_000;
const SIZES = [16, 1_300, 49_152];

/** Open one, have messages echoed; after a failure ask the gateway what it saw of it. */
export async function checkWebSocket(site: Site): Promise<Result> {
  const probe = randomHex(16);
  const { opened, roundTripMs } = await echoes(webSocketUrl(site, `?id=${probe}`));
  if (opened) return judgeWebSocket(true, roundTripMs, null);
  const seen = await ask(site, `v1/check/echo?probe=${probe}`)
    .then((answer) => answer.json())
    .catch(() => null);
  return judgeWebSocket(false, null, (seen as { probe?: unknown } | null)?.probe ?? null);
}

/** @param seen what the gateway saw of the handshake: null for nothing, else an object with `upgraded`. */
export function judgeWebSocket(opened: boolean, roundTripMs: number | null, seen: unknown): Result {
  if (opened && roundTripMs !== null) {
    return resultOf("websocket", "well", "works", { round_trip_ms: rounded(roundTripMs) });
  }
  if (opened) return resultOf("websocket", "blocked", "broken");
  if (typeof seen !== "object" || seen === null) return resultOf("websocket", "blocked", "not-arrived");
  const { upgraded } = seen as { upgraded?: unknown };
  return resultOf("websocket", "blocked", upgraded === true ? "answer-lost" : "stripped");
}

function echoes(url: string): Promise<{ opened: boolean; roundTripMs: number | null }> {
  return new Promise((resolve) => {
    const socket = new WebSocket(url, "wsmedia.v1");
    socket.binaryType = "arraybuffer";
    const times: number[] = [];
    let opened = false;
    let sent = 0;
    const finish = (roundTripMs: number | null) => {
      clearTimeout(timer);
      socket.onclose = null;
      socket.close();
      resolve({ opened, roundTripMs });
    };
    const timer = setTimeout(() => finish(null), PATIENCE_MS);
    const next = () => {
      const size = SIZES[times.length];
      if (size === undefined) {
        finish(Math.min(...times));
        return;
      }
      sent = performance.now();
      socket.send(randomOctets(size));
    };
    socket.onopen = () => {
      opened = true;
      next();
    };
    socket.onmessage = ({ data }: MessageEvent<ArrayBuffer>) => {
      if (data.byteLength !== SIZES[times.length]) {
        finish(null);
        return;
      }
      times.push(performance.now() - sent);
      next();
    };
    socket.onclose = () => finish(null);
  });
}
