/** Which kind of lane is tried when, by the ladder alone and by a keeper whose network a test is. */

import { describe, expect, it } from "vitest";
import { type Seconds, seconds } from "../base/time.ts";
import { Session } from "../session/session.ts";
import { BatchReader, lengthOf } from "../wire/batch.ts";
import { decode } from "../wire/codec.ts";
import { type Hello, PROTOCOL_VERSION } from "../wire/messages.ts";
import { LaneKeeper } from "./lane-keeper.ts";
import { KindLadder, type LaneKind } from "./lane-kinds.ts";
import { Pump } from "./pump.ts";
import { Reconnection } from "./reconnection.ts";
import { FakeRequests, settled } from "./testing/fake-requests.ts";
import { type FakePort, FakeWorld, LIMITS } from "./testing/fake-world.ts";

const SESSION_ID = "0123456789abcdef0123456789abcdef";
const at = (time: number): Seconds => seconds(time);

describe("KindLadder", () => {
  it("goes from kind to kind", () => {
    const ladder = new KindLadder(null, null);
    expect(ladder.first(at(0))).toEqual(["websocket"]);
    expect(ladder.next(new Set(["websocket"]), at(0))).toBe("http-stream");
    expect(ladder.next(new Set(["websocket", "http-stream"]), at(0))).toBe("http-poll");
    expect(ladder.next(new Set(["websocket", "http-stream", "http-poll"]), at(0))).toBeNull();
  });

  it("begins with what worked the last time, too", () => {
    expect(new KindLadder(null, "http-poll").first(at(0))).toEqual(["websocket", "http-poll"]);
    const ladder = new KindLadder(null, null);
    ladder.carries("http-stream", at(0));
    ladder.lost("http-stream", 100, at(100));
    expect(ladder.first(at(100))).toEqual(["websocket", "http-stream"]);
  });

  it("tries better kinds less and less often while a worse one carries", () => {
    const ladder = new KindLadder(null, null);
    ladder.carries("http-poll", at(0));
    const times = Array.from({ length: 400 }, (_, time) => time).filter((time) => ladder.probe(at(time)).length > 0);
    expect(times).toEqual([10, 40, 100, 220, 340]);
    ladder.carries("websocket", at(400));
    expect(ladder.probeAt).toBeNull();
  });

  it("leaves alone for a while what is cut again and again", () => {
    const ladder = new KindLadder(null, null);
    for (let cut = 0; cut < 3; cut += 1) {
      ladder.carries("http-stream", at(0));
      ladder.lost("http-stream", 5, at(5));
    }
    expect(ladder.next(new Set(["websocket"]), at(6))).toBe("http-poll");
    expect(ladder.next(new Set(["websocket"]), at(126))).toBe("http-stream");
    ladder.carries("http-stream", at(130));
    ladder.forget();
    expect(ladder.next(new Set(["websocket"]), at(131))).toBe("http-stream");
  });

  it("knows one kind only when it is forced", () => {
    const ladder = new KindLadder("http-stream", "http-poll");
    expect(ladder.first(at(0))).toEqual(["http-stream"]);
    expect(ladder.next(new Set(["http-stream"]), at(0))).toBeNull();
  });
});

const HELLO: Hello = {
  type: "hello",
  version: PROTOCOL_VERSION,
  laneId: 0,
  laneKind: "",
  key: "",
  resume: false,
  controlReceived: 0,
  room: "standup",
  name: "Alice",
  token: null,
  client: "test",
  handover: null,
  capabilities: { audio: [], video: [] },
};

/** A keeper before sockets and requests that a test answers. */
class Scene {
  readonly world = new FakeWorld();
  readonly requests = new FakeRequests();
  readonly events: string[] = [];
  readonly session: Session;
  readonly keeper: LaneKeeper<FakePort>;
  readonly pump: Pump;
  gateway: Session | null = null;

  constructor(forced: LaneKind | null = null) {
    const { time } = this.world;
    this.world.request = this.requests.request;
    this.session = new Session("client", SESSION_ID, { key: "0".repeat(32), now: time.now, hello: HELLO });
    this.pump = new Pump(
      this.session,
      time,
      time,
      (event) => {
        this.events.push(event.type);
        if (event.type === "laneLost") this.keeper.laneGivenUp(event.laneId);
      },
      () => this.keeper.settled(),
    );
    this.keeper = new LaneKeeper(
      { socket: `wss://example.test/v1/sessions/${SESSION_ID}/ws`, http: "https://example.test/http/" },
      this.world,
      this.pump,
      new Reconnection(() => 0.5, time.now),
      new KindLadder(forced, null),
      {
        failed: () => this.events.push("failed"),
        refused: () => {},
        gaveUp: () => {},
        malformed: () => {},
      },
      true,
    );
    this.keeper.connect();
    time.advance(0);
  }

  /** No WebSocket gets through, and polls bring the session up. */
  static async polling(): Promise<Scene> {
    const scene = new Scene();
    for (const socket of scene.world.sockets) socket.cut();
    await settled();
    await scene.requests.to("stream").fail();
    await settled();
    await scene.serve();
    expect(scene.lanes).toEqual(["http-poll"]);
    return scene;
  }

  get lanes(): string[] {
    return this.session.laneFigures(this.world.time.now).flatMap(({ kind, welcomed }) => (welcomed ? [kind] : []));
  }

  async pass(duration: number): Promise<void> {
    this.world.time.advance(duration);
    await settled();
  }

  /** Let time pass, and the gateway answer meanwhile. */
  async serveFor(duration: number): Promise<void> {
    for (let passed = 0; passed < duration; passed += 0.1) {
      await this.pass(0.1);
      await this.serve();
      this.world.gateway.flush();
    }
  }

