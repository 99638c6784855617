import { describe, expect, it } from "vitest";
import { History, MOST_SAMPLES } from "./history.ts";
import { path, track } from "./testing/readings.ts";

describe("History", () => {
  it("keeps two minutes and no more", () => {
    const history = new History();
    for (let second = 0; second < MOST_SAMPLES + 30; second += 1) history.take([], path(), second * 1_000);
    expect(history.samples).toHaveLength(MOST_SAMPLES);
    expect(history.samples[0]?.at).toBe(30);
    expect(history.samples.at(-1)?.at).toBe(MOST_SAMPLES + 29);
  });

  it("says what is worst for the user: the slowest camera, the longest delay, the most invented sound", () => {
    const history = new History();
    const tracks = [
      track({ trackId: "1", framesPerSecond: 30, delayMs: 90 }),
      track({ trackId: "2", framesPerSecond: 11, delayMs: 240 }),
      track({ trackId: "3", source: "screen", framesPerSecond: 2, delayMs: 150 }),
      track({ trackId: "4", kind: "audio", source: "microphone", concealed: 0.01, playoutDelayMs: 60 }),
      track({ trackId: "5", kind: "audio", source: "microphone", concealed: 0.2, playoutDelayMs: 95 }),
      track({ trackId: "6", direction: "sent", framesPerSecond: 24 }),
    ];
    history.take(tracks, path({ roundTripMs: 44 }), 0);
    const expected = {
      receivedFps: 11,
      sentFps: 24,
      pictureDelayMs: 240,
      concealed: 0.2,
      playoutDelayMs: 95,
      roundTripMs: 44,
    };
    expect(history.samples[0]).toMatchObject(expected);
  });

  it("counts losses since the last look, whoever comes, goes or begins again", () => {
    const history = new History();
    const losses = () => history.samples.map(({ framesDropped, freezes }) => [framesDropped, freezes]);
    history.take([track({ trackId: "1", framesDropped: 100, freezes: 4 })], path({ framesDropped: 7 }), 0);
    history.take([track({ trackId: "1", framesDropped: 103, freezes: 5 })], path({ framesDropped: 9 }), 1_000);
    history.take([track({ trackId: "1", framesDropped: 2, freezes: 0 })], path({ framesDropped: 9 }), 2_000);
    history.take([], path({ framesDropped: 9 }), 3_000);
    expect(losses()).toEqual([
      [0, 0],
      [5, 1],
      [0, 0],
      [0, 0],
    ]);
  });

  it("has nothing to say of a native call's path but the sum of its tracks", () => {
    const history = new History();
    history.take([track({ bitrateBps: 300 }), track({ trackId: "2", bitrateBps: 500 })], null, 0);
    expect(history.samples[0]).toMatchObject({
      receivedBps: 800,
      sentBps: null,
      pathBps: null,
      lanes: 0,
      stalledLanes: 0,
    });
  });
});
