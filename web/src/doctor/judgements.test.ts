import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { ProbeFailure } from "../native/probe.ts";
import { relayEntries } from "./allowlist.ts";
import { judgeArrival, judgeTls } from "./arrival.ts";
import { judgeBuffering } from "./buffering.ts";
import { judgeIdle } from "./idle.ts";
import { judgeNative, judgeTunnel } from "./media.ts";
import { judgeRelay, judgeStun, sortServers } from "./relays.ts";
import { type Check, type Outcome, type Result, resultOf } from "./result.ts";
import type { MediaSeen } from "./room-media.ts";
import { isOurPicture } from "./sample-media.ts";
import { judgeThroughput } from "./throughput.ts";
import { judgeUpload } from "./upload.ts";
import { judge } from "./verdict.ts";
import { judgeWebSocket } from "./websocket.ts";

const VECTORS = join(import.meta.dirname, "../../../tests/vectors/doctor");
const read = (name: string): unknown => JSON.parse(readFileSync(join(VECTORS, name), "utf8"));
const said = ({ outcome, finding }: Result) => `${outcome} ${finding}`;

interface VerdictVector {
  readonly name: string;
  readonly results: Record<string, Outcome>;
  readonly verdict: unknown;
}

describe("the verdict", () => {
  it.each(read("verdicts.json") as VerdictVector[])("$name", ({ results, verdict }) => {
    const given = Object.entries(results).map(([check, outcome]) => resultOf(check as Check, outcome, "x"));
    const { grade, way, tried, hindrances } = judge(given.reverse());
    expect({ grade, way, tried, hindrances: hindrances.map(({ check }) => check) }).toEqual(verdict);
  });
});

it("says how requests arrive", () => {
  const headers = [
    ["host", "gateway"],
    ["wsmedia-probe", "abc"],
  ];
  const arrival = (told: unknown, status = 200, answer = {}) =>
    said(judgeArrival(status, told, "abc", new Headers(answer)));
  expect(arrival({ http_version: "1.1", headers })).toBe("well direct");
  expect(arrival({ http_version: "1.1", headers: [...headers, ["via", "1.1 box"]] })).toBe("well proxied");
  expect(arrival({ http_version: "1.1", headers }, 200, { via: "1.1 box" })).toBe("well proxied");
  expect(arrival({ http_version: "1.0", headers })).toBe("hindered old-version");
  expect(arrival({ http_version: "1.1", headers: [] })).toBe("hindered headers-stripped");
  expect(arrival(null, 407)).toBe("blocked not-the-gateway");
  expect(arrival({ welcome: "to our portal" })).toBe("blocked not-the-gateway");
  expect(arrival(null, 404, { "content-type": "application/problem+json" })).toBe("untested not-offered");
  expect(arrival(null, 429)).toBe("untested busy");
});

it("says what the gateway sees of TLS", () => {
  expect(said(judgeTls("http:", { tls: null }))).toBe("untested plain");
  expect(said(judgeTls("https:", { tls: { client: "browser" } }))).toBe("well end-to-end");
  expect(said(judgeTls("https:", { tls: { client: "program" } }))).toBe("hindered inspected");
  expect(said(judgeTls("https:", { tls: null }))).toBe("untested not-visible");
  expect(said(judgeTls("https:", null))).toBe("untested not-visible");
});

it("says where a WebSocket's handshake is lost", () => {
  expect(said(judgeWebSocket(true, 12, null))).toBe("well works");
  expect(said(judgeWebSocket(true, null, null))).toBe("blocked broken");
  expect(said(judgeWebSocket(false, null, null))).toBe("blocked not-arrived");
  expect(said(judgeWebSocket(false, null, { upgraded: false }))).toBe("blocked stripped");
  expect(said(judgeWebSocket(false, null, { upgraded: true }))).toBe("blocked answer-lost");
});

it("says whether answers flow", () => {
  expect(said(judgeBuffering([0, 250, 500, 750, 1000, 1250]))).toBe("well flows");
  expect(said(judgeBuffering([600, 600, 600, 800, 1000, 1250]))).toBe("hindered late");
  expect(said(judgeBuffering(Array<number>(6).fill(1250)))).toBe("blocked buffered");
  expect(said(judgeBuffering([0, 250]))).toBe("blocked cut");
  expect(said(judgeBuffering([]))).toBe("blocked no-answer");
});

it("says what becomes of silent connections", () => {
  const kept = { kept: true, seconds: 33, closed: false };
  expect(said(judgeIdle([kept, kept], 33))).toBe("well kept");
  expect(said(judgeIdle([kept, { kept: false, seconds: 10, closed: true }], 33))).toBe("hindered closed");
  expect(said(judgeIdle([{ kept: false, seconds: 25, closed: true }], 33))).toBe("well closed");
  expect(said(judgeIdle([kept, { kept: false, seconds: 37, closed: false }], 33))).toBe("hindered forgotten");
  expect(said(judgeIdle([], 33))).toBe("untested no-connection");
});

