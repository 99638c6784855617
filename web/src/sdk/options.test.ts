import { describe, expect, it } from "vitest";
import type { ConnectOptions } from "./api.ts";
import { isRoomName, settingsOf } from "./options.ts";

const some: ConnectOptions = { url: "https://calls.example.org", room: "standup" };

describe("settingsOf", () => {
  it("takes a way in few words or in one, and the tunnel's details for a wish for the tunnel", () => {
    expect(settingsOf({ ...some, mode: "native" }).policy).toBe("native");
    expect(settingsOf({ ...some, policy: "turn-tls" }).policy).toBe("turn-tls");
    expect(settingsOf({ ...some, lane: "http-poll" }).policy).toBe("tunnel");
    expect(settingsOf({ ...some, lanes: 4 }).policy).toBe("tunnel");
    expect(settingsOf({ ...some, codecs: "wasm" }).policy).toBe("tunnel");
    expect(settingsOf({ ...some, lanes: 4, mode: "auto" }).policy).toBe("auto");
  });

  it("fills in what is left out", () => {
    expect(settingsOf(some)).toEqual({
      url: "https://calls.example.org/",
      room: "standup",
      name: "Guest",
      token: null,
      policy: "auto",
      handover: null,
      codecs: "auto",
      lane: null,
      lanes: null,
      maxLanes: 16,
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
    [{ policy: "best" as "auto" }, /policy is auto or .* not "best"/],
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
