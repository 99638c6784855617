import { describe, expect, it } from "vitest";
import { DEFAULTS, isRoomName, readAddress, readPreferences } from "./preferences.ts";

describe("readPreferences", () => {
  it("survives whatever was stored", () => {
    for (const stored of [
      null,
      "",
      "{",
      "[]",
      "7",
      '{"name":5,"mode":"carrier pigeon","quality":"toString","selfCorner":"middle"}',
    ]) {
      expect(readPreferences(stored)).toEqual(DEFAULTS);
    }
  });

  it("keeps what it knows and forgets the rest", () => {
    const stored = JSON.stringify({ name: "Alice", cameraOn: false, colours: "dark", token: "secret" });
    expect(readPreferences(stored)).toEqual({ ...DEFAULTS, name: "Alice", cameraOn: false, colours: "dark" });
  });
});

describe("readAddress", () => {
  it("reads what the address asks for", () => {
    expect(
      readAddress(
        "?room=stand-up&name=Bob%20B&token=a.b.c&autojoin=1&mode=native&codecs=wasm&quality=360p&bitrate=900&lanes=4" +
          "&lane=http-poll&ice=relay&policy=turn-tls",
      ),
    ).toEqual({
      room: "stand-up",
      name: "Bob B",
      token: "a.b.c",
      mode: "native",
      codecs: "wasm",
      quality: "360p",
      bitrateBps: 900_000,
      lanes: 4,
      lane: "http-poll",
      policy: "turn-tls",
      ice: "relay",
      autojoin: true,
    });
    expect(
      readAddress("?mode=x&codecs=best&quality=9p&bitrate=20&lanes=33&lane=tin&ice=x&autojoin=true&name=%20"),
    ).toEqual({
      room: null,
      name: null,
      token: null,
      mode: null,
      codecs: null,
      quality: null,
      bitrateBps: null,
      lanes: null,
      lane: "auto",
      policy: null,
      ice: null,
      autojoin: false,
    });
  });
});

it("knows which room names the protocol allows", () => {
  expect(["a", "stand.up_1~-", "A".repeat(64)].every(isRoomName)).toBe(true);
  expect(["", "a b", "ä", "a/b", "A".repeat(65)].some(isRoomName)).toBe(false);
});