it("says how large a request may be", () => {
  expect(said(judgeUpload(98_304, 200))).toBe("well whole");
  expect(said(judgeUpload(49_152, 413))).toBe("well limited");
  expect(said(judgeUpload(8_192, 413))).toBe("hindered small");
  expect(said(judgeUpload(0, 0))).toBe("blocked refused");
  expect(said(judgeUpload(0, 429))).toBe("untested busy");
});

it("says how much the way carries", () => {
  expect(said(judgeThroughput(20e6, 5e6, 30))).toBe("well enough");
  expect(said(judgeThroughput(20e6, 0.5e6, 30))).toBe("hindered narrow");
  expect(said(judgeThroughput(0.1e6, 5e6, 30))).toBe("hindered very-narrow");
  expect(said(judgeThroughput(20e6, 5e6, 700))).toBe("hindered far");
});

it("says whether picture and sound came", () => {
  const seen: MediaSeen = {
    connected: true,
    setupMs: 200,
    pictures: 40,
    sounds: 140,
    delayMs: 60,
    mediaBps: 4e5,
    why: "",
  };
  const tunnel = (change: Partial<MediaSeen>) => said(judgeTunnel("tunnel-websocket", { ...seen, ...change }));
  expect(tunnel({})).toBe("well works");
  expect(tunnel({ sounds: null })).toBe("well works");
  expect(tunnel({ delayMs: 800 })).toBe("hindered late");
  expect(tunnel({ sounds: 0 })).toBe("blocked silent");
  expect(tunnel({ pictures: 0 })).toBe("blocked silent");
  expect(tunnel({ connected: false, why: "no way" })).toBe("blocked no-connection");
  expect(said(judgeNative(seen))).toBe("well works");
  expect(said(judgeNative({ ...seen, pictures: 2 }))).toBe("blocked silent");
  expect(said(judgeNative({ ...seen, connected: false }))).toBe("blocked udp-blocked");
});

it("knows which check a server is about, and what its probe means", () => {
  const secret = { username: "u", credential: "c" };
  const sorted = sortServers([
    { urls: ["turn:relay.example:3478", "turn:relay.example?transport=tcp"], ...secret },
    { urls: "turns:relay.example:443?transport=tcp", ...secret },
    { urls: ["stun:relay.example"] },
  ]);
  expect([...sorted.keys()].sort()).toEqual(["stun", "turn-tcp", "turn-tls", "turn-udp"]);
  expect(sorted.get("turn-tcp")).toEqual([{ urls: ["turn:relay.example?transport=tcp"], ...secret }]);
  const allowed = relayEntries(sorted, { stun: "STUN" }).map(
    ({ host, protocol, ports }) => `${host} ${protocol} ${ports}`,
  );
  expect(allowed.sort()).toEqual([
    "relay.example TCP 3478",
    "relay.example TCP 443",
    "relay.example UDP 3478",
    "relay.example UDP 3478",
  ]);
  const probed = { elapsedMs: 120, detail: "" };
  const failed = (failure: ProbeFailure) => said(judgeRelay("turn-tls", { ok: false, failure, ...probed }));
  const through = { ok: true, elapsedMs: 120, local: null, remote: null, roundTripMs: 3 } as const;
  expect(said(judgeRelay("turn-tls", through))).toBe("well works");
  expect(failed("noCandidates")).toBe("blocked blocked");
  expect(failed("noConnection")).toBe("blocked blocked");
  expect(failed("noMedia")).toBe("blocked silent");
  expect(failed("refused")).toBe("untested no-answer");
  expect(said(judgeStun(true, false))).toBe("well works");
  expect(said(judgeStun(false, true))).toBe("blocked blocked");
  expect(said(judgeStun(false, false))).toBe("untested nothing-new");
});

it("knows its own picture", () => {
  const picture = (left: number, right: number) =>
    Uint8ClampedArray.from({ length: 64 * 36 * 4 }, (_, at) => (Math.floor(at / 4) % 64 < 32 ? left : right));
  expect(isOurPicture(picture(42, 205), 64, 36)).toBe(true);
  expect(isOurPicture(picture(205, 42), 64, 36)).toBe(false);
  expect(isOurPicture(picture(0, 0), 64, 36)).toBe(false);
});

it("keeps notes short and printable", () => {
  expect(resultOf("tls", "well", "x", {}, `a\u0000\u2028b${"c".repeat(300)}`).note).toMatch(/^abc{198}$/);
});
