import { describe, expect, it } from "vitest";
import type { Person, PersonVideo } from "./call.ts";
import { Roster } from "./roster.ts";

const video = (trackId: string): PersonVideo => {
  const surface = {} as HTMLCanvasElement;
  return { trackId, source: "camera", muted: false, surface, live: false };
};

describe("Roster", () => {
  it("tells once of many changes in a row", async () => {
    const told: (readonly Person[])[] = [];
    const roster = new Roster((people) => told.push(people));
    roster.join("p-1", "Alice");
    roster.setVideo("p-1", video("7"));
    roster.changeTrack("7", { live: true });
    roster.join("p-2", "Bob");
    await Promise.resolve();
    expect(told).toHaveLength(1);
    expect(told[0]?.map(({ name }) => name)).toEqual(["Alice", "Bob"]);
    expect(told[0]?.[0]?.video?.live).toBe(true);
  });

  it("keeps tracks that were known before their owner's name", () => {
    const roster = new Roster(() => undefined);
    roster.join("p-1", "");
    roster.setAudio("p-1", { trackId: "3", muted: false });
    roster.join("p-1", "Alice");
    expect(roster.get("p-1")).toMatchObject({ name: "Alice", audio: { trackId: "3" } });
  });

  it("changes and removes tracks wherever they are", () => {
    const roster = new Roster(() => undefined);
    roster.join("p-1", "Alice");
    roster.setAudio("p-1", { trackId: "3", muted: false });
    roster.setVideo("p-1", video("4"));
    expect(roster.changeTrack("3", { muted: true })).toBe(true);
    expect(roster.get("p-1")?.audio?.muted).toBe(true);
    roster.changeTrack("4", null);
    expect(roster.get("p-1")?.video).toBeNull();
    expect(roster.changeTrack("4", null)).toBe(false);
  });

  it("does not bring back somebody who has left", async () => {
    let people: readonly Person[] = [];
    const roster = new Roster((now) => {
      people = now;
    });
    roster.join("p-1", "Alice");
    roster.leave("p-1");
    roster.setVideo("p-1", video("4"));
    await Promise.resolve();
    expect(people).toEqual([]);
  });
});
