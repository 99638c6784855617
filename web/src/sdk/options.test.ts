import { describe, expect, it } from "vitest";
import type { ConnectOptions } from "./api.ts";
import { isRoomName, settingsOf } from "./options.ts";

const some: ConnectOptions = { url: "https://calls.example.org", room: "standup" };

describe("settingsOf", () => {
  it("fills in what is left out", () => {
    expect(settingsOf(some)).toEqual({
      url: "https://calls.example.org/",
      room: "standup",
      name: "Guest",
      token: null,
      mode: "tunnel",
      codecs: "auto",
      lane: null,
      lanes: null,
      maxLanes: 24,
      iceServers: null,
      iceTransportPolicy: null,
      speakerId: "",
      pauseHidden: true,
    });
  });

  it("takes the gateway's address with or without its last slash, and nothing behind it", () => {
    expect(settingsOf({ ...some, url: "https://a.example/calls?room=x#y" }).url).toBe("https://a.example/calls/");
    expect(settingsOf({ ...some, url: new URL("http://localhost:8080/") }).url).toBe("http://localhost:8080/");
  });

  it.each([
    [{ room: "" }, /no room name/],
    [{ room: "a b" }, /"a b" is no room name/],
    [{ name: "x".repeat(65) }, /64 characters/],
    [{ url: "nowhere" }, /no address/],
    [{ url: "ftp://a.example/" }, /ftp:/],
    [{ mode: "direct" as "native" }, /"direct"/],
    [{ iceTransportPolicy: "public" as "all" }, /all or relay, not "public"/],
    [{ codecs: "best" as "auto" }, /"best"/],
    [{ lanes: 0 }, /lanes is a whole number of 1–32, not 0/],
    [{ lanes: 33 }, /1–32, not 33/],
    [{ maxLanes: 2.5 }, /maxLanes is a whole number/],
  ])("says what is wrong with %o", (wrong, words) => {
    expect(() => settingsOf({ ...some, ...wrong })).toThrow(words);
    expect(() => settingsOf({ ...some, ...wrong })).toThrow(TypeError);
  });
});

describe("isRoomName", () => {
  it("knows what a gateway takes", () => {
    expect(["standup", "a.b_c~d-9", "x".repeat(64)].every(isRoomName)).toBe(true);
    expect(["", "ä", "a/b", "x".repeat(65), "a\n"].some(isRoomName)).toBe(false);
  });
});
