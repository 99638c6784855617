/** Whether the gateway's STUN and TURN servers can be reached, one check for each transport; by TURN media goes there and back. */

import { iceConfigurationOf } from "../native/ice-servers.ts";
import { type ProbeResult, probe } from "../native/probe.ts";
import type { PrivateRoom } from "./private-room.ts";
import { type Result, resultOf, rounded } from "./result.ts";
import { ask, type Site } from "./site.ts";

export const RELAY_CHECKS = ["turn-udp", "turn-tcp", "turn-tls"] as const;
export type RelayCheck = (typeof RELAY_CHECKS)[number];

/** Servers by the check that is about them. */
export type IceServersByCheck = ReadonlyMap<RelayCheck | "stun", readonly RTCIceServer[]>;

const TURN_MS = 8_000;
const STUN_MS = 4_000;

/** The servers that the gateway names; none when it does not tell. */
export async function askIceServers(site: Site, token: string | null): Promise<IceServersByCheck> {
  try {
    const headers = token === null ? {} : { Authorization: `Bearer ${token}` };
    const answer = await ask(site, "v1/ice", { headers });
    return sortServers(answer.ok ? iceConfigurationOf(await answer.json()).configuration.iceServers : []);
  } catch {
    return sortServers([]);
  }
}

/** Which check each URL belongs to (RFC 7065: `turn:` is UDP unless it says otherwise). */
export function sortServers(servers: readonly RTCIceServer[]): IceServersByCheck {
  const sorted = new Map<RelayCheck | "stun", RTCIceServer[]>();
  for (const server of servers) {
    for (const url of [server.urls].flat()) {
      const check = checkOf(url.toLowerCase());
      sorted.set(check, [...(sorted.get(check) ?? []), { ...server, urls: [url] }]);
    }
  }
  return sorted;
}

function checkOf(url: string): RelayCheck | "stun" {
  if (url.startsWith("stun")) return "stun";
  if (url.startsWith("turns:")) return "turn-tls";
  return url.endsWith("transport=tcp") ? "turn-tcp" : "turn-udp";
}

/** A tone by way of a relay to the gateway and back. */
export async function checkRelay(
  site: Site,
  check: RelayCheck,
  servers: IceServersByCheck,
  { room, token }: PrivateRoom,
): Promise<Result> {
  const iceServers = servers.get(check);
  if (iceServers === undefined) return resultOf(check, "untested", "not-offered");
  const options = { room, iceServers, iceTransportPolicy: "relay", timeoutMs: TURN_MS } as const;
  return judgeRelay(check, await probe({ url: site.url, token }, options));
}

export function judgeRelay(check: RelayCheck, result: ProbeResult): Result {
  if (result.ok) {
    const trip = result.roundTripMs === null ? {} : { round_trip_ms: rounded(result.roundTripMs) };
    return resultOf(check, "well", "works", { setup_ms: Math.round(result.elapsedMs), ...trip });
  }
  if (result.failure === "refused" || result.failure === "noServer") return resultOf(check, "untested", "no-answer");
  return resultOf(check, "blocked", result.failure === "noMedia" ? "silent" : "blocked");
}

/** A binding request by UDP: the answer is an address of ours that we did not know. */
export async function checkStun(servers: IceServersByCheck): Promise<Result> {
  const iceServers = servers.get("stun");
  if (iceServers === undefined) return resultOf("stun", "untested", "not-offered");
  const connection = new RTCPeerConnection({ iceServers: [...iceServers] });
  try {
    let failed = false;
    const answered = await new Promise<boolean>((resolve) => {
      setTimeout(() => resolve(false), STUN_MS);
      connection.onicecandidate = ({ candidate }) => {
        if (candidate?.type === "srflx") resolve(true);
        if (candidate === null) resolve(false);
      };
      connection.onicecandidateerror = () => {
        failed = true;
      };
      connection.createDataChannel("");
      void connection.setLocalDescription();
    });
    return judgeStun(answered, failed);
  } finally {
    connection.close();
  }
}

/** @param answered an address came back. @param failed the browser says that none will. */
export function judgeStun(answered: boolean, failed: boolean): Result {
  if (answered) return resultOf("stun", "well", "works");
  // Where nobody translates addresses the answer brings nothing new, and browsers keep it to themselves.
  return failed ? resultOf("stun", "blocked", "blocked") : resultOf("stun", "untested", "nothing-new");
}