  /** The gateway takes what was uploaded on the polled lane, and answers a poll. */
  async serve(): Promise<void> {
    const { now } = this.world.time;
    for (const request of this.requests.all.filter(({ path, answered }) => path.startsWith("up/") && !answered)) {
      for (const data of this.#uploaded.read(request.body)) {
        const message = decode(data);
        if (message.type !== "hello") this.gateway?.receiveMessage(0, data, now);
        else this.#greeted(message);
      }
      await request.answer(204);
    }
    this.gateway?.handleTimeout(now);
    const octets: number[] = [];
    for (let message = this.#next(); message !== null; message = this.#next()) {
      octets.push(...lengthOf(message), ...message);
    }
    const poll = this.requests.all.find(({ path, answered }) => path.startsWith("poll/") && !answered);
    if (octets.length > 0) await poll?.answer(200, Uint8Array.from(octets));
  }

  #greeted(hello: Hello): void {
    expect(hello).toMatchObject({ laneId: 0, laneKind: "http-poll" });
    const { now } = this.world.time;
    this.gateway = new Session("gateway", SESSION_ID, { key: hello.key, now });
    this.gateway.attachLane(0, hello, { participantId: "p-me", server: "test", limits: LIMITS }, now);
    this.world.gateway.sessions.set(SESSION_ID, this.gateway);
  }

  #next(): Uint8Array<ArrayBuffer> | null {
    return this.gateway?.nextMessage(0, this.world.time.now) ?? null;
  }

  readonly #uploaded = new BatchReader(100_000);
}

describe("LaneKeeper with kinds", () => {
  it("asks nothing over HTTP where a WebSocket is welcomed within 0.4 s", async () => {
    const scene = new Scene();
    await scene.pass(0.39);
    for (const socket of scene.world.sockets) scene.world.gateway.accept(socket);
    await scene.pass(2);
    expect(scene.lanes).toEqual(["websocket", "websocket"]);
    expect(scene.requests.all).toEqual([]);
  });

  it("begins a stream beside WebSockets that are slow, and at once where they fail", async () => {
    const slow = new Scene();
    await slow.pass(0.39);
    expect(slow.requests.all).toEqual([]);
    await slow.pass(0.02);
    expect(slow.requests.paths).toEqual(["stream", "up/0"]);
    const failing = new Scene();
    for (const socket of failing.world.sockets) socket.cut();
    await settled();
    expect(failing.requests.paths).toEqual(["stream", "up/0"]);
    expect(failing.events).toEqual([]);
  });

  it("begins polls as soon as something keeps the stream back", async () => {
    const scene = new Scene();
    for (const socket of scene.world.sockets) socket.cut();
    await settled();
    await scene.requests.to("up/0").answer(204);
    await scene.pass(0.79);
    expect(scene.requests.paths).toEqual(["stream", "up/0"]);
    await scene.pass(0.02);
    expect(scene.requests.paths).toEqual(["stream", "up/0", "poll/0", "poll/1", "up/0"]);
  });

  it("fails only when every kind has", async () => {
    const scene = new Scene();
    for (const socket of scene.world.sockets) socket.cut();
    await settled();
    await scene.requests.to("stream").fail();
    for (const path of ["poll/0", "poll/1", "up/0"]) await scene.requests.to(path).fail();
    expect(scene.events).toEqual([]);
    await scene.pass(0.11);
    for (const path of ["poll/0", "poll/1", "up/0"]) await scene.requests.to(path).fail();
    expect(scene.events).toContain("failed");
  });

  it("goes back to WebSockets when they work, without losing the session", async () => {
    const scene = await Scene.polling();
    const { sockets, gateway } = scene.world;
    expect(sockets).toHaveLength(2);
    await scene.serveFor(9.8);
    expect(sockets).toHaveLength(2);
    await scene.serveFor(0.3);
    expect(sockets).toHaveLength(3);
    expect(scene.keeper.farewell).toMatch(/\/http\/[0-9a-f]{32}\/end\/4000$/);

    gateway.accept(sockets[2] as (typeof sockets)[number]);
    await settled();

    expect(gateway.hellos.map(({ laneKind, resume }) => ({ laneKind, resume }))).toEqual([
      { laneKind: "websocket", resume: false },
    ]);
    expect(scene.lanes).toContain("websocket");
    // The better one carries everything at once, and more of them follow.
    const track = { trackId: 1, codec: "opus", source: "microphone", muted: false } as const;
    scene.session.sendControl({ type: "publish", track }, scene.world.time.now);
    scene.pump.wake();
    expect(sockets[2]?.sent.some((data) => decode(data).type === "control")).toBe(true);
    expect(sockets).toHaveLength(4);
    await scene.serveFor(1);
    expect(scene.lanes).toEqual(["websocket"]);
    // A browser closes WebSockets by itself.
    expect(scene.keeper.farewell).toBeNull();
    expect(scene.requests.paths.filter((path) => path.startsWith("end/"))).toContain("end/1000");
    expect(scene.events).not.toContain("allLanesLost");
  });

  it("takes no notice of a better kind that is opened and then silent", async () => {
    const scene = await Scene.polling();
    await scene.serveFor(10.1);
    const probe = scene.world.sockets[2];
    probe?.accept();
    await scene.serveFor(4.2);
    expect(probe?.closedWith).not.toBeNull();
    expect(scene.lanes).toEqual(["http-poll"]);
    expect(scene.events).not.toContain("allLanesLost");
  });
});
