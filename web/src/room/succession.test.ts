import { beforeEach, describe, expect, it } from "vitest";
import type { LinkTrack, RoomLink } from "./link.ts";
import { Succession, type Way } from "./succession.ts";

let told: string[];
let succession: Succession;
let bytes: Map<string, number>;

const camera = (id: string, muted = false): LinkTrack => ({
  id,
  codec: "h264",
  source: "camera",
  muted,
  surface: null,
});
const microphone = (id: string): LinkTrack => ({
  id,
  codec: "opus",
  source: "microphone",
  muted: false,
  surface: null,
});

function way(number: number): Way {
  const link: Partial<RoomLink> = {
    canPause: number === 0,
    setAudible: (id, audible) => void told.push(`${number} ${audible ? "plays" : "silences"} ${id}`),
    readings: () =>
      [...bytes].map(([trackId, count]) => ({ trackId, direction: "received", bytes: count })) as unknown as ReturnType<
        RoomLink["readings"]
      >,
  };
  return { number, link: link as RoomLink };
}

beforeEach(() => {
  told = [];
  bytes = new Map();
  succession = new Succession({
    onJoined: (id, name) => told.push(`joined ${id} ${name}`),
    onLeft: (id) => told.push(`left ${id}`),
    onTrackAdded: (_, { id, muted }) => told.push(`added ${id}${muted ? " muted" : ""}`),
    onTrackRemoved: (id) => told.push(`removed ${id}`),
    onTrackChanged: (id, change) => told.push(`changed ${id} ${JSON.stringify(change)}`),
  });
});

describe("a single way", () => {
  it("is told on as it is", () => {
    const only = way(0);
    succession.joined(only, "p", "Bob");
    succession.added(only, "p", camera("1"));
    succession.changed(only, "1", { live: true });
    succession.removed(only, "1");
    succession.left(only, "p");
    expect(told).toEqual(["joined p Bob", "added 1", 'changed 1 {"live":true}', "removed 1", "left p"]);
  });
});

describe("two ways", () => {
  const older = way(0);
  const newer = way(1);

  beforeEach(() => {
    succession.joined(older, "p", "Bob");
    succession.added(older, "p", camera("1"));
    succession.changed(older, "1", { live: true });
    succession.added(older, "p", microphone("2"));
    succession.joined(newer, "p", "Bob");
    succession.added(newer, "p", camera("p/0"));
    succession.added(newer, "p", microphone("p/1"));
  });

  it("show the newer picture once there is one, and then let the old one go, and nobody comes or leaves", () => {
    expect(told.filter((line) => line.startsWith("added"))).toEqual(["added 1", "added 2"]);
    told.length = 0;
    succession.changed(newer, "p/0", { live: true });
    expect(told).toEqual(["added 1:p/0", 'changed 1:p/0 {"live":true}', "removed 1"]);
    told.length = 0;
    succession.changed(older, "1", { muted: true });
    expect(told).toEqual([]);
    expect(succession.find("1:p/0")).toMatchObject({ innerId: "p/0" });
    expect(succession.find("1")).toBeNull();
  });

  it("never let a microphone be heard twice", () => {
    expect(told).toContain("1 silences p/1");
    told.length = 0;
    succession.tick();
    expect(told).toEqual([]);
    bytes.set("p/1", 100);
    succession.tick();
    expect(told).toEqual(["0 silences 2", "added 1:p/1", "removed 2", "1 plays p/1"]);
  });

  it("keep a sound silent that the page has silenced", () => {
    succession.setAudible("2", false);
    bytes.set("p/1", 100);
    told.length = 0;
    succession.tick();
    expect(told).not.toContain("1 plays p/1");
    succession.setAudible("1:p/1", true);
    expect(told.at(-1)).toBe("1 plays p/1");
  });

  it("take what the new one has when the old one is given up, and lose what it has not", () => {
    succession.added(older, "q", camera("3"));
    succession.joined(older, "q", "Carol");
    told.length = 0;
    succession.drop(older);
    expect(told.filter((line) => !/plays|silences/.test(line)).sort()).toEqual([
      "added 1:p/0",
      "added 1:p/1",
      "left q",
      "removed 1",
      "removed 2",
      "removed 3",
    ]);
    expect(succession.leansOn(older)).toBe(false);
    expect(succession.leansOn(newer)).toBe(true);
  });

  it("do not believe an interrupted one that everybody has left", () => {
    succession.hold(older);
    told.length = 0;
    succession.removed(older, "1");
    succession.left(older, "p");
    expect(told).toEqual([]);
    succession.drop(older);
    expect(told).not.toContain("left p");
    expect(succession.find("1:p/0")).not.toBeNull();
  });

  it("believe it when it is up again", () => {
    succession.drop(newer);
    succession.hold(older);
    succession.removed(older, "1");
    told.length = 0;
    succession.release(older);
    expect(told).toEqual(["removed 1"]);
  });

  it("say of each track whether it can be paused", () => {
    const added: LinkTrack[] = [];
    const asked = new Succession({
      onJoined: () => undefined,
      onLeft: () => undefined,
      onTrackAdded: (_, track) => added.push(track),
      onTrackRemoved: () => undefined,
      onTrackChanged: () => undefined,
    });
    asked.added(older, "p", camera("1"));
    asked.added(newer, "q", camera("2"));
    expect(added.map(({ canPause }) => canPause)).toEqual([true, false]);
  });
});

describe("somebody else's change of ways", () => {
  it("is shown in the same place: the new camera when it has a picture, a muted one at once", () => {
    const only = way(0);
    succession.added(only, "p", camera("1"));
    succession.changed(only, "1", { live: true });
    succession.added(only, "p", camera("2"));
    expect(succession.find("1")).not.toBeNull();
    succession.changed(only, "2", { live: true });
    succession.removed(only, "1");
    succession.added(only, "p", camera("3", true));
    expect(told).toEqual([
      "added 1",
      'changed 1 {"live":true}',
      "added 2",
      'changed 2 {"live":true}',
      "removed 1",
      "added 3 muted",
      "removed 2",
    ]);
  });

  it("goes back to the older one when the newer ends first", () => {
    const only = way(0);
    succession.added(only, "p", camera("1"));
    succession.added(only, "p", camera("2"));
    succession.changed(only, "2", { live: true });
    told.length = 0;
    succession.removed(only, "2");
    expect(told).toEqual(["added 1", "removed 2"]);
  });
});
