import { expect, it } from "vitest";
import { rungsOf } from "./rungs.ts";

const secret = { username: "u", credential: "c" };

it("sorts servers by the rung that they make", () => {
  const servers = [
    { urls: ["stun:a"] },
    { urls: ["turns:a:443?transport=tcp", "turn:a:443?transport=tcp", "turn:a:3478"], ...secret },
  ];
  expect([...rungsOf(servers, "all")]).toEqual([
    ["direct", { iceServers: [{ urls: ["stun:a"] }], iceTransportPolicy: "all" }],
    ["turn-udp", { iceServers: [{ urls: ["turn:a:3478"], ...secret }], iceTransportPolicy: "relay" }],
    ["turn-tcp", { iceServers: [{ urls: ["turn:a:443?transport=tcp"], ...secret }], iceTransportPolicy: "relay" }],
    ["turn-tls", { iceServers: [{ urls: ["turns:a:443?transport=tcp"], ...secret }], iceTransportPolicy: "relay" }],
  ]);
});

it("goes straight where there are no servers, and nowhere where only relays may be used", () => {
  expect([...rungsOf([], "all")]).toEqual([["direct", { iceServers: [], iceTransportPolicy: "all" }]]);
  expect([...rungsOf([{ urls: "stun:a" }], "relay")]).toEqual([]);
});
