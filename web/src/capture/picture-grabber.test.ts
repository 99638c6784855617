import { beforeEach, describe, expect, it } from "vitest";
import type { Timers } from "../base/clock.ts";
import { type GrabberPort, PictureGrabber, type PictureView } from "./picture-grabber.ts";

/** Lets promises that are already resolved have their say. */
const settled = async () => {
  for (let i = 0; i < 5; i += 1) await Promise.resolve();
};

class FakePort implements GrabberPort {
  onmessage: ((event: MessageEvent) => void) | null = null;
  readonly posted: unknown[] = [];
  closed = false;

  postMessage(message: unknown): void {
    this.posted.push(message);
  }

  close(): void {
    this.closed = true;
  }

  async ask(type: "pull" | "stop"): Promise<void> {
    this.onmessage?.({ data: { type } } as MessageEvent);
    await settled();
  }
}

class FakeView implements PictureView {
  patienceMs = 250;
  now = 0;
  grabs = 0;
  closed = false;
  ready = true;
  #next: ((timestampUs: number) => void) | null = null;
  #ended: (() => void) | null = null;

  onNext(callback: (timestampUs: number) => void): void {
    this.#next = callback;
  }

  cancelNext(): void {
    this.#next = null;
  }

  async grab(timestampUs: number): Promise<VideoFrame> {
    if (!this.ready) throw new Error("no picture yet");
    this.grabs += 1;
    return { timestamp: timestampUs, close: () => undefined } as VideoFrame;
  }

  nowUs(): number {
    return this.now;
  }

  onEnded(callback: () => void): void {
    this.#ended = callback;
  }

  close(): void {
    this.closed = true;
  }

  async show(timestampUs: number): Promise<void> {
    this.#next?.(timestampUs);
    await settled();
  }

  end(): void {
    this.#ended?.();
  }
}

/** At most one timer is ever set. */
class FakeTimers implements Timers {
  callback: (() => void) | null = null;
  delay = 0;

  start(callback: () => void, delay: number): number {
    this.callback = callback;
    this.delay = delay;
    return 1;
  }

  cancel(): void {
    this.callback = null;
  }

  async fire(): Promise<void> {
    this.callback?.();
    await settled();
  }
}

let port: FakePort;
let view: FakeView;
let timers: FakeTimers;

beforeEach(() => {
  port = new FakePort();
  view = new FakeView();
  timers = new FakeTimers();
  new PictureGrabber(port, view, timers);
});

const times = () => port.posted.map((message) => (message as { timestampUs: number } | null)?.timestampUs ?? null);

describe("PictureGrabber", () => {
  it("grabs nothing that was not asked for", async () => {
    await view.show(1);
    await view.show(2);
    expect(view.grabs).toBe(0);
    await port.ask("pull");
    await view.show(3);
    await view.show(4);
    expect(times()).toEqual([3]);
    expect(view.grabs).toBe(1);
  });

  it("answers two wishes at once with one picture", async () => {
    await port.ask("pull");
    await port.ask("pull");
    await view.show(3);
    expect(times()).toEqual([3]);
  });

  it("gives the present picture again when no new one is told of", async () => {
    await port.ask("pull");
    expect(timers.delay).toBeCloseTo(0.25);
    view.now = 250_000;
    await timers.fire();
    expect(times()).toEqual([250_000]);
    await view.show(260_000);
    expect(times()).toEqual([250_000]);
  });

  it("waits while there is no picture yet", async () => {
    view.ready = false;
    await port.ask("pull");
    await timers.fire();
    expect(port.posted).toEqual([]);
    view.ready = true;
    await view.show(9);
    expect(times()).toEqual([9]);
    expect(timers.callback).toBeNull();
  });

  it("says when the track has ended, and lets everything go", async () => {
    await port.ask("pull");
    view.end();
    expect(times()).toEqual([null]);
    expect([view.closed, port.closed, timers.callback]).toEqual([true, true, null]);
  });

  it("stops when the worker has enough, even in the middle of a grab", async () => {
    await port.ask("pull");
    const shown = view.show(1);
    await port.ask("stop");
    await shown;
    expect(view.closed).toBe(true);
    view.end();
    expect(port.posted.length).toBeLessThanOrEqual(1);
  });
});
