import { describe, expect, it } from "vitest";
import { microseconds, seconds } from "../base/time.ts";
import type { AudioMessage, VideoMessage } from "../wire/media.ts";
import {
  AUDIO_PATIENCE,
  DECODABLE_PATIENCE,
  IncomingAudio,
  IncomingTracks,
  IncomingVideo,
  MAX_WAITING,
  UNDECODABLE_PATIENCE,
} from "./continuity.ts";

const at = seconds;
const TOP = 2 ** 32;

const frame = (keyframe: boolean) => ({
  data: new Uint8Array(1),
  rtpTimestamp: 0,
  captureTimeUs: microseconds(0),
  keyframe,
  discardable: false,
  temporalLayer: 0,
  audioLevel: null,
});

const video = (number: number, referenceDistance: number): VideoMessage => ({
  type: "video",
  trackId: 1,
  frameNumber: number % TOP,
  referenceDistance,
  frame: frame(referenceDistance === 0),
});

const packet = (number: number): AudioMessage => ({
  type: "audio",
  trackId: 0,
  frameNumber: number % TOP,
  frame: frame(false),
});

/** What a call delivers, by its number. */
function delivered(call: (ready: (AudioMessage | VideoMessage)[]) => void): number[] {
  const ready: (AudioMessage | VideoMessage)[] = [];
  call(ready);
  return ready.map(({ frameNumber }) => frameNumber);
}

/** For each frame whether it is delivered at once, by a track of which nothing can come on another lane. */
const accepted = (track: IncomingVideo, ...frames: [number: number, distance: number][]) =>
  frames.map(([number, distance]) => {
    return delivered((ready) => track.accept(video(number, distance), at(0), false, ready)).length > 0;
  });

describe("IncomingVideo on one lane", () => {
  it("takes nothing before a keyframe, and nothing whose reference is missing", () => {
    expect(accepted(new IncomingVideo(), [5, 1], [6, 0], [7, 1])).toEqual([false, true, true]);
    const holes: [number, number][] = [
      [0, 0],
      [2, 1],
      [3, 1],
      [4, 0],
      [6, 2],
    ];
    expect(accepted(new IncomingVideo(), ...holes)).toEqual([true, false, false, true, true]);
  });

  it("drops repetitions and what is late without a request", () => {
    const track = new IncomingVideo();
    expect(accepted(track, [0, 0], [1, 1], [1, 1], [0, 0])).toEqual([true, true, false, false]);
    expect(track.wantsKeyframe).toBe(false);
  });

  it("counts on beyond 2^32, and no further back than a keyframe", () => {
    expect(accepted(new IncomingVideo(), [TOP - 2, 0], [TOP - 1, 1], [TOP, 1], [TOP + 1, 1])).not.toContain(false);
    expect(accepted(new IncomingVideo(), [0, 0], [1, 0], [2, 2])).toEqual([true, true, false]);
    expect(accepted(new IncomingVideo(), [0, 0], [255, 255], [511, 255])).toEqual([true, true, false]);
  });
});

describe("IncomingVideo on several lanes", () => {
  const accept = (track: IncomingVideo, number: number, distance: number, now: number) =>
    delivered((ready) => track.accept(video(number, distance), at(now), true, ready));
  const due = (track: IncomingVideo, now: number) => delivered((ready) => track.due(at(now), true, ready));

  it("lets frames wait for those in front of them", () => {
    const track = new IncomingVideo();
    const given = [2, 0, 3, 1].map((number) => accept(track, number, number === 0 ? 0 : 1, 1));
    expect(given).toEqual([[], [0], [], [1, 2, 3]]);
    expect(track.dueAt).toBeNull();
  });

  it("waits shortly for what it can do without, longer for what it needs, and then wants a keyframe", () => {
    const track = new IncomingVideo();
    accept(track, 0, 0, 1);
    accept(track, 2, 2, 1);
    expect(track.dueAt).toBe(1 + DECODABLE_PATIENCE);
    expect(due(track, 1 + DECODABLE_PATIENCE)).toEqual([2]);
    accept(track, 4, 1, 2);
    expect(track.dueAt).toBe(2 + UNDECODABLE_PATIENCE);
    expect([due(track, 2.3), track.wantsKeyframe]).toEqual([[], false]);
    expect([due(track, 2 + UNDECODABLE_PATIENCE), track.wantsKeyframe]).toEqual([[], true]);
    expect(accept(track, 3, 1, 2.4)).toEqual([]);
  });

  it("waits for the beginning of a track, but not for the past of one that goes on", () => {
    const [fresh, replaced] = [new IncomingVideo(), new IncomingVideo()];
    expect(accept(fresh, 5, 0, 1)).toEqual([]);
    expect(due(fresh, 1 + DECODABLE_PATIENCE)).toEqual([5]);
    expect(accept(replaced, 1000, 0, 1)).toEqual([1000]);
  });

  it("delivers in order, once and decodable, whatever order the lanes give", () => {
    for (let seed = 1; seed <= 300; seed += 1) {
      let state = seed;
      const chance = () => {
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
        return state / TOP;
      };
      const first = [0, 100, TOP - 5][seed % 3] as number;
      const arrivals: [at: number, step: number, distance: number][] = [];
      for (let step = 0; step < 20; step += 1) {
        const distance = chance() < 0.1 ? 0 : Math.min(step, 1 + Math.floor(chance() * 3));
        for (const again of [0.05, 0.85]) {
          if (chance() > again) arrivals.push([step / 30 + chance() ** 4 / 2, step, distance]);
        }
      }
      const track = new IncomingVideo();
      const ready: (AudioMessage | VideoMessage)[] = [];
      for (const [now, step, distance] of arrivals.toSorted((a, b) => a[0] - b[0])) {
        for (let dueAt = track.dueAt; dueAt !== null && dueAt <= now; dueAt = track.dueAt)
          track.due(dueAt, true, ready);
        track.accept(video(first + step, distance), at(now), true, ready);
      }
      for (let dueAt = track.dueAt; dueAt !== null; dueAt = track.dueAt) track.due(dueAt, true, ready);
      const steps = ready.map(({ frameNumber }) => (frameNumber - first + TOP) % TOP);
      expect(steps, `seed ${seed}`).toEqual([...new Set(steps)].toSorted((a, b) => a - b));
      for (const message of ready) {
        const distance = message.type === "video" ? message.referenceDistance : 0;
        expect(steps).toContain((message.frameNumber - distance - first + TOP) % TOP);
      }
    }
  });
});

