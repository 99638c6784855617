import { beforeEach, describe, expect, it } from "vitest";
import type { LinkTrack } from "../room/link.ts";
import type { RoomEventMap } from "./api.ts";
import type { LiveRoom } from "./live-room.ts";
import { type FakeLink, fakeRoom, fakeTrack } from "./testing/fakes.ts";

const EVENTS = [
  "statechange",
  "participantjoined",
  "participantleft",
  "trackadded",
  "trackremoved",
  "trackchange",
  "levels",
  "audiochange",
  "problem",
  "ended",
] as const satisfies readonly (keyof RoomEventMap)[];

let room: LiveRoom;
let link: FakeLink;
let soundRuns: (running: boolean) => void;
let heard: Array<Event & Partial<RoomEventMap[(typeof EVENTS)[number]]>>;

const camera: LinkTrack = {
  id: "7",
  codec: "h264",
  source: "camera",
  muted: false,
  surface: {} as HTMLCanvasElement,
};
const microphone: LinkTrack = { id: "8", codec: "opus", source: "microphone", muted: true, surface: null };
const types = (): string[] => heard.map(({ type }) => type);

beforeEach(() => {
  ({ room, link, soundRuns } = fakeRoom());
  heard = [];
  for (const type of EVENTS) room.addEventListener(type, (event) => void heard.push(event));
});

describe("other people", () => {
  it("come with tracks, which change and go", () => {
    link.events.onJoined("p-1", "Alice");
    link.events.onTrackAdded("p-1", camera);
    link.events.onTrackAdded("p-1", microphone);
    expect(types()).toEqual(["participantjoined", "trackadded", "trackadded"]);
    const [alice] = room.participants;
    expect(alice?.name).toBe("Alice");
    expect(alice?.track("microphone")).toMatchObject({ kind: "audio", muted: true, live: true });
    const picture = alice?.track("camera");
    expect(picture).toMatchObject({ kind: "video", live: false, muted: false, surface: camera.surface });

    heard.length = 0;
    link.events.onTrackChanged("7", { live: true });
    link.events.onTrackChanged("7", { live: true });
    link.events.onTrackChanged("7", { muted: true });
    expect(types()).toEqual(["trackchange", "trackchange"]);
    expect(heard[0]).toMatchObject({ participant: alice, track: picture });
    expect(picture).toMatchObject({ live: true, muted: true });

    heard.length = 0;
    link.events.onTrackRemoved("8");
    link.events.onLeft("p-1");
    expect(types()).toEqual(["trackremoved", "trackremoved", "participantleft"]);
    expect(room.participants).toEqual([]);
  });

  it("are known by their tracks before their names, and keep both", () => {
    link.events.onTrackAdded("p-1", camera);
    link.events.onJoined("p-1", "Alice");
    expect(room.participants.map(({ name, tracks }) => [name, tracks.length])).toEqual([["Alice", 1]]);
    expect(types()).toEqual(["participantjoined", "trackadded"]);
  });

  it("do not change any more once they are gone", () => {
    link.events.onJoined("p-1", "Alice");
    link.events.onTrackAdded("p-1", camera);
    link.events.onLeft("p-1");
    heard.length = 0;
    link.events.onTrackChanged("7", { muted: true });
    link.events.onTrackRemoved("7");
    link.events.onLeft("p-1");
    expect(types()).toEqual([]);
  });

  it("have a problem that is told once", () => {
    link.events.onTrackAdded("p-1", { ...camera, codec: "av1" });
    heard.length = 0;
    link.events.onTrackChanged("7", { problem: "cannotDecode" });
    link.events.onTrackChanged("7", { problem: "cannotDecode" });
    expect(types()).toEqual(["trackchange", "problem"]);
    expect(heard[1]).toMatchObject({ problem: { kind: "cannotDecode", media: "video", codec: "av1" } });
    expect(room.participants[0]?.tracks[0]?.problem).toBe("cannotDecode");
  });
});

