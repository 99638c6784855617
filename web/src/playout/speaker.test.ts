import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { canChooseSpeaker, Speaker } from "./speaker.ts";

class FakeNode {
  connected: unknown[] = [];

  connect(to: unknown): void {
    this.connected.push(to);
  }

  disconnect(): void {
    this.connected = [];
  }
}

class FakeElement {
  static made: FakeElement[] = [];
  srcObject: unknown = null;
  static allowed = true;
  playing = false;
  sinkId = "";

  constructor() {
    FakeElement.made.push(this);
  }

  async setSinkId(deviceId: string): Promise<void> {
    if (deviceId === "gone") throw new DOMException("", "NotFoundError");
    this.sinkId = deviceId;
  }

  async play(): Promise<void> {
    if (!FakeElement.allowed) throw new DOMException("", "NotAllowedError");
    this.playing = true;
  }

  pause(): void {
    this.playing = false;
  }
}

function fakeContext(more: object = {}) {
  const input = new FakeNode();
  const carrier = { stream: {} };
  const context = { destination: {}, createGain: () => input, createMediaStreamDestination: () => carrier, ...more };
  return { context: context as unknown as AudioContext, input, carrier, destination: context.destination };
}

beforeEach(() => {
  FakeElement.made = [];
  FakeElement.allowed = true;
  vi.stubGlobal("Audio", FakeElement);
  vi.stubGlobal("HTMLMediaElement", FakeElement);
});
afterEach(() => vi.unstubAllGlobals());

describe("Speaker", () => {
  it("plays on the system's choice at first", () => {
    const { context, input, destination } = fakeContext();
    new Speaker(context);
    expect(input.connected).toEqual([destination]);
  });

  it("lets the context choose where it can", async () => {
    const setSinkId = vi.fn(async () => undefined);
    const { context, input, destination } = fakeContext({ setSinkId });
    const speaker = new Speaker(context);
    await speaker.use("headset");
    expect(speaker.canChoose).toBe(true);
    expect(setSinkId).toHaveBeenCalledWith("headset");
    expect(input.connected).toEqual([destination]);
    expect(FakeElement.made).toEqual([]);
  });

  it("plays through an audio element elsewhere, and without it again on the system's choice", async () => {
    const { context, input, carrier, destination } = fakeContext();
    const speaker = new Speaker(context);
    await speaker.use("headset");
    await speaker.use("monitor");
    const [element] = FakeElement.made;
    expect(FakeElement.made.length).toBe(1);
    expect(element).toMatchObject({ sinkId: "monitor", playing: true, srcObject: carrier.stream });
    expect(input.connected).toEqual([carrier]);
    await speaker.use("");
    expect(element?.playing).toBe(false);
    expect(input.connected).toEqual([destination]);
  });

  it("plays once the user has touched the page, if a loudspeaker was chosen before", async () => {
    FakeElement.allowed = false;
    const speaker = new Speaker(fakeContext().context);
    await speaker.use("headset");
    expect(FakeElement.made[0]?.playing).toBe(false);
    FakeElement.allowed = true;
    speaker.resume();
    expect(FakeElement.made[0]).toMatchObject({ sinkId: "headset", playing: true });
  });

  it("plays on the last of two that are chosen at the same time", async () => {
    const speaker = new Speaker(fakeContext().context);
    await Promise.all([speaker.use("headset"), speaker.use("monitor")]);
    expect(FakeElement.made.map(({ sinkId, playing }) => [sinkId, playing])).toEqual([["monitor", true]]);
  });

  it("tells of choices where elements have them and contexts do not, as in Firefox", () => {
    vi.stubGlobal("AudioContext", class {});
    expect(canChooseSpeaker()).toBe(true);
    vi.stubGlobal("HTMLMediaElement", class {});
    expect(canChooseSpeaker()).toBe(false);
  });

  it("stays where it was when there is no such loudspeaker", async () => {
    const { context, input, destination } = fakeContext();
    await expect(new Speaker(context).use("gone")).rejects.toThrow();
    expect(input.connected).toEqual([destination]);
  });

  it("says when nothing can be chosen, and goes on with the system's choice", async () => {
    vi.stubGlobal("HTMLMediaElement", class {});
    const { context, input, destination } = fakeContext();
    const speaker = new Speaker(context);
    expect(speaker.canChoose).toBe(false);
    await speaker.use("headset");
    expect(input.connected).toEqual([destination]);
  });
});
