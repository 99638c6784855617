import { describe, expect, it, vi } from "vitest";
import { SoundCapture, type SoundRealm } from "./sound-capture.ts";

/** As much of an audio context as capturing touches; takes microphones of one rate only, as Firefox does, if told so. */
class FakeContext {
  state: AudioContextState = "suspended";
  onstatechange: (() => void) | null = null;
  closed = false;
  readonly destination = {};
  readonly audioWorklet = { addModule: () => Promise.resolve() };
  readonly source = { connect: vi.fn(), disconnect: vi.fn() };
  readonly options: AudioContextOptions;
  readonly #world: World;

  constructor(options: AudioContextOptions, world: World) {
    this.options = options;
    this.#world = world;
  }

  createMediaStreamSource(): object {
    if (this.#world.microphoneRate !== null && this.options.sampleRate !== undefined) {
      if (this.options.sampleRate !== this.#world.microphoneRate) throw new DOMException("", "NotSupportedError");
    }
    return this.source;
  }

  async resume(): Promise<void> {
    if (!this.#world.gesture) throw new DOMException("", "NotAllowedError");
    this.#become("running");
  }

  async suspend(): Promise<void> {
    this.#become("suspended");
  }

  async close(): Promise<void> {
    this.closed = true;
  }

  #become(state: AudioContextState): void {
    this.state = state;
    this.onstatechange?.();
  }
}

class World {
  gesture = true;
  microphoneRate: number | null = null;
  readonly contexts: FakeContext[] = [];
  readonly nodes: Array<{ port: { onmessage: (() => void) | null; postMessage: ReturnType<typeof vi.fn> } }> = [];
  readonly window = new EventTarget();

  readonly realm: SoundRealm = {
    makeContext: (options) => {
      const context = new FakeContext(options, this);
      this.contexts.push(context);
      return context as unknown as AudioContext;
    },
    makeNode: () => {
      const node = {
        port: { onmessage: null, postMessage: vi.fn() },
        connect: vi.fn(),
        disconnect: vi.fn(),
      };
      this.nodes.push(node);
      return node as unknown as AudioWorkletNode;
    },
    makeStream: () => ({}) as MediaStream,
    gestures: this.window,
  };
}

const track = {} as MediaStreamTrack;
const port = () => ({}) as MessagePort;

describe("SoundCapture", () => {
  it("leads a track to the worklet and gives it the reader's port", async () => {
    const world = new World();
    const reader = port();
    await new SoundCapture(world.realm).connect(track, reader);
    expect(world.contexts[0]?.state).toBe("running");
    expect(world.contexts[0]?.options.sampleRate).toBe(48_000);
    expect(world.contexts[0]?.source.connect).toHaveBeenCalledWith(world.nodes[0]);
    expect(world.nodes[0]?.port.postMessage).toHaveBeenCalledWith({ reader }, [reader]);
  });

  it("has one context for all tracks, which sleeps when the last has stopped and wakes for the next", async () => {
    const world = new World();
    const capture = new SoundCapture(world.realm);
    await capture.connect(track, port());
    await capture.connect(track, port());
    const [context] = world.contexts;
    world.nodes[0]?.port.onmessage?.();
    expect(context?.state).toBe("running");
    world.nodes[1]?.port.onmessage?.();
    expect(context?.source.disconnect).toHaveBeenCalled();
    expect(context?.state).toBe("suspended");
    await capture.connect(track, port());
    expect(context?.state).toBe("running");
    expect(world.contexts.length).toBe(1);
  });

  it("takes the microphone's own rate where the browser converts none", async () => {
    const world = new World();
    world.microphoneRate = 44_100;
    await new SoundCapture(world.realm).connect(track, port());
    expect(world.contexts.map(({ options }) => options.sampleRate)).toEqual([48_000, undefined]);
    expect(world.contexts[0]?.closed).toBe(true);
    expect(world.nodes.length).toBe(1);
  });

  it("starts at the next click where the browser waits for one", async () => {
    const world = new World();
    world.gesture = false;
    await new SoundCapture(world.realm).connect(track, port());
    expect(world.contexts[0]?.state).toBe("suspended");
    world.gesture = true;
    world.window.dispatchEvent(new Event("pointerdown"));
    expect(world.contexts[0]?.state).toBe("running");
  });
});
