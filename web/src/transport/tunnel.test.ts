import { describe, expect, it } from "vitest";
import type { TunnelCommand, TunnelReport } from "./messages.ts";
import { type PageLike, Tunnel, type WorkerLike } from "./tunnel.ts";

class FakeWorker implements WorkerLike {
  onmessage: ((event: MessageEvent) => void) | null = null;
  onerror: ((event: ErrorEvent) => void) | null = null;
  terminated = false;
  readonly commands: TunnelCommand[] = [];

  postMessage(command: unknown): void {
    this.commands.push(command as TunnelCommand);
  }

  terminate(): void {
    this.terminated = true;
  }

  report(data: TunnelReport): void {
    this.onmessage?.({ data } as MessageEvent);
  }
}

class FakePage implements PageLike {
  online = true;
  visible = true;
  changed: (() => void) | null = null;
  leaving: (() => void) | null = null;
  readonly beacons: string[] = [];

  beacon(url: string): void {
    this.beacons.push(url);
  }

  watch(changed: () => void, leaving: () => void): () => void {
    this.changed = changed;
    this.leaving = leaving;
    return () => {
      this.changed = null;
    };
  }
}

function makeTunnel() {
  const worker = new FakeWorker();
  const page = new FakePage();
  const told: unknown[][] = [];
  const events = new Proxy(
    {},
    {
      get:
        (_, name) =>
        (...rest: unknown[]) =>
          told.push([name, ...rest]),
    },
  );
  const tunnel = new Tunnel({ url: "https://example.test/", room: "r", name: "n" }, events, worker, page);
  return { worker, page, told, tunnel };
}

const LIMITS = { maxMessageBytes: 1, maxFrameBytes: 1, maxTracks: 1, maxBytesPerSecond: 1, maxMessagesPerSecond: 1 };
const REPORTS: readonly [TunnelReport, unknown[]][] = [
  [{ type: "stateChanged", state: "connected", reason: "" }, ["stateChanged", "connected", ""]],
  [{ type: "established", participantId: "p", resumed: false, limits: LIMITS }, ["established", "p", false, LIMITS]],
  [{ type: "participantLeft", participantId: "p" }, ["participantLeft", "p"]],
  [{ type: "trackRemoved", trackId: 3 }, ["trackRemoved", 3]],
  [{ type: "trackMuted", trackId: 3, muted: true }, ["trackMuted", 3, true]],
  [{ type: "publishRejected", trackId: 3, reason: "no" }, ["publishRejected", 3, "no"]],
  [{ type: "roomStateChanged", state: "connected", reason: "" }, ["roomStateChanged", "connected", ""]],
  [{ type: "keyframeNeeded", trackId: 3 }, ["keyframeNeeded", 3]],
  [{ type: "targetBitrate", trackId: 3, bitrateBps: 5 }, ["targetBitrate", 3, 5]],
];

describe("Tunnel", () => {
  it("connects at once and passes wishes on", () => {
    const { worker, tunnel } = makeTunnel();
    tunnel.publish({ trackId: 1, codec: "opus", source: "microphone", muted: false }).close();
    tunnel.mute(1, true);
    tunnel.unpublish(1);
    tunnel.pause(2, true);
    tunnel.requestKeyframe(2);
    tunnel.limitBitrate(2, 1000);
    tunnel.close();
    expect(worker.commands.map(({ type }) => type)).toEqual([
      "connect",
      "publish",
      "mute",
      "unpublish",
      "pause",
      "requestKeyframe",
      "limitBitrate",
      "close",
    ]);
  });

  it.each(REPORTS)("tells %o", (report, expected) => {
    const { worker, told } = makeTunnel();
    worker.report(report);
    expect(told).toEqual([expected]);
  });

  it("tells the worker what becomes of the page", () => {
    const { worker, page } = makeTunnel();
    page.online = false;
    page.changed?.();
    page.visible = false;
    page.changed?.();
    page.changed?.();
    page.leaving?.();
    expect(worker.commands.slice(1)).toEqual([
      { type: "online", online: false },
      { type: "visible", visible: false },
      { type: "close" },
    ]);
  });

  it("says goodbye by itself where the worker might not live long enough", () => {
    const { worker, page, told } = makeTunnel();
    page.leaving?.();
    expect(page.beacons).toEqual([]);
    worker.report({ type: "farewell", url: "https://example.test/end/4000" });
    page.leaving?.();
    expect(page.beacons).toEqual(["https://example.test/end/4000"]);
    expect(worker.commands.at(-1)).toEqual({ type: "close" });
    expect(told).toEqual([]);
  });

  it("ends once", () => {
    const { worker, page, told, tunnel } = makeTunnel();
    worker.report({ type: "closed", code: 4401, reason: "unauthorized", explanation: "No." });
    tunnel.close();
    expect(tunnel.state).toBe("closed");
    expect(told).toEqual([
      ["stateChanged", "closed", "No."],
      ["closed", 4401, "unauthorized", "No."],
    ]);
    expect(page.changed).toBeNull();
    expect(worker.onmessage).toBeNull();
    expect(worker.commands).toHaveLength(1);
  });

  it("survives the crash of its worker", () => {
    const { worker, told } = makeTunnel();
    worker.onerror?.({} as ErrorEvent);
    expect(told.at(-1)?.slice(0, 3)).toEqual(["closed", 4500, "internal_error"]);
    expect(worker.terminated).toBe(true);
  });
});
