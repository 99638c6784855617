import { describe, expect, it } from "vitest";
import { FrameReader, FrameWriter, type PortLike } from "./frame-port.ts";
import type { EncodedFrame } from "./media.ts";
import { microseconds } from "./time.ts";

/** Two ends of a channel that delivers when told to. */
class FakePort implements PortLike {
  onmessage: ((event: MessageEvent) => void) | null = null;
  closed = false;
  peer: FakePort | null = null;
  readonly inbox: unknown[] = [];

  postMessage(message: unknown): void {
    this.peer?.inbox.push(message);
  }

  close(): void {
    this.closed = true;
  }

  deliver(): void {
    for (const data of this.inbox.splice(0)) this.onmessage?.({ data } as MessageEvent);
  }
}

function makeChannel(): [FakePort, FakePort] {
  const [near, far] = [new FakePort(), new FakePort()];
  near.peer = far;
  far.peer = near;
  return [near, far];
}

const frame = (options: Partial<EncodedFrame> = {}): EncodedFrame => ({
  data: Uint8Array.of(1),
  rtpTimestamp: 0,
  captureTimeUs: microseconds(0),
  keyframe: false,
  discardable: false,
  temporalLayer: 0,
  audioLevel: null,
  ...options,
});

describe("frame port", () => {
  it("carries frames one way and wishes the other", () => {
    const [near, far] = makeChannel();
    const wishes: string[] = [];
    const writer = new FrameWriter(near, {
      onKeyframeNeeded: () => wishes.push("keyframe"),
      onTargetBitrate: (bitrate) => wishes.push(`${bitrate}`),
      onReadyChanged: (ready) => wishes.push(`ready ${ready}`),
    });
    const frames: EncodedFrame[] = [];
    let ended = false;
    const reader = new FrameReader(far, { onFrame: (one) => frames.push(one), onEnded: () => (ended = true) });
    expect(writer.write(frame({ rtpTimestamp: 7 }), true)).toBe(true);
    far.deliver();
    reader.requestKeyframe();
    reader.setTargetBitrate(1000);
    reader.setReady(false);
    near.deliver();
    expect(frames.map((one) => one.rtpTimestamp)).toEqual([7]);
    expect(wishes).toEqual(["keyframe", "1000", "ready false"]);
    expect(writer.ready).toBe(false);
    writer.end();
    far.deliver();
    expect(ended).toBe(true);
    expect(near.closed).toBe(true);
  });

  it("drops what a slow reader cannot take, and recovers with a keyframe once it reads again", () => {
    const [near, far] = makeChannel();
    let keyframesAsked = 0;
    const writer = new FrameWriter(near, { onKeyframeNeeded: () => (keyframesAsked += 1) }, 2);
    new FrameReader(far, { onFrame: () => {} });
    expect([1, 2, 3].map(() => writer.write(frame(), true))).toEqual([true, true, false]);
    expect(writer.ready).toBe(false);
    expect(writer.write(frame({ keyframe: true }), true)).toBe(false);
    expect(keyframesAsked).toBe(0);
    far.deliver();
    near.deliver();
    expect(keyframesAsked).toBe(1);
    expect(writer.ready).toBe(true);
    expect(writer.write(frame(), true)).toBe(false);
    expect(writer.write(frame({ keyframe: true }), true)).toBe(true);
    expect(writer.write(frame(), true)).toBe(true);
  });

  it("drops single packets of audio and single discardable frames", () => {
    const [near, far] = makeChannel();
    const writer = new FrameWriter(near, {}, 1);
    new FrameReader(far, { onFrame: () => {} });
    writer.write(frame(), false);
    expect(writer.write(frame(), false)).toBe(false);
    expect(writer.write(frame({ discardable: true }), true)).toBe(false);
    far.deliver();
    near.deliver();
    expect(writer.write(frame(), true)).toBe(true);
  });
});
