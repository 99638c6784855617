/** Whether calls' picture and sound get through: by the tunnel over one kind of lane, and by native WebRTC. */

import type { LaneKind } from "../sdk/index.ts";
import type { PrivateRoom } from "./private-room.ts";
import { type Check, type Result, resultOf, rounded } from "./result.ts";
import { type MediaSeen, type MediaSurroundings, roomMedia } from "./room-media.ts";
import type { Site } from "./site.ts";

const PICTURES = 10;
const LATE_MS = 500;

/** The tunnel's checks, one for each kind of lane. */
export const TUNNEL_CHECKS = [
  "tunnel-websocket",
  "tunnel-http-stream",
  "tunnel-http-poll",
] as const satisfies readonly Check[];
export type TunnelCheck = (typeof TUNNEL_CHECKS)[number];

const LANES: Readonly<Record<TunnelCheck, LaneKind>> = {
  "tunnel-websocket": "websocket",
  "tunnel-http-stream": "http-stream",
  "tunnel-http-poll": "http-poll",
};

/** By the tunnel. */
export async function checkTunnel(
  site: Site,
  check: TunnelCheck,
  { room, token }: PrivateRoom,
  around: MediaSurroundings,
): Promise<Result> {
  const options = { url: site.url, room, token, mode: "tunnel", lane: LANES[check] } as const;
  return judgeTunnel(check, await roomMedia(options, around));
}

/** By the browser's own WebRTC, straight to the gateway: relays have checks of their own. */
export async function checkNative(
  site: Site,
  { room, token }: PrivateRoom,
  around: MediaSurroundings,
): Promise<Result> {
  if (!("RTCPeerConnection" in globalThis)) return resultOf("native", "untested", "no-webrtc");
  return judgeNative(await roomMedia({ url: site.url, room, token, mode: "native", iceServers: [] }, around));
}

export function judgeTunnel(check: TunnelCheck, seen: MediaSeen): Result {
  if (!seen.connected) return resultOf(check, "blocked", "no-connection", {}, seen.why);
  if (seen.pictures < PICTURES || seen.sounds === 0) return silent(check, seen);
  const figures = figuresOf(seen);
  return (seen.delayMs ?? 0) > LATE_MS
    ? resultOf(check, "hindered", "late", figures)
    : resultOf(check, "well", "works", figures);
}

export function judgeNative(seen: MediaSeen): Result {
  if (!seen.connected) return resultOf("native", "blocked", "udp-blocked");
  if (seen.pictures < PICTURES) return silent("native", seen);
  return resultOf("native", "well", "works", figuresOf(seen));
}

const silent = (check: Check, { pictures, sounds }: MediaSeen): Result =>
  resultOf(check, "blocked", "silent", { pictures, ...(sounds === null ? {} : { sounds }) });

const figuresOf = ({ delayMs, setupMs, mediaBps, pictures }: MediaSeen): Record<string, number> => ({
  ...(delayMs === null ? {} : { delay_ms: rounded(delayMs) }),
  setup_ms: Math.round(setupMs),
  media_bps: Math.round(mediaBps),
  pictures,
});
