import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ProbeResult } from "../native/probe.ts";
import type { AudioOutput } from "../playout/audio-output.ts";
import { AutoLink, type AutoLinkParts } from "./auto-link.ts";
import type { LinkEvents, LinkOptions, LinkPublication, LinkTrack, RoomLink } from "./link.ts";
import { type VerdictStorage, Verdicts } from "./verdicts.ts";
import type { NativeRung, Policy, RoomMode, WayReading } from "./vocabulary.ts";

const OPTIONS: LinkOptions = {
  url: "https://a.example/",
  room: "standup",
  name: "Alice",
  token: null,
  codecs: "auto",
  handover: null,
  lanes: null,
  maxLanes: 16,
  lane: null,
  iceServers: null,
  iceTransportPolicy: null,
};
const TURN: RTCIceServer = { urls: ["turns:a.example:443?transport=tcp"], username: "u", credential: "c" };
const GOOD: ProbeResult = { ok: true, elapsedMs: 100, local: null, remote: null, roundTripMs: 5 };
const BAD: ProbeResult = { ok: false, elapsedMs: 100, failure: "noConnection", detail: "" };

/** A link that is driven by `events`. */
class FakeLink {
  readonly canPause = true;
  readonly mode: RoomMode;
  readonly options: LinkOptions;
  readonly events: LinkEvents;
  readonly published: string[] = [];
  readonly sent: string[] = [];
  participantId: string | null = null;
  heardBytes: number | null = null;
  readingsNow: unknown[] = [];
  left = false;

  constructor(mode: RoomMode, options: LinkOptions, events: LinkEvents) {
    this.mode = mode;
    this.options = options;
    this.events = events;
  }

  publish(kind: string, source: string): LinkPublication {
    const id = `${this.mode}-${this.published.length}`;
    this.published.push(`${kind} ${source}`);
    return { id, send: () => void this.sent.push(id), mute: () => undefined, end: () => undefined };
  }

  up(): void {
    this.participantId = "p-1";
    this.events.onState("connected", "");
  }

  setAudible(): void {}
  resumeSound(): void {}
  outputClock(): void {}
  pause(): void {}
  path = () => null;
  readings = () => this.readingsNow as ReturnType<RoomLink["readings"]>;
  stats = () => Promise.resolve(new Map());

  leave(): void {
    this.left = true;
    this.events.onState("ended", "");
    this.events.onEnded("left", "");
  }
}

let links: FakeLink[];
let told: string[];
let ways: WayReading[];
let probes: Map<NativeRung, () => Promise<ProbeResult>>;
let stored: Map<string, string>;
let config: { nativeMode: boolean | null; policy: string | null; network: string };
let servers: RTCIceServer[];
let networkChanged: () => void;

function begin(policy: Policy = "auto"): AutoLink {
  const events: LinkEvents = {
    onState: (state) => told.push(state),
    onJoined: (id) => told.push(`joined ${id}`),
    onLeft: (id) => told.push(`left ${id}`),
    onTrackAdded: (_, { id }) => told.push(`added ${id}`),
    onTrackRemoved: (id) => told.push(`removed ${id}`),
    onTrackChanged: () => undefined,
    onLevels: () => undefined,
    onCannotEncode: (id) => told.push(`cannot encode ${id}`),
    onRejected: () => undefined,
    onWay: (way) => ways.push(way),
    onEnded: (end) => told.push(`ended ${end}`),
  };
  const storage: VerdictStorage = {
    getItem: (key) => stored.get(key) ?? null,
    setItem: (key, value) => void stored.set(key, value),
  };
  const parts: AutoLinkParts = {
    link: (mode, options, _output, linkEvents) => {
      const link = new FakeLink(mode, options, linkEvents);
      links.push(link);
      return link as unknown as RoomLink;
    },
    ladder: () => ({
      config: async () => config,
      ice: async () => ({ iceServers: servers, iceTransportPolicy: "all" }),
      probe: ({ iceTransportPolicy, signal }) => {
        const result = probes.get(iceTransportPolicy === "relay" ? "turn-tls" : "direct");
        if (result !== undefined) return result();
        return new Promise((resolve) => signal?.addEventListener("abort", () => resolve(BAD)));
      },
      verdicts: new Verdicts(OPTIONS.url, storage),
      now: () => Date.now(),
      networkChanges: (changed) => {
        networkChanged = changed;
      },
    }),
    now: () => Date.now(),
  };
  return new AutoLink(OPTIONS, policy, { context: null } as unknown as AudioOutput, events, parts);
}

const answered = (ms: number, result: ProbeResult) => () =>
  new Promise<ProbeResult>((resolve) => setTimeout(() => resolve(result), ms));
const run = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const carried = () => ways.at(-1);
const link = (index: number): FakeLink => links[index] ?? expect.fail(`there is no link ${index}`);
const camera: LinkTrack = { id: "1", codec: "h264", source: "camera", muted: false, surface: null };

