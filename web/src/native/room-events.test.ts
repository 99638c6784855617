import { describe, expect, it } from "vitest";
import { roomEventOf } from "./room-events.ts";

const of = (event: string, body: unknown) => roomEventOf({ event, data: JSON.stringify(body) });

describe("roomEventOf", () => {
  it("reads the room's events", () => {
    expect(of("ready", {})).toEqual({ type: "ready" });
    expect(of("participant_joined", { participant_id: "p-1", name: "Bob" })).toEqual({
      type: "participantJoined",
      participant: { participantId: "p-1", name: "Bob" },
    });
    const track = { track_id: 7, kind: "video", codec: "h264", source: "camera", muted: true };
    expect(of("track_added", { participant_id: "p-1", track })).toEqual({
      type: "trackAdded",
      participantId: "p-1",
      track: { trackId: 7, codec: "h264", source: "camera", muted: true },
    });
    expect(of("track_muted", { participant_id: "p-1", track_id: 7, muted: false })).toEqual({
      type: "trackMuted",
      participantId: "p-1",
      trackId: 7,
      muted: false,
    });
    expect(of("track_removed", { participant_id: "p-1", track_id: 7 })?.type).toBe("trackRemoved");
    expect(of("participant_left", { participant_id: "p-1" })?.type).toBe("participantLeft");
  });

  it("skips what it does not know and what is broken", () => {
    expect(of("something_new", { participant_id: "p-1" })).toBeNull();
    expect(of("track_added", { participant_id: "p-1", track: { track_id: 7, codec: "theora" } })).toBeNull();
    expect(of("participant_joined", null)).toBeNull();
    expect(roomEventOf({ event: "track_added", data: "{" })).toBeNull();
  });
});