describe("IncomingAudio", () => {
  it("puts packets in order and gives a missing one up", () => {
    const track = new IncomingAudio();
    const accept = (number: number, now: number, patient = true) =>
      delivered((ready) => track.accept(packet(number), at(now), patient, ready));
    expect([accept(1, 1), accept(0, 1), accept(0, 1), accept(3, 1.01)]).toEqual([[], [0, 1], [], []]);
    const dueAt = at(1.01 + AUDIO_PATIENCE);
    expect(track.dueAt).toBe(dueAt);
    expect(delivered((ready) => track.due(dueAt, true, ready))).toEqual([3]);
    expect(accept(2, 1.2)).toEqual([]);
    accept(6, 1.2);
    expect(accept(9, 1.2, false)).toEqual([6, 9]);
  });

  it("lets so many wait and no more", () => {
    const track = new IncomingAudio();
    const ready: (AudioMessage | VideoMessage)[] = [];
    for (let number = 1; number <= MAX_WAITING; number += 1) track.accept(packet(number), at(1), true, ready);
    expect(ready).toEqual([]);
    track.accept(packet(MAX_WAITING + 1), at(1), true, ready);
    expect(ready).toHaveLength(MAX_WAITING + 1);
  });
});

describe("IncomingTracks", () => {
  const tracks = () => {
    const made = new IncomingTracks();
    made.add(0, "audio");
    made.add(1, "video");
    return made;
  };
  const accept = (to: IncomingTracks, message: AudioMessage | VideoMessage, now: number, patient = false) =>
    delivered((ready) => to.accept(message, at(now), patient, ready)).length;

  it("drops what was never announced, or as something else", () => {
    const made = tracks();
    expect(accept(made, { ...packet(0), trackId: 1 }, 0)).toBe(0);
    expect(accept(made, { ...video(0, 0), trackId: 0 }, 0)).toBe(0);
    expect(accept(made, packet(0), 0)).toBe(1);
    made.add(0, "audio");
    expect(accept(made, packet(0), 0)).toBe(1);
    made.remove(0);
    expect(accept(made, packet(1), 0)).toBe(0);
  });

  it("asks once in half a second while it is needed", () => {
    const made = tracks();
    const asked: number[] = [];
    for (let step = 0; step < 40; step += 1) {
      accept(made, video(step + 1, 1), step / 30);
      if (made.requestsDue(at(step / 30)).includes(1)) asked.push(step);
    }
    expect(asked).toEqual([0, 15, 30]);
    expect(made.requestsDue(at(100))).toEqual([1]);
    expect([made.requestsDue(at(200)), made.nextRequestAt()]).toEqual([[], null]);
  });

  it("knows when something that waits is due", () => {
    const made = tracks();
    expect(made.nextDueAt()).toBeNull();
    accept(made, packet(1), 1, true);
    accept(made, video(2, 0), 1.02, true);
    expect(made.nextDueAt()).toBe(1 + AUDIO_PATIENCE);
    expect(delivered((ready) => made.due(at(1 + AUDIO_PATIENCE), true, ready))).toEqual([1]);
    expect(made.nextDueAt()).toBe(1.02 + DECODABLE_PATIENCE);
    made.remove(1);
    expect(made.nextDueAt()).toBeNull();
  });
});