beforeEach(() => {
  vi.useFakeTimers();
  links = [];
  told = [];
  ways = [];
  probes = new Map();
  stored = new Map();
  config = { nativeMode: true, policy: "auto", network: "0badcafe" };
  servers = [];
});
afterEach(() => vi.useRealTimers());

describe("the race", () => {
  it("goes native, and never touches the tunnel, where an echo comes back quickly", async () => {
    probes.set("direct", answered(100, GOOD));
    begin();
    await run(110);
    expect(links.map(({ mode }) => mode)).toEqual(["native"]);
    link(0).up();
    await run(2_000);
    expect(links).toHaveLength(1);
    expect(told).toEqual(["connected"]);
    expect(carried()).toMatchObject({ rung: "direct", why: "first" });
  });

  it("goes by the tunnel 150 ms later where nothing comes back, and says why", async () => {
    probes.set("direct", answered(400, BAD));
    begin();
    await run(149);
    expect(links).toEqual([]);
    await run(1);
    link(0).up();
    await run(400);
    expect(links.map(({ mode }) => mode)).toEqual(["tunnel"]);
    expect(carried()).toMatchObject({ rung: "tunnel", why: "first" });
    const [direct, udp] = carried()?.rungs ?? [];
    expect(direct).toMatchObject({ rung: "direct", state: "fails", failure: "noConnection" });
    expect(udp).toMatchObject({ rung: "turn-udp", state: "absent" });
  });

  it("takes a relay where the straight way is closed", async () => {
    servers = [TURN];
    probes.set("direct", answered(50, BAD));
    probes.set("turn-tls", answered(30, GOOD));
    begin();
    await run(140);
    expect(link(0).options).toMatchObject({ iceServers: [TURN], iceTransportPolicy: "relay" });
  });

  it("lets the tunnel wait for nothing when the echo was a promise that the room does not keep", async () => {
    probes.set("direct", answered(50, GOOD));
    begin();
    await run(60);
    await run(800);
    expect(links.map(({ mode }) => mode)).toEqual(["native", "tunnel"]);
    link(1).up();
    expect(told).toEqual(["connected"]);
    await run(9_000);
    expect(link(0).left).toBe(false);
    await run(1_000);
    expect(link(0).left).toBe(true);
    expect(carried()).toMatchObject({ rung: "tunnel", why: "first" });
    await run(6_000);
    expect(links.map(({ mode }) => mode)).toEqual(["native", "tunnel", "native"]);
  });

  it("does not forget a better way that is about to come up when the tunnel is in first", async () => {
    probes.set("direct", answered(200, GOOD));
    const auto = begin();
    await run(210);
    expect(links.map(({ mode }) => mode)).toEqual(["tunnel", "native"]);
    link(0).up();
    await run(50);
    expect(auto.mode).toBe("tunnel");
    link(1).up();
    await run(5_000);
    expect(auto.mode).toBe("native");
    expect(links.map(({ left }) => left)).toEqual([true, false]);
  });

  it("drops the tunnel on its way when the better one is quicker", async () => {
    probes.set("direct", answered(200, GOOD));
    begin();
    await run(210);
    link(1).up();
    expect(links.map(({ left }) => left)).toEqual([true, false]);
    expect(carried()).toMatchObject({ rung: "direct", why: "first" });
  });

  it("remembers what won, and begins with it on that network", async () => {
    probes.set("direct", answered(50, GOOD));
    begin();
    await run(60);
    link(0).up();
    links = [];
    begin();
    await run(0);
    expect(links.map(({ mode }) => mode)).toEqual(["native"]);
    link(0).up();
    expect(carried()).toMatchObject({ rung: "direct", why: "remembered" });

    config = { ...config, network: "other" };
    links = [];
    begin();
    await run(40);
    expect(links).toEqual([]);
  });

  it("does not look for native WebRTC where the server has none", async () => {
    config = { ...config, nativeMode: false };
    begin();
    await run(0);
    expect(links.map(({ mode }) => mode)).toEqual(["tunnel"]);
    await run(600_000);
    expect(links).toHaveLength(1);
  });

  it("does what the operator wants where the page leaves it to them", async () => {
    config = { ...config, policy: "tunnel" };
    begin();
    await run(0);
    expect(links.map(({ mode }) => mode)).toEqual(["tunnel"]);
    link(0).up();
    expect(carried()).toMatchObject({ rung: "tunnel", why: "forced" });
  });

  it("says so where a forced rung does not exist", async () => {
    begin("turn-tls");
    await run(0);
    expect(told).toEqual(["ended", "ended sfuFailed"]);
  });
});

