/** Several lanes under one session: in which order they open, what a lost or refused one costs, when one too many goes. */

import { describe, expect, it } from "vitest";
import { type Seconds, seconds } from "../base/time.ts";
import type { SessionEvent } from "../session/events.ts";
import type { LaneFigures } from "../session/lane.ts";
import { Session } from "../session/session.ts";
import { encode } from "../wire/codec.ts";
import { PROTOCOL_VERSION } from "../wire/messages.ts";
import { LaneKeeper } from "./lane-keeper.ts";
import { KindLadder } from "./lane-kinds.ts";
import { Pump } from "./pump.ts";
import { Reconnection } from "./reconnection.ts";
import { type FakePort, type FakeSocket, FakeWorld } from "./testing/fake-world.ts";

const SESSION_ID = "0123456789abcdef0123456789abcdef";

/** A session that wants as many lanes as the test says, and has something in flight where the test says. */
class WillingSession extends Session {
  wanted = 2;
  busy = new Set<number>();

  override laneFigures(now: Seconds): LaneFigures[] {
    return super
      .laneFigures(now)
      .map((lane) => (this.busy.has(lane.laneId) ? { ...lane, quiet: seconds(0), inFlightBytes: 9 } : lane));
  }

  override get lanesWanted(): number {
    return this.wanted;
  }
}

class Scene {
  readonly world = new FakeWorld();
  readonly events: SessionEvent[] = [];
  readonly failures: boolean[] = [];
  readonly session: WillingSession;
  readonly pump: Pump;
  readonly keeper: LaneKeeper<FakePort>;

  constructor(wanted: number) {
    const { time } = this.world;
    this.session = new WillingSession("client", SESSION_ID, {
      key: "0".repeat(32),
      now: time.now,
      hello: {
        type: "hello",
        version: PROTOCOL_VERSION,
        laneId: 0,
        laneKind: "websocket",
        key: "",
        resume: false,
        controlReceived: 0,
        room: "standup",
        name: "Alice",
        handover: null,
        token: null,
        client: "test",
        capabilities: { audio: [], video: [] },
      },
    });
    this.session.wanted = wanted;
    this.pump = new Pump(
      this.session,
      time,
      time,
      (event) => {
        this.events.push(event);
        if (event.type === "laneLost") this.keeper.laneGivenUp(event.laneId);
      },
      () => this.keeper.settled(),
    );
    this.keeper = new LaneKeeper(
      { socket: `wss://example.test/v1/sessions/${SESSION_ID}/ws`, http: "" },
      this.world,
      this.pump,
      new Reconnection(() => 0.5, time.now),
      new KindLadder("websocket", null),
      { failed: (opened) => this.failures.push(opened), refused: () => {}, gaveUp: () => {}, malformed: () => {} },
      true,
    );
    this.keeper.connect();
    time.advance(0);
  }

  /** All lanes that are wanted are up. */
  static withLanes(wanted: number): Scene {
    const scene = new Scene(wanted);
    scene.acceptAll();
    return scene;
  }

