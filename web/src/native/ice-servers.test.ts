import { afterEach, describe, expect, it, vi } from "vitest";
import { IceServers, iceConfigurationOf } from "./ice-servers.ts";

const GATEWAY = { url: "https://gateway.example/", token: "secret" };
const OPEN = { iceServers: null, iceTransportPolicy: null };
const TURN = { urls: ["turns:gateway.example:443?transport=tcp"], username: "1:a", credential: "b" };

function answering(...answers: Array<Response | Error>) {
  const asked = vi.fn(async () => {
    const answer = answers.shift();
    if (answer === undefined || answer instanceof Error) throw answer ?? new Error("asked too often");
    return answer;
  });
  vi.stubGlobal("fetch", asked);
  return asked;
}

const told = (body: object) => Response.json(body);

afterEach(() => vi.unstubAllGlobals());

describe("IceServers", () => {
  it("asks the gateway once, with the token, until half of the credentials' time is over", async () => {
    let now = 0;
    const asked = answering(
      told({ ice_servers: [TURN], policy: "all", ttl: 100 }),
      told({ ice_servers: [], ttl: 100 }),
    );
    const servers = new IceServers(GATEWAY, OPEN, () => now);
    const [first, second] = await Promise.all([servers.configuration(), servers.configuration()]);
    expect(first).toEqual({ iceServers: [TURN], iceTransportPolicy: "all" });
    expect(second).toEqual(first);
    expect(asked).toHaveBeenCalledTimes(1);
    const [address, init] = asked.mock.calls[0] as unknown as [URL, RequestInit];
    expect(address.href).toBe("https://gateway.example/v1/ice");
    expect(new Headers(init.headers).get("Authorization")).toBe("Bearer secret");
    now = 49_999;
    await servers.configuration();
    expect(asked).toHaveBeenCalledTimes(1);
    now = 50_000;
    expect((await servers.configuration()).iceServers).toEqual([]);
    expect(asked).toHaveBeenCalledTimes(2);
  });

  it("goes on without servers when the gateway does not answer, and asks again the next time", async () => {
    answering(new TypeError("no network"), told({ ice_servers: [TURN] }));
    const servers = new IceServers(GATEWAY, OPEN, () => 0);
    expect(await servers.configuration()).toEqual({ iceServers: [], iceTransportPolicy: "all" });
    expect((await servers.configuration()).iceServers).toEqual([TURN]);
  });

  it("does not ask a gateway again that knows no such address", async () => {
    const asked = answering(new Response(null, { status: 404 }));
    const servers = new IceServers(GATEWAY, OPEN, () => 0);
    await servers.configuration();
    expect((await servers.configuration()).iceServers).toEqual([]);
    expect(asked).toHaveBeenCalledTimes(1);
  });

  it("takes the page's word over the gateway's", async () => {
    const asked = answering(told({ ice_servers: [TURN], policy: "all" }));
    const relay = new IceServers(GATEWAY, { ...OPEN, iceTransportPolicy: "relay" }, () => 0);
    expect(await relay.configuration()).toEqual({ iceServers: [TURN], iceTransportPolicy: "relay" });
    const own = new IceServers(GATEWAY, { ...OPEN, iceServers: [{ urls: "stun:a" }] });
    expect(await own.configuration()).toEqual({ iceServers: [{ urls: "stun:a" }], iceTransportPolicy: "all" });
    expect(asked).toHaveBeenCalledTimes(1);
  });
});

describe("iceConfigurationOf", () => {
  it("leaves out what is no server", () => {
    const body = { ice_servers: [null, {}, { urls: "a" }, { urls: [1] }, { urls: ["stun:a"] }], policy: "relay" };
    expect(iceConfigurationOf(body).configuration).toEqual({
      iceServers: [{ urls: ["stun:a"] }],
      iceTransportPolicy: "relay",
    });
    expect(iceConfigurationOf(null).configuration.iceServers).toEqual([]);
  });
});