describe("an upgrade", () => {
  let auto: AutoLink;

  beforeEach(async () => {
    probes.set("direct", answered(100, BAD));
    auto = begin();
    auto.publish("video", "camera", false, {} as never).send({ readyState: "live" } as MediaStreamTrack, {} as never);
    await run(300);
    link(0).up();
    link(0).events.onJoined("p-2", "Bob");
    link(0).events.onTrackAdded("p-2", camera);
    link(0).events.onTrackChanged("1", { live: true });
    told.length = 0;
    probes.set("direct", answered(100, GOOD));
    networkChanged();
    await run(150);
  });

  it("enters beside the tunnel as the same participant, with everything that we publish", () => {
    expect(links.map(({ mode }) => mode)).toEqual(["tunnel", "native"]);
    expect(link(1).options.handover).toMatch(/^[0-9a-f]{32}$/);
    expect(link(1).options.handover).toBe(link(0).options.handover);
    expect(link(1).published).toEqual(["video camera"]);
    expect(link(1).sent).toEqual(["native-0"]);
    expect(auto.mode).toBe("tunnel");
  });

  it("leaves the tunnel when everything comes and goes by the new way, and nobody comes or leaves", async () => {
    link(1).up();
    expect(auto.mode).toBe("native");
    expect(carried()).toMatchObject({ rung: "direct", why: "better" });
    link(1).events.onJoined("p-2", "Bob");
    link(1).events.onTrackAdded("p-2", { ...camera, id: "p-2/0" });
    await run(2_000);
    expect(link(0).left).toBe(false);
    link(1).events.onTrackChanged("p-2/0", { live: true });
    link(1).readingsNow = [{ direction: "sent", trackId: "native-0", bytes: 1000 }];
    expect(told).toEqual(["added 1:p-2/0", "removed 1"]);
    await run(500);
    expect(link(0).left).toBe(true);
    expect(told).toEqual(["added 1:p-2/0", "removed 1"]);
    link(1).events.onCannotEncode("native-0", false);
    expect(told.at(-1)).toBe("cannot encode 1");
  });

  it("gives up a way in that does not come up, and looks again later", async () => {
    await run(10_500);
    expect(link(1).left).toBe(true);
    expect(told).toEqual([]);
    await run(6_000);
    expect(links.map(({ mode }) => mode)).toEqual(["tunnel", "native", "native"]);
  });
});

describe("native WebRTC that gives out", () => {
  let auto: AutoLink;

  beforeEach(async () => {
    probes.set("direct", answered(50, GOOD));
    auto = begin();
    await run(60);
    link(0).up();
    link(0).events.onJoined("p-2", "Bob");
    told.length = 0;
  });

  it("is replaced by the tunnel after a second, and nobody comes or leaves", async () => {
    link(0).events.onState("reconnecting", "");
    await run(900);
    expect(links).toHaveLength(1);
    await run(200);
    expect(links.map(({ mode }) => mode)).toEqual(["native", "tunnel"]);
    link(0).events.onLeft("p-2");
    link(1).up();
    link(1).events.onJoined("p-2", "Bob");
    expect(auto.mode).toBe("tunnel");
    expect(carried()).toMatchObject({ rung: "tunnel", why: "lost" });
    await run(4_500);
    expect(link(0).left).toBe(true);
    expect(told).toEqual(["reconnecting", "connected"]);
  });

  it("may come back within that second", async () => {
    link(0).events.onState("reconnecting", "");
    await run(500);
    link(0).up();
    await run(5_000);
    expect(links).toHaveLength(1);
  });

  it("is noticed by its silence before the browser says anything", async () => {
    for (let bytes = 0; bytes < 20; bytes += 1) {
      link(0).heardBytes = bytes * 100;
      await run(250);
    }
    expect(links).toHaveLength(1);
    await run(2_300);
    expect(links.map(({ mode }) => mode)).toEqual(["native", "tunnel"]);
  });

  it("is tried again", async () => {
    link(0).events.onState("reconnecting", "");
    await run(1_100);
    link(1).up();
    await run(6_000);
    expect(links.map(({ mode }) => mode)).toEqual(["native", "tunnel", "native"]);
    link(2).up();
    expect(auto.mode).toBe("native");
  });

  it("ends the call where nothing else is allowed", async () => {
    links = [];
    told.length = 0;
    begin("native");
    await run(0);
    link(0).up();
    link(0).events.onState("reconnecting", "");
    await run(20_000);
    expect(links).toHaveLength(1);
    link(0).events.onEnded("sfuFailed", "");
    expect(told).toEqual(["connected", "reconnecting", "ended", "ended sfuFailed"]);
  });
});

describe("the end", () => {
  it("comes when the server does not let us in, whatever else is being tried", async () => {
    probes.set("direct", answered(50, GOOD));
    begin();
    await run(60);
    link(0).events.onEnded("tokenRefused", "");
    expect(told).toEqual(["ended", "ended tokenRefused"]);
    await run(60_000);
    expect(links).toHaveLength(1);
  });

  it("comes at once before anything has begun", async () => {
    begin().leave();
    expect(told).toEqual(["ended", "ended left"]);
    await run(60_000);
    expect(links).toEqual([]);
  });

  it("is told once when two ways are up", async () => {
    probes.set("direct", answered(400, GOOD));
    const auto = begin();
    await run(200);
    link(0).up();
    await run(300);
    link(1).up();
    auto.leave();
    expect(links.every(({ left }) => left)).toBe(true);
    expect(told.filter((line) => line.startsWith("ended "))).toEqual(["ended left"]);
  });
});
