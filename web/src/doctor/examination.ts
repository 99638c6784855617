/**
 * Runs the checks side by side in rounds, so that none disturbs another: first all that is light, with the silent connections, which
 * only wait, running along to the end; then what fills the way, one after the other.
 */

import { checkArrival } from "./arrival.ts";
import { checkBuffering } from "./buffering.ts";
import { checkIdle } from "./idle.ts";
import { checkNative, checkTunnel, TUNNEL_CHECKS } from "./media.ts";
import { privateRoom } from "./private-room.ts";
import { askIceServers, checkRelay, checkStun, type IceServersByCheck, RELAY_CHECKS } from "./relays.ts";
import { CHECKS, type Check, type Result, resultOf } from "./result.ts";
import type { MediaSurroundings } from "./room-media.ts";
import type { Site } from "./site.ts";
import { checkThroughput } from "./throughput.ts";
import { checkUpload } from "./upload.ts";
import { checkWebSocket } from "./websocket.ts";

/** What a page can check; names are the browser's affair. */
export const PAGE_CHECKS: readonly Check[] = [
  "tls",
  "http",
  "websocket",
  "buffering",
  "idle",
  "upload",
  "throughput",
  "stun",
  ...RELAY_CHECKS,
  "native",
  ...TUNNEL_CHECKS,
];

/** Told what happens. */
export interface Onlooker {
  began(check: Check): void;
  found(result: Result): void;
}

/** What came of a run. */
export interface Examined {
  /** In the order of the checks. */
  readonly results: readonly Result[];
  /** The STUN and TURN servers that the gateway has named. */
  readonly servers: IceServersByCheck;
}

/** Run the site's checks. */
export async function examine(site: Site, around: MediaSurroundings, onlooker: Onlooker): Promise<Examined> {
  const results = new Map<Check, Result>();
  const wanted = (check: Check): boolean => site.checks.includes(check);
  const tell = (result: Result): void => {
    if (!wanted(result.check)) return;
    results.set(result.check, result);
    onlooker.found(result);
  };
  const one = async (check: Check, run: () => Promise<Result>): Promise<void> => {
    if (!wanted(check)) return;
    onlooker.began(check);
    // One check that fails shall not take the others' results along.
    tell(await run().catch((error: unknown) => resultOf(check, "untested", "failed", {}, String(error))));
  };
  const arrival = async (): Promise<boolean> => {
    for (const check of ["http", "tls"] as const) if (wanted(check)) onlooker.began(check);
    const found = await checkArrival(site);
    found.forEach(tell);
    return found.every(({ check, outcome }) => check !== "http" || outcome !== "blocked");
  };
  let servers: IceServersByCheck = new Map();
  const silence = one("idle", () => checkIdle(site));
  const [reached] = await Promise.all([
    arrival(),
    one("websocket", () => checkWebSocket(site)),
    one("buffering", () => checkBuffering(site)),
    one("upload", () => checkUpload(site)),
  ]);
  if (reached) {
    await one("throughput", () => checkThroughput(site));
    servers = await media(site, around, one, tell);
  }
  await silence;
  return { results: CHECKS.map((check) => results.get(check)).filter((result) => result !== undefined), servers };
}

async function media(
  site: Site,
  around: MediaSurroundings,
  one: (check: Check, run: () => Promise<Result>) => Promise<void>,
  tell: (result: Result) => void,
): Promise<IceServersByCheck> {
  const nowhere: IceServersByCheck = new Map();
  const checks = [...TUNNEL_CHECKS, "native", "stun", ...RELAY_CHECKS] as const;
  if (!checks.some((check) => site.checks.includes(check))) return nowhere;
  const room = await privateRoom(site);
  if (typeof room === "string") {
    for (const check of checks) tell(resultOf(check, "untested", room));
    return nowhere;
  }
  for (const check of TUNNEL_CHECKS) await one(check, () => checkTunnel(site, check, room, around));
  await one("native", () => checkNative(site, room, around));
  const servers = await askIceServers(site, room.token);
  await one("stun", () => checkStun(servers));
  for (const check of RELAY_CHECKS) await one(check, () => checkRelay(site, check, servers, room));
  return servers;
}