  /** Let every handshake succeed, also those that follow from it. */
  acceptAll(): void {
    for (let index = 0; index < this.world.sockets.length; index += 1) {
      const socket = this.world.sockets[index] as FakeSocket;
      if (!this.#seen.has(socket)) this.accept(socket);
    }
  }

  accept(socket: FakeSocket): void {
    this.#seen.add(socket);
    this.world.gateway.accept(socket);
  }

  /** The network refuses a connection, or cuts it, and both sides see it. */
  cut(socket: FakeSocket): void {
    this.#seen.add(socket);
    this.world.gateway.loseLane(socket);
    socket.cut();
  }

  socket(index: number): FakeSocket {
    const socket = this.world.sockets[index];
    if (socket === undefined) throw new Error(`no socket ${index}`);
    return socket;
  }

  /** Let time pass; both ends acknowledge, and PINGs are answered. */
  pass(duration: number): void {
    for (let passed = 0; passed < duration; passed += 0.02) {
      this.world.time.advance(0.02);
      this.world.gateway.flush();
    }
  }

  want(count: number): void {
    this.session.wanted = count;
    this.keeper.adjust();
  }

  get interrupted(): boolean {
    return this.events.some(({ type }) => type === "allLanesLost");
  }

  readonly #seen = new Set<FakeSocket>();
}

describe("LaneKeeper", () => {
  it("opens two at once, and the second says HELLO when the first has been welcomed", () => {
    const scene = new Scene(2);
    const { sockets, gateway } = scene.world;
    expect(sockets).toHaveLength(2);
    scene.accept(scene.socket(0));
    expect(gateway.hellos.map(({ laneId, resume }) => ({ laneId, resume }))).toEqual([{ laneId: 0, resume: false }]);
    scene.accept(scene.socket(1));
    expect(gateway.hellos.map(({ laneId }) => laneId)).toEqual([0, 1]);
    expect(scene.session.laneIds).toEqual([0, 1]);
    expect(gateway.sessions.size).toBe(1);
  });

  it("begins with whichever is there first", () => {
    const scene = new Scene(2);
    scene.accept(scene.socket(1));
    expect(scene.session.isEstablished).toBe(true);
    scene.accept(scene.socket(0));
    expect(scene.world.gateway.hellos.map(({ laneId }) => laneId)).toEqual([0, 1]);
    expect(scene.session.laneIds).toEqual([0, 1]);
  });

  it("keeps a second one waiting while the gateway has not answered the first", () => {
    const scene = new Scene(2);
    scene.socket(0).accept();
    scene.socket(1).accept();
    expect([scene.socket(0).sent.length, scene.socket(1).sent.length]).toEqual([1, 0]);
    scene.socket(0).cut();
    expect(scene.socket(1).sent).toHaveLength(1);
    expect(scene.failures).toEqual([]);
  });

  it("takes the farewell of a gateway that has waited for HELLO for too long for that lane's affair", () => {
    const scene = new Scene(2);
    scene.socket(0).accept();
    scene.socket(1).accept();
    scene.socket(1).deliver(encode({ type: "close", code: 4408, reason: "timeout", detail: "No HELLO came in time." }));
    scene.socket(1).cut(4408, "timeout");
    expect(scene.session.isClosed).toBe(false);
    scene.accept(scene.socket(0));
  });

  it("opens further ones two at a time", () => {
    const scene = new Scene(6);
    const { sockets } = scene.world;
    scene.accept(scene.socket(0));
    expect(sockets).toHaveLength(3); // one up, two on their way
    scene.accept(scene.socket(1));
    expect(sockets).toHaveLength(4);
    scene.acceptAll();
    expect(sockets).toHaveLength(6);
    expect(scene.session.laneIds).toEqual([0, 1, 2, 3, 4, 5]);
    scene.pass(60);
    expect(sockets).toHaveLength(6);
  });

  it("goes on with fewer where the network takes no more, and asks rarely", () => {
    const scene = new Scene(4);
    scene.accept(scene.socket(0));
    for (let second = 0; second < 600; second += 1) {
      for (const socket of scene.world.sockets.slice(1)) scene.cut(socket);
      scene.pass(1);
    }
    expect(scene.session.laneIds).toEqual([0]);
    expect(scene.interrupted).toBe(false);
    expect(scene.failures).toEqual([]);
    const attempts = scene.world.sockets.length;
    expect(attempts).toBeLessThan(40);
    scene.pass(120);
    expect(scene.world.sockets.length).toBeGreaterThan(attempts); // it may have been put right
  });

  it("replaces one of four without anybody noticing", () => {
    const scene = Scene.withLanes(4);
    scene.pass(30);
    scene.cut(scene.socket(1));
    expect(scene.interrupted).toBe(false);
    expect(scene.session.laneIds).toEqual([0, 2, 3]);
    expect(scene.world.sockets).toHaveLength(5); // at once
    scene.acceptAll();
    expect(scene.session.laneIds).toEqual([0, 2, 3, 4]);
    expect(scene.world.gateway.hellos.at(-1)).toMatchObject({ laneId: 4, resume: false });
    expect(scene.failures).toEqual([]);
  });

  it("replaces one that the gateway has closed because it has too many", () => {
    const scene = Scene.withLanes(2);
    scene.pass(30);
    scene.world.gateway.loseLane(scene.socket(1));
    scene.socket(1).cut(1013);
    expect(scene.session.isClosed).toBe(false);
    scene.acceptAll();
    expect(scene.session.laneIds).toEqual([0, 2]);
  });

  it("resumes with one lane when all are lost, and the others join it", () => {
    const scene = Scene.withLanes(4);
    scene.pass(30);
    for (const socket of [...scene.world.sockets]) scene.cut(socket);
    expect(scene.interrupted).toBe(true);
    scene.world.time.advance(0.1);
    scene.acceptAll();
    expect(scene.world.gateway.hellos.slice(4).map(({ resume }) => resume)).toEqual([true, false, false, false]);
    expect(scene.world.gateway.sessions.size).toBe(1);
    expect(scene.session.laneIds).toHaveLength(4);
    expect(scene.events.at(-1)).toMatchObject({ type: "resumed" });
  });

  it("asks a gateway that does not answer by one connection at a time", () => {
    const scene = new Scene(8);
    scene.socket(0).cut();
    scene.socket(1).cut();
    expect(scene.failures).toEqual([false]);
    scene.world.time.advance(0.3);
    expect(scene.world.sockets).toHaveLength(3);
    scene.socket(2).cut();
    scene.world.time.advance(0.6);
    expect(scene.world.sockets).toHaveLength(4);
  });

  it("closes those that have been too many for half a minute, and nobody counts it as a loss", () => {
    const scene = Scene.withLanes(6);
    scene.pass(1);
    scene.want(2);
    scene.pass(29);
    expect(scene.session.laneIds).toHaveLength(6);
    scene.pass(2);
    expect(scene.session.laneIds).toEqual([0, 1]);
    expect(scene.world.sockets.slice(2).map(({ closedWith }) => closedWith?.code)).toEqual([1000, 1000, 1000, 1000]);
    expect(scene.interrupted).toBe(false);
    expect(scene.failures).toEqual([]);
    scene.pass(60);
    expect(scene.world.sockets).toHaveLength(6);
  });

  it("keeps surplus lanes that are wanted again before the half minute is over", () => {
    const scene = Scene.withLanes(6);
    scene.want(2);
    scene.pass(20);
    scene.want(6);
    scene.pass(20);
    scene.want(2);
    scene.pass(20);
    expect(scene.session.laneIds).toHaveLength(6);
  });

  it("closes no lane on which something is on its way", () => {
    const scene = Scene.withLanes(4);
    scene.session.busy = new Set([1, 3]);
    scene.want(1);
    scene.pass(40);
    expect(scene.session.laneIds).toEqual([1, 3]);
    scene.session.busy.delete(3);
    scene.pass(2);
    expect(scene.session.laneIds).toEqual([1]);
  });

  it("drops what has not said HELLO as soon as it is too many", () => {
    const scene = new Scene(4);
    scene.accept(scene.socket(0));
    expect(scene.world.sockets).toHaveLength(3);
    scene.want(1);
    expect(scene.world.sockets.slice(1).map(({ closedWith }) => closedWith?.code)).toEqual([1000, 1000]);
    expect(scene.session.laneIds).toEqual([0]);
  });

  it("opens all of them anew when the network changes", () => {
    const scene = Scene.withLanes(3);
    scene.keeper.setOnline(false);
    scene.keeper.setOnline(true);
    expect(scene.world.sockets.every(({ closedWith }) => closedWith?.code === 1000)).toBe(true);
    scene.world.time.advance(0);
    scene.acceptAll();
    expect(scene.session.laneIds).toHaveLength(3);
    expect(scene.world.gateway.hellos.slice(3).map(({ resume }) => resume)).toEqual([true, false, false]);
  });

  it("opens none any more after its end", () => {
    const scene = new Scene(4);
    scene.accept(scene.socket(0));
    scene.keeper.stop();
    expect(scene.world.sockets.slice(1).every(({ closedWith }) => closedWith !== null)).toBe(true);
    scene.world.time.advance(120);
    expect(scene.world.sockets).toHaveLength(3);
  });

  it("gives a lane up that the engine has given up, and opens another", () => {
    const scene = Scene.withLanes(2);
    scene.socket(1).received = () => {}; // the network swallows what is sent on it
    scene.world.gateway.loseLane(scene.socket(1));
    scene.pass(20);
    expect(scene.socket(1).closedWith).not.toBeNull();
    expect(scene.interrupted).toBe(false);
    scene.acceptAll();
    expect(scene.session.laneIds).toEqual([0, 2]);
  });
});
