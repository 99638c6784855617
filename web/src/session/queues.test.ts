import { describe, expect, it } from "vitest";
import { microseconds, seconds } from "../base/time.ts";
import { decode } from "../wire/codec.ts";
import { AudioQueue, VideoQueue } from "./queues.ts";

const at = seconds;
const frame = (options: { keyframe?: boolean; discardable?: boolean; layer?: number; size?: number } = {}) => ({
  data: new Uint8Array(options.size ?? 10),
  rtpTimestamp: 0,
  captureTimeUs: microseconds(0),
  keyframe: options.keyframe ?? false,
  discardable: options.discardable ?? false,
  temporalLayer: options.layer ?? 0,
  audioLevel: null,
});

/** Everything that the queue gives: frame number and reference distance. */
function drain(queue: VideoQueue, now: number): [number, number][] {
  const given: [number, number][] = [];
  queue.dropStale(at(now));
  for (let data = queue.pop(at(now)); data !== null; data = queue.pop(at(now))) {
    const message = decode(data);
    if (message.type === "video") given.push([message.frameNumber, message.referenceDistance]);
  }
  return given;
}

describe("VideoQueue", () => {
  it("takes nothing before a keyframe and asks for one, once in half a second", () => {
    const queue = new VideoQueue(1);
    queue.push(frame(), at(0));
    expect([queue.length, queue.dropped]).toEqual([0, 1]);
    expect([0, 0.4, 0.6].map((now) => queue.takeKeyframeNeed(at(now)))).toEqual([true, false, true]);
    queue.push(frame({ keyframe: true }), at(1));
    expect(queue.takeKeyframeNeed(at(2))).toBe(false);
  });

  it("names the nearest reference below a frame's layer", () => {
    const queue = new VideoQueue(1);
    queue.push(frame({ keyframe: true }), at(0));
    queue.push(frame({ layer: 2, discardable: true }), at(0));
    queue.push(frame({ layer: 1 }), at(0));
    queue.push(frame({ layer: 2, discardable: true }), at(0));
    queue.push(frame(), at(0));
    expect(drain(queue, 0)).toEqual([
      [0, 0],
      [1, 1],
      [2, 2],
      [3, 1],
      [4, 4],
    ]);
  });

  it("drops what nobody refers to first, and leaves no hole in the numbers", () => {
    const queue = new VideoQueue(1);
    queue.push(frame({ keyframe: true }), at(0));
    expect(drain(queue, 0)).toEqual([[0, 0]]);
    queue.push(frame({ discardable: true, layer: 1 }), at(0));
    queue.push(frame(), at(0.05));
    expect(drain(queue, 0.12)).toEqual([[1, 1]]);
  });

  it("drops everything up to the next keyframe when frames that others need are stale", () => {
    const queue = new VideoQueue(1);
    queue.push(frame({ keyframe: true }), at(0));
    drain(queue, 0);
    queue.push(frame(), at(1));
    queue.push(frame(), at(1.1));
    expect(drain(queue, 1.6)).toEqual([]);
    expect(queue.takeKeyframeNeed(at(1.6))).toBe(true);
    queue.push(frame(), at(1.7));
    expect(queue.length).toBe(0);
  });

  it("keeps its bounds", () => {
    const queue = new VideoQueue(1);
    queue.push(frame({ keyframe: true }), at(0));
    for (let count = 0; count < 200; count += 1) queue.push(frame({ discardable: count % 2 === 0 }), at(0));
    expect(queue.length).toBeLessThanOrEqual(64);
    for (let count = 0; count < 5; count += 1) queue.push(frame({ keyframe: true, size: 900_000 }), at(0.01));
    expect(queue.length).toBeLessThanOrEqual(2);
  });

  it("gives up frames that wait behind for a newer keyframe", () => {
    const queue = new VideoQueue(1);
    queue.push(frame({ keyframe: true }), at(0));
    queue.push(frame(), at(0));
    queue.push(frame({ keyframe: true }), at(0.2));
    expect(drain(queue, 0.2)).toEqual([[0, 0]]);
  });
});

describe("AudioQueue", () => {
  it("gives packets in order and drops what is older than 200 ms", () => {
    const queue = new AudioQueue();
    queue.addTrack(3);
    queue.push(3, frame(), at(0));
    queue.push(3, frame(), at(0.1));
    const data = queue.pop(at(0.25));
    expect(data !== null && decode(data)).toMatchObject({ type: "audio", trackId: 3, frameNumber: 0 });
    expect(queue.pop(at(0.25))).toBeNull();
    expect(queue.dropped).toBe(1);
  });

  it("is bounded", () => {
    const queue = new AudioQueue();
    queue.addTrack(3);
    for (let count = 0; count < 600; count += 1) queue.push(3, frame(), at(0));
    expect(queue.dropped).toBe(88);
    queue.clear();
    expect([queue.dropped, queue.pop(at(0))]).toEqual([600, null]);
  });

  it("drops what waits of a track that has ended", () => {
    const queue = new AudioQueue();
    queue.addTrack(3);
    queue.push(3, frame(), at(0));
    queue.removeTrack(3);
    expect(queue.pop(at(0))).toBeNull();
  });
});
