import { afterEach, describe, expect, it, vi } from "vitest";
import type { TransferredTrack } from "../base/sources.ts";
import { picturesFrom } from "./picture-source.ts";

const never = () => 0;

/** A frame that counts how often it was closed. */
const frame = (timestamp: number) => ({
  timestamp,
  closed: 0,
  close() {
    this.closed += 1;
  },
});

class FakePort {
  onmessage: ((event: MessageEvent) => void) | null = null;
  readonly posted: string[] = [];
  closed = false;

  postMessage({ type }: { type: string }): void {
    this.posted.push(type);
  }

  close(): void {
    this.closed = true;
  }

  give(data: unknown): void {
    this.onmessage?.({ data } as MessageEvent);
  }
}

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe("pictures from a stream", () => {
  it("reads the next only when it is wanted, and keeps its timestamp", async () => {
    let made = 0;
    const frames = new ReadableStream(
      { pull: (controller) => void controller.enqueue(frame(++made * 1000)) },
      { highWaterMark: 0 },
    );
    const reader = picturesFrom({ kind: "stream", stream: frames as never }, never).getReader();
    expect(made).toBe(0);
    const { value } = await reader.read();
    expect([made, value?.timestampUs]).toEqual([1, 1000]);
    value?.close();
    expect(value?.picture).toMatchObject({ closed: 1 });
  });

  it("ends when the stream ends or breaks", async () => {
    for (const end of ["close", "error"] as const) {
      const frames = new ReadableStream({ start: (controller) => controller[end]() });
      const reader = picturesFrom({ kind: "stream", stream: frames as never }, never).getReader();
      expect((await reader.read()).done).toBe(true);
    }
  });
});

describe("pictures from a port", () => {
  const from = (port: FakePort, waitMs = never) =>
    picturesFrom({ kind: "port", port: port as unknown as MessagePort }, waitMs).getReader();

  it("asks for one picture at a time", async () => {
    const port = new FakePort();
    const reader = from(port);
    await Promise.resolve();
    expect(port.posted).toEqual([]);
    const read = reader.read();
    await vi.waitFor(() => expect(port.posted).toEqual(["pull"]));
    port.give({ picture: frame(5), timestampUs: 5 });
    expect((await read).value?.timestampUs).toBe(5);
    expect(port.posted).toEqual(["pull"]);
  });

  it("does not ask while no picture is due", async () => {
    vi.useFakeTimers();
    const port = new FakePort();
    let wait = 40;
    const read = from(port, () => wait).read();
    await vi.advanceTimersByTimeAsync(39);
    expect(port.posted).toEqual([]);
    wait = 0;
    await vi.advanceTimersByTimeAsync(1);
    expect(port.posted).toEqual(["pull"]);
    port.give(null);
    expect((await read).done).toBe(true);
  });

  it("stops the window, and closes a picture that comes too late", async () => {
    const port = new FakePort();
    const reader = from(port);
    void reader.read();
    await vi.waitFor(() => expect(port.posted).toEqual(["pull"]));
    await reader.cancel();
    const late = frame(1);
    port.give({ picture: late, timestampUs: 1 });
    expect([port.posted, port.closed, late.closed]).toEqual([["pull", "stop"], true, 1]);
  });
});

describe("pictures from a track", () => {
  it("are read by the worker's own processor, which lets the track go at the end", async () => {
    const track = { kind: "video", stop: vi.fn() } satisfies TransferredTrack;
    const Processor = class {
      readonly readable = new ReadableStream({ start: (controller) => controller.enqueue(frame(3)) });
    };
    vi.stubGlobal("MediaStreamTrackProcessor", Processor);
    const reader = picturesFrom({ kind: "track", track }, never).getReader();
    expect((await reader.read()).value?.timestampUs).toBe(3);
    expect(track.stop).not.toHaveBeenCalled();
    await reader.cancel();
    expect(track.stop).toHaveBeenCalled();
  });

  it("are refused where workers have no processor, and the camera is let go", () => {
    const track = { kind: "video", stop: vi.fn() } satisfies TransferredTrack;
    expect(() => picturesFrom({ kind: "track", track }, never)).toThrow("MediaStreamTrackProcessor");
    expect(track.stop).toHaveBeenCalled();
  });
});
