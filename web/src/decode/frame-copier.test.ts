import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { FrameCopier } from "./frame-copier.ts";
import type { Image } from "./painter.ts";

/** A frame that counts who is still open. */
class FakeFrame {
  static open = 0;
  readonly timestamp: number;
  readonly of: unknown;
  readonly init: Partial<VideoFrameBufferInit>;

  constructor(of: unknown, init: { timestamp: number }) {
    this.of = of;
    this.timestamp = init.timestamp;
    this.init = init;
    FakeFrame.open += 1;
  }

  close(): void {
    FakeFrame.open -= 1;
  }
}

beforeEach(() => {
  FakeFrame.open = 0;
  vi.stubGlobal("VideoFrame", FakeFrame);
});

afterEach(() => vi.unstubAllGlobals());

/** A generator that takes what it is given when told to. */
function generator() {
  const taken: FakeFrame[] = [];
  let release = () => {};
  let ended = false;
  const writable = new WritableStream<VideoFrame>({
    write(frame) {
      taken.push(frame as unknown as FakeFrame);
      return new Promise<void>((resolve) => {
        release = () => {
          (frame as unknown as FakeFrame).close();
          resolve();
        };
      });
    },
    close() {
      ended = true;
    },
  });
  return { writable, taken, release: () => release(), ended: () => ended };
}

const picture = (name: string) => ({ displayWidth: 2, displayHeight: 2, name }) as unknown as Image;

it("copies pictures, and leaves out those for which there is no room", async () => {
  const { writable, taken, release } = generator();
  const copier = new FrameCopier(writable);
  copier.write(picture("a"), 1);
  copier.write(picture("b"), 2);
  copier.write(picture("left out, too"), 3);
  await vi.waitFor(() => expect(taken).toHaveLength(1));
  release();
  await vi.waitFor(() => {
    copier.write(picture("c"), 4);
    expect(taken).toHaveLength(2);
  });
  expect(taken.map(({ timestamp }) => timestamp)).toEqual([1, 4]);
});

it("gives pictures that are no frames as frames of the same planes and colours", async () => {
  const { writable, taken } = generator();
  const planes = new Uint8Array(6);
  const image = { width: 2, height: 2, planes: () => planes, rgba: () => new Uint8ClampedArray(16) };
  new FrameCopier(writable).write(image, 7);
  await vi.waitFor(() => expect(taken).toHaveLength(1));
  const [{ of, timestamp, init } = {} as FakeFrame] = taken;
  expect([of, timestamp, init.format, init.codedWidth, init.codedHeight]).toEqual([planes, 7, "I420", 2, 2]);
  expect(init.colorSpace).toMatchObject({ matrix: "bt709", fullRange: false });
});

it("closes the stream at the end, and writes nothing more", async () => {
  const { writable, taken, ended } = generator();
  const copier = new FrameCopier(writable);
  copier.close();
  copier.write(picture("a"), 1);
  await vi.waitFor(() => expect(ended()).toBe(true));
  expect([taken.length, FakeFrame.open]).toEqual([0, 0]);
});

it("lets frames go when the far end has broken", async () => {
  const writable = new WritableStream<VideoFrame>({
    write() {
      throw new Error("the track was stopped");
    },
  });
  const copier = new FrameCopier(writable);
  copier.write(picture("a"), 1);
  await vi.waitFor(() => expect(FakeFrame.open).toBe(0));
  copier.write(picture("b"), 2);
  expect(FakeFrame.open).toBe(0);
});
