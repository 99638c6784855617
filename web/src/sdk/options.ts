/** Reads what a page asks for, and says at once what is wrong with it. */

import type { CodecChoice } from "../base/backends.ts";
import type { LinkOptions } from "../room/link.ts";
import { POLICIES, type Policy } from "../room/vocabulary.ts";
import { LANE_KINDS, type LaneChoice } from "../transport/lane-kinds.ts";
import type { ConnectOptions } from "./api.ts";

/** The same with everything decided. */
export interface RoomSettings extends LinkOptions {
  readonly policy: Policy;
  readonly speakerId: string;
  readonly pauseHidden: boolean;
}

const MODES: readonly Policy[] = ["auto", "tunnel", "native"];
const LANES: readonly LaneChoice[] = ["auto", ...LANE_KINDS];
const CODECS: readonly CodecChoice[] = ["auto", "webcodecs", "wasm"];
const ICE_POLICIES: readonly RTCIceTransportPolicy[] = ["all", "relay"];
const LONGEST_NAME = 64;
const DEFAULT_NAME = "Guest";
const DEFAULT_LANES = 16;
/** What a gateway lets one session hold, if nobody has told it otherwise. */
const MOST_LANES = 32;

/** Whether a gateway takes this as a room's name: 1–64 characters of `A–Z a–z 0–9 . _ ~ -`. */
export const isRoomName = (name: string): boolean => /^[A-Za-z0-9._~-]{1,64}$/.test(name);

/**
 * Check the options and fill in what is left out.
 *
 * @throws TypeError when one cannot be used; the message says which and why.
 */
export function settingsOf(options: ConnectOptions): RoomSettings {
  const { room, token = null, codecs = "auto", speakerId = "", pauseHidden = true } = options;
  const { lanes = null, maxLanes = DEFAULT_LANES, lane = "auto" } = options;
  const { iceServers = null, iceTransportPolicy = null } = options;
  // Who says how the tunnel shall go, or by which of its codecs, wants the tunnel.
  const usual: Policy = lane === "auto" && lanes === null && codecs === "auto" ? "auto" : "tunnel";
  const { mode = usual } = options;
  const { policy = mode } = options;
  const name = (options.name ?? "").trim() || DEFAULT_NAME;
  if (!isRoomName(room)) throw new TypeError(`"${room}" is no room name: 1–64 of A–Z a–z 0–9 . _ ~ - are.`);
  if ([...name].length > LONGEST_NAME) throw new TypeError(`A name has ${LONGEST_NAME} characters at most.`);
  if (!MODES.includes(mode)) throw new TypeError(`mode is ${MODES.join(" or ")}, not "${mode}".`);
  if (!POLICIES.includes(policy)) throw new TypeError(`policy is ${POLICIES.join(" or ")}, not "${policy}".`);
  if (!CODECS.includes(codecs)) throw new TypeError(`codecs is ${CODECS.join(" or ")}, not "${codecs}".`);
  if (iceTransportPolicy !== null && !ICE_POLICIES.includes(iceTransportPolicy)) {
    throw new TypeError(`iceTransportPolicy is ${ICE_POLICIES.join(" or ")}, not "${iceTransportPolicy}".`);
  }
  for (const [option, count] of Object.entries({ lanes, maxLanes })) {
    if (count !== null && !(Number.isInteger(count) && count >= 1 && count <= MOST_LANES)) {
      throw new TypeError(`${option} is a whole number of 1–${MOST_LANES}, not ${count}.`);
    }
  }
  if (!LANES.includes(lane)) throw new TypeError(`lane is ${LANES.join(" or ")}, not "${lane}".`);
  const url = baseAddressOf(options.url);
  const from = { url, room, name, token: token === "" ? null : token };
  const way = { lanes, maxLanes, lane: lane === "auto" ? null : lane, iceServers, iceTransportPolicy };
  return { ...from, ...way, policy, handover: null, codecs, speakerId, pauseHidden };
}

function baseAddressOf(given: string | URL): string {
  let url: URL;
  try {
    url = new URL(given, globalThis.document?.baseURI);
  } catch {
    throw new TypeError(`"${given}" is no address of a gateway.`);
  }
  if (url.protocol !== "https:" && url.protocol !== "http:") {
    throw new TypeError(`A gateway is reached by https or http, not by "${url.protocol}".`);
  }
  url.search = "";
  url.hash = "";
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  return url.href;
}