describe("our own tracks", () => {
  it("are aimed at what their size and content ask for", () => {
    room.publish(fakeTrack("video", { width: 1280, height: 720 }));
    const film = fakeTrack("video", { width: 1920, height: 1080 });
    film.contentHint = "motion";
    room.publish(film, { source: "screen", framerate: 24 });
    room.publish(fakeTrack("video"), { source: "screen", maxBitrateBps: 500_000 });
    room.publish(fakeTrack("audio"), { muted: true });
    expect(link.told).toEqual([
      "publish 1 video camera",
      expect.stringMatching(/^send 1 30\/s 17\d{5} b\/s motion$/),
      "publish 2 video screen",
      expect.stringMatching(/^send 2 24\/s 31\d{5} b\/s motion$/),
      "publish 3 video screen",
      "send 3 8/s 500000 b/s detail",
      "publish 4 audio microphone muted",
      expect.stringContaining("send 4"),
    ]);
    expect(room.publications.map(({ source }) => source)).toEqual(["camera", "screen", "screen", "microphone"]);
  });

  it("are muted for others by us, by having nothing, and by their end", () => {
    const track = fakeTrack("video");
    const publication = room.publish(track);
    link.told.length = 0;
    publication.muted = true;
    publication.muted = true;
    publication.muted = false;
    publication.replaceTrack(null);
    const other = fakeTrack("video");
    publication.replaceTrack(other);
    other.end();
    track.end();
    expect(link.told.filter((line) => line.startsWith("mute"))).toEqual([
      "mute 1 true",
      "mute 1 false",
      "mute 1 true",
      "mute 1 false",
      "mute 1 true",
    ]);
    expect(publication.muted).toBe(false);
  });

  it("end once", () => {
    const track = fakeTrack("video");
    const publication = room.publish(track, { source: "screen" });
    publication.unpublish();
    publication.unpublish();
    publication.replaceTrack(fakeTrack("video"));
    track.end();
    expect(link.told.slice(2)).toEqual(["end 1"]);
    expect(room.publications).toEqual([]);
  });

  it("tell what is wrong with them, by what they are", () => {
    const { id } = room.publish(fakeTrack("video"), { source: "screen" });
    link.events.onCannotEncode(id, true);
    link.events.onRejected(id, "no video here");
    expect(heard).toMatchObject([
      { problem: { kind: "cannotEncode", media: "video", source: "screen", late: true } },
      { problem: { kind: "rejected", media: "video", source: "screen", reason: "no video here" } },
    ]);
  });

  it("cannot be what they are not, or come after the end", () => {
    expect(() => room.publish(fakeTrack("audio"), { source: "camera" })).toThrow(TypeError);
    expect(() => room.publish(fakeTrack("video"), { source: "microphone" })).toThrow(TypeError);
    const publication = room.publish(fakeTrack("audio"));
    expect(() => publication.replaceTrack(fakeTrack("video"))).toThrow(/audio cannot send a track of video/);
    room.leave();
    expect(() => room.publish(fakeTrack("video"))).toThrow(/left/);
  });
});

describe("the room", () => {
  it("says how it is, and ends for good with everybody gone", () => {
    link.events.onState("connected", "");
    link.events.onState("connected", "");
    link.events.onJoined("p-1", "Alice");
    link.events.onEnded("overloaded", "The server is full.");
    link.events.onState("connected", "");
    expect(types()).toEqual(["statechange", "participantjoined", "statechange", "participantleft", "ended"]);
    expect(heard.at(-1)).toMatchObject({ end: "overloaded", explanation: "The server is full." });
    expect([room.state, room.participants, room.trackReadings(), room.pathReading()]).toEqual(["ended", [], [], null]);
  });

  it("tells whether sound comes out, the first time in any case", () => {
    soundRuns(false);
    soundRuns(false);
    soundRuns(true);
    expect(heard.map((event) => "running" in event && event.running)).toEqual([false, true]);
    expect(room.audioRunning).toBe(true);
  });

  it("uses the loudspeaker that was chosen", async () => {
    await room.useSpeaker("headset");
    await room.startAudio();
    expect(link.told).toEqual(["speaker headset", "speaker headset"]);
  });

  it("calls nothing paused where nothing can be", () => {
    link.canPause = false;
    link.events.onTrackAdded("p-1", camera);
    link.events.onTrackChanged("7", { live: true });
    const [picture] = room.participants[0]?.tracks ?? [];
    if (picture === undefined) throw new Error("no track");
    picture.visible = false;
    expect([picture.visible, picture.paused, link.told]).toEqual([true, false, []]);
  });

  it("leaves playing to the page where it wants that", () => {
    link.events.onTrackAdded("p-1", microphone);
    const [sound] = room.participants[0]?.tracks ?? [];
    if (sound === undefined) throw new Error("no track");
    sound.audible = false;
    sound.audible = false;
    expect([sound.audible, link.told]).toEqual([false, ["audible 8 false"]]);
  });

  it("asks for no picture of what nobody sees, but for every sound", () => {
    link.events.onTrackAdded("p-1", microphone);
    const [sound] = room.participants[0]?.tracks ?? [];
    if (sound !== undefined) sound.visible = false;
    expect(sound?.visible).toBe(true);
    expect(link.told).toEqual([]);
  });
});
