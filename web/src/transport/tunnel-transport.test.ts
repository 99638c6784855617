import { describe, expect, it } from "vitest";
import { CloseCode } from "../base/errors.ts";
import { FrameReader, FrameWriter } from "../base/frame-port.ts";
import type { EncodedFrame, Track } from "../base/media.ts";
import { encode } from "../wire/codec.ts";
import type { TunnelReport } from "./messages.ts";
import { FakePort, FakeWorld, makeFrame } from "./testing/fake-world.ts";
import { sessionUrls } from "./tunnel-session.ts";
import { type Report, TunnelTransport } from "./tunnel-transport.ts";

const CAMERA: Track = { trackId: 1, codec: "h264", source: "camera", muted: false };
const MICROPHONE: Track = { trackId: 2, codec: "opus", source: "microphone", muted: false };

/** One lane, unless a test says otherwise: `lane-keeper.test.ts` is about several. */
class Scene {
  readonly world = new FakeWorld();
  readonly reports: Report<FakePort>[] = [];
  readonly transport: TunnelTransport<FakePort>;

  constructor(online = true) {
    const options = { url: "https://example.test/base/", room: "standup", name: "Alice", token: "a.b.c", lanes: 1 };
    this.transport = new TunnelTransport(
      { ...options, lane: "websocket" },
      this.world,
      (report) => this.reports.push(report),
      online,
    );
    this.world.time.advance(0);
  }

  static connected(): Scene {
    const scene = new Scene();
    scene.world.gateway.accept(scene.world.socket);
    return scene;
  }

  of<Type extends TunnelReport["type"]>(type: Type): Extract<Report<FakePort>, { type: Type }>[] {
    return this.reports.filter((report): report is Extract<Report<FakePort>, { type: Type }> => report.type === type);
  }

  get state(): string {
    const last = this.of("stateChanged").at(-1);
    return last === undefined ? "connecting" : last.state;
  }

  /** Let the newest socket and the gateway's end of it go. */
  cut(): void {
    this.world.gateway.lose();
    this.world.socket.cut();
  }

  /** Publish a track and get what its encoder would hold. */
  publish(track: Track): { writer: FrameWriter; keyframes: () => number; bitrates: number[] } {
    const [near, far] = FakePort.channel();
    let keyframes = 0;
    const bitrates: number[] = [];
    const writer = new FrameWriter(near, {
      onKeyframeNeeded: () => (keyframes += 1),
      onTargetBitrate: (bitrate) => bitrates.push(bitrate),
    });
    this.transport.publish(track, far);
    return { writer, keyframes: () => keyframes, bitrates };
  }

  framesAtGateway(): { trackId: number; frame: EncodedFrame }[] {
    return this.world.gateway.events.filter((event) => event.type === "frameReceived");
  }
}

describe("TunnelTransport", () => {
  it("opens a lane under the gateway's address and is admitted", () => {
    const scene = Scene.connected();
    expect(scene.world.socket.url).toBe(`wss://example.test/base/v1/sessions/${"1".padStart(32, "0")}/ws`);
    expect(scene.world.gateway.hellos[0]).toMatchObject({ room: "standup", name: "Alice", token: "a.b.c", laneId: 0 });
    expect(scene.of("established")).toMatchObject([{ participantId: "p-me", resumed: false }]);
    expect(scene.state).toBe("connected");
  });

  it("carries frames from an encoder's port to the gateway", () => {
    const scene = Scene.connected();
    const camera = scene.publish(CAMERA);
    const microphone = scene.publish(MICROPHONE);
    expect(camera.writer.ready && microphone.writer.ready).toBe(true);
    microphone.writer.write(makeFrame({ audioLevel: 5 }), false);
    camera.writer.write(makeFrame({ keyframe: true }), true);
    expect(scene.framesAtGateway()).toMatchObject([
      { trackId: 2, frame: { audioLevel: 5 } },
      { trackId: 1, frame: { keyframe: true } },
    ]);
    expect(camera.bitrates.at(-1)).toBeGreaterThan(500_000);
  });

  it("pauses encoders until there is a lane", () => {
    const scene = new Scene();
    const camera = scene.publish(CAMERA);
    expect(camera.writer.ready).toBe(false);
    scene.world.gateway.accept(scene.world.socket);
    expect(camera.writer.ready).toBe(true);
  });

  it("pauses the camera, not the microphone, when the path is full", () => {
    const scene = Scene.connected();
    const camera = scene.publish(CAMERA);
    const microphone = scene.publish(MICROPHONE);
    scene.world.socket.received = () => {}; // nothing arrives, nothing is acknowledged
    camera.writer.write(makeFrame({ keyframe: true, data: new Uint8Array(40_000) }), true);
    camera.writer.write(makeFrame(), true);
    scene.world.time.advance(0.08);
    camera.writer.write(makeFrame(), true);
    expect(camera.writer.ready).toBe(false);
    expect(microphone.writer.ready).toBe(true);
  });

  it("does not fill the socket's own buffer", () => {
    const scene = Scene.connected();
    const microphone = scene.publish(MICROPHONE);
    const { socket } = scene.world;
    socket.bufferedAmount = 100_000;
    microphone.writer.write(makeFrame(), false);
    const sent = socket.sent.length;
    microphone.writer.write(makeFrame(), false);
    expect(socket.sent.length).toBe(sent);
    socket.bufferedAmount = 0;
    scene.world.time.advance(0.01);
    expect(socket.sent.length).toBe(sent + 1);
  });

  it("brings other people's frames to a decoder's port", () => {
    const scene = Scene.connected();
    const { gateway, time } = scene.world;
    gateway.session.sendControl(
      { type: "participant_joined", participant: { participantId: "p-2", name: "Bob" } },
      time.now,
    );
    gateway.session.sendControl({ type: "track_added", participantId: "p-2", track: CAMERA }, time.now);
    gateway.flush();
    expect(scene.of("participantJoined")).toMatchObject([{ participant: { participantId: "p-2", name: "Bob" } }]);
    const [added] = scene.of("trackAdded");
    const frames: EncodedFrame[] = [];
    let ended = false;
    if (added === undefined) throw new Error("no track");
    const reader = new FrameReader(added.port, {
      onFrame: (frame) => frames.push(frame),
      onEnded: () => (ended = true),
    });
    gateway.session.sendFrame(1, makeFrame({ keyframe: true }), time.now);
    gateway.flush();
    expect(frames).toMatchObject([{ keyframe: true }]);
    gateway.events.length = 0;
    reader.requestKeyframe();
    expect(gateway.events).toMatchObject([{ type: "keyframeNeeded", trackId: 1 }]);
    gateway.session.sendControl({ type: "participant_left", participantId: "p-2" }, time.now);
    gateway.flush();
    expect(ended).toBe(true);
    expect(scene.of("trackRemoved")).toMatchObject([{ trackId: 1 }]);
    expect(scene.of("participantLeft")).toMatchObject([{ participantId: "p-2" }]);
  });

  it("ends the tracks when we leave, and does not say that the others did", () => {
    const scene = Scene.connected();
    const { gateway, time } = scene.world;
    const participant = { participantId: "p-2", name: "Bob" };
    gateway.session.sendControl({ type: "participant_joined", participant }, time.now);
    gateway.session.sendControl({ type: "track_added", participantId: "p-2", track: CAMERA }, time.now);
    gateway.flush();
    let ended = false;
    const port = scene.of("trackAdded")[0]?.port;
    if (port === undefined) throw new Error("no track");
    new FrameReader(port, { onFrame: () => undefined, onEnded: () => (ended = true) });
    scene.transport.close();
    expect(ended).toBe(true);
    expect(scene.of("closed")).toHaveLength(1);
    expect([...scene.of("participantLeft"), ...scene.of("trackRemoved")]).toEqual([]);
  });

  it("tells encoders of keyframes and bitrates that the gateway wants", () => {
    const scene = Scene.connected();
    const { gateway, time } = scene.world;
    const camera = scene.publish(CAMERA);
    camera.writer.write(makeFrame({ keyframe: true }), true);
    const before = camera.keyframes();
    gateway.session.sendControl({ type: "target_bitrate", trackId: 1, bitrateBps: 300_000 }, time.now);
    gateway.session.sendControl({ type: "publish_rejected", trackId: 9, reason: "" }, time.now);
    gateway.flush();
    expect(camera.bitrates.at(-1)).toBe(300_000);
    expect(scene.of("targetBitrate").at(-1)).toMatchObject({ trackId: 1, bitrateBps: 300_000 });
    time.advance(1);
    gateway.session.sendControl({ type: "keyframe_request", trackId: 1 }, time.now);
    gateway.flush();
    expect(camera.keyframes()).toBe(before + 1);
    expect(scene.of("keyframeNeeded").at(-1)).toMatchObject({ trackId: 1 });
  });

  it("resumes after a cut, at once, and needs one keyframe", () => {
    const scene = Scene.connected();
    const camera = scene.publish(CAMERA);
    camera.writer.write(makeFrame({ keyframe: true }), true);
    const before = camera.keyframes();
    scene.cut();
    expect(scene.state).toBe("reconnecting");
    expect(camera.writer.ready).toBe(false);
    scene.world.time.advance(0.1);
    expect(scene.world.sockets).toHaveLength(2);
    scene.world.gateway.accept(scene.world.socket);
    expect(scene.world.gateway.hellos[1]).toMatchObject({ resume: true, laneId: 1 });
    expect(scene.world.gateway.sessions.size).toBe(1);
    expect(scene.state).toBe("connected");
    expect(scene.of("established").at(-1)).toMatchObject({ resumed: true });
    expect(camera.keyframes()).toBe(before + 1);
    expect(camera.writer.ready).toBe(true);
  });

  it("begins a new session when the gateway has forgotten the old one, and publishes again", () => {
    const scene = Scene.connected();
    const { gateway, time } = scene.world;
    scene.publish(CAMERA);
    scene.transport.mute(1, true);
    gateway.session.sendControl(
      { type: "participant_joined", participant: { participantId: "p-2", name: "Bob" } },
      time.now,
    );
    gateway.flush();
    gateway.restart();
    scene.world.socket.cut();
    time.advance(0.1);
    gateway.accept(scene.world.socket); // resume: session_unknown
    expect(scene.of("participantLeft")).toHaveLength(1);
    time.advance(1);
    gateway.events.length = 0;
    gateway.accept(scene.world.socket);
    expect(gateway.hellos.map(({ resume }) => resume)).toEqual([false, true, false]);
    expect(scene.world.sockets[0]?.url).not.toBe(scene.world.socket.url);
    expect(gateway.events.filter((event) => event.type === "controlReceived")).toMatchObject([
      { message: { type: "publish", track: { trackId: 1, muted: true } } },
    ]);
    expect(scene.of("closed")).toEqual([]);
    expect(scene.state).toBe("connected");
  });

  it("tries again with growing delays and gives up with a reason", () => {
    const scene = new Scene();
    const openings: number[] = [];
    for (let second = 0; second < 300 && scene.of("closed").length === 0; second += 1) {
      const before = scene.world.sockets.length;
      scene.world.socket.cut();
      scene.world.time.advance(1);
      openings.push(scene.world.sockets.length - before);
    }
    expect(scene.of("stateChanged").at(-1)).toMatchObject({ reason: expect.stringContaining("does not answer") });
    expect(scene.of("closed")).toMatchObject([
      { code: CloseCode.TIMEOUT, explanation: expect.stringContaining("cannot be reached") },
    ]);
    expect(scene.world.sockets.length).toBeLessThan(15);
    expect(scene.world.sockets.length).toBeGreaterThan(5);
  });

  it("gives up on a handshake that hangs", () => {
    const scene = new Scene();
    scene.world.time.advance(10.5);
    expect(scene.world.sockets[0]?.closedWith).not.toBeNull();
    expect(scene.world.sockets.length).toBe(2);
  });

  it("says why it was refused, and does not insist", () => {
    const scene = new Scene();
    scene.world.socket.accept();
    scene.world.socket.deliver(encode({ type: "close", code: 4401, reason: "unauthorized", detail: "token expired" }));
    expect(scene.of("closed")).toMatchObject([{ code: 4401, reason: "unauthorized" }]);
    expect(scene.of("closed")[0]?.explanation).toContain("token expired");
    scene.world.time.advance(60);
    expect(scene.world.sockets).toHaveLength(1);
  });

  it("takes a bare close frame of the session's codes for the session's end", () => {
    const scene = new Scene();
    scene.world.socket.accept();
    scene.world.socket.cut(4403, "forbidden");
    expect(scene.of("closed")).toMatchObject([{ code: 4403, reason: "forbidden" }]);
  });

  it("stops after a few sessions that do not hold", () => {
    const scene = new Scene();
    for (let round = 0; round < 20 && scene.of("closed").length === 0; round += 1) {
      scene.world.socket.accept();
      scene.world.socket.deliver(encode({ type: "close", code: 4503, reason: "overloaded", detail: "" }));
      scene.world.time.advance(3);
    }
    expect(scene.of("closed")).toMatchObject([{ code: 4503, explanation: expect.stringContaining("full") }]);
    expect(scene.world.sockets).toHaveLength(6);
  });

  it("comes back to a gateway that was restarted, and publishes again", () => {
    const scene = Scene.connected();
    scene.publish(CAMERA);
    scene.world.socket.deliver(encode({ type: "close", code: 4503, reason: "overloaded", detail: "shutting down" }));
    expect(scene.of("stateChanged").at(-1)).toMatchObject({ state: "reconnecting" });
    for (let second = 0; second < 60; second += 1) {
      scene.world.time.advance(1);
      scene.world.socket.cut();
    }
    expect(scene.world.sockets.length).toBeLessThan(25);
    scene.world.gateway.restart();
    scene.world.time.advance(10);
    scene.world.gateway.accept(scene.world.socket);
    expect(scene.state).toBe("connected");
    expect(scene.of("closed")).toEqual([]);
    expect(scene.world.gateway.events).toContainEqual(
      expect.objectContaining({ type: "controlReceived", message: { type: "publish", track: CAMERA } }),
    );
  });

  it("leaves with CLOSE", () => {
    const scene = Scene.connected();
    scene.transport.close();
    expect(scene.world.gateway.events.at(-1)).toMatchObject({ type: "closed", code: 4000, byRemote: true });
    expect(scene.world.socket.closedWith).toEqual({ code: 4000, reason: "left" });
    expect(scene.of("closed")).toMatchObject([{ code: 4000, reason: "left" }]);
    scene.transport.publish(CAMERA, FakePort.channel()[0]);
    scene.transport.setOnline(true);
    scene.world.time.advance(60);
    expect(scene.world.sockets).toHaveLength(1);
  });

  it("tells the gateway which of the announced tracks are not wanted", () => {
    const scene = Scene.connected();
    const { gateway, time } = scene.world;
    scene.transport.pause(1, true);
    gateway.session.sendControl({ type: "track_added", participantId: "p-2", track: CAMERA }, time.now);
    gateway.flush();
    scene.transport.pause(1, true);
    scene.transport.pause(1, false);
    const pauses = gateway.events.filter((event) => event.type === "controlReceived").map(({ message }) => message);
    expect(pauses).toEqual([
      { type: "pause", trackId: 1, paused: true },
      { type: "pause", trackId: 1, paused: false },
    ]);
  });

  it("can be left while it is connecting", () => {
    const scene = new Scene();
    scene.transport.close();
    expect(scene.of("closed")).toMatchObject([{ code: 4000 }]);
    scene.world.socket.accept();
    expect(scene.world.socket.closedWith).not.toBeNull();
  });

  it("waits while offline and comes back at once with the network", () => {
    const scene = Scene.connected();
    scene.transport.setOnline(false);
    scene.cut();
    expect(scene.of("stateChanged").at(-1)).toMatchObject({
      state: "reconnecting",
      reason: expect.stringContaining("offline"),
    });
    scene.world.time.advance(20);
    expect(scene.world.sockets).toHaveLength(1);
    scene.transport.setOnline(true);
    scene.world.time.advance(0);
    expect(scene.world.sockets).toHaveLength(2);
    scene.world.gateway.accept(scene.world.socket);
    expect(scene.state).toBe("connected");
  });

  it("replaces a lane of the network that is gone", () => {
    const scene = Scene.connected();
    scene.transport.setOnline(false);
    scene.transport.setOnline(true);
    scene.world.time.advance(0);
    expect(scene.world.sockets[0]?.closedWith).not.toBeNull();
    scene.world.gateway.accept(scene.world.socket);
    expect(scene.world.gateway.hellos[1]).toMatchObject({ resume: true });
    expect(scene.state).toBe("connected");
  });

  it("hurries when somebody looks at the page", () => {
    const scene = new Scene();
    for (let attempt = 0; attempt < 4; attempt += 1) {
      scene.world.socket.cut();
      scene.world.time.advance(attempt);
    }
    const before = scene.world.sockets.length;
    scene.world.socket.cut();
    scene.transport.setVisible(true);
    scene.world.time.advance(0);
    expect(scene.world.sockets.length).toBe(before + 1);
  });

  it("notices a lane that is silent for too long", () => {
    const scene = Scene.connected();
    scene.world.socket.received = () => {};
    scene.world.time.advance(16);
    expect(scene.world.sockets[0]?.closedWith).not.toBeNull();
    expect(scene.world.sockets.length).toBeGreaterThan(1);
    expect(scene.state).toBe("reconnecting");
  });

  it("closes the session when a text message comes", () => {
    const scene = Scene.connected();
    scene.world.socket.deliverText("hello");
    expect(scene.world.gateway.events.at(-1)).toMatchObject({ type: "closed", code: 4400 });
    expect(scene.of("closed")).toMatchObject([{ code: 4400 }]);
  });

  it("reports the path once a second", () => {
    const scene = Scene.connected();
    const microphone = scene.publish(MICROPHONE);
    microphone.writer.write(makeFrame(), false);
    scene.world.time.advance(0.1);
    scene.world.gateway.flush();
    scene.world.time.advance(2.4);
    expect(scene.of("statistics")).toHaveLength(2);
    expect(scene.of("statistics")[0]?.statistics).toMatchObject({
      framesSent: 1,
      framesDropped: 0,
      lanes: [{ laneId: 0, kind: "websocket", state: "up" }],
    });
    const [first, second] = scene.of("statistics").map(({ statistics }) => statistics);
    expect(first?.bytesSent).toBeGreaterThan(0);
    expect(first?.bytesReceived).toBeGreaterThan(0);
    expect(second?.bytesSent).toBeGreaterThanOrEqual(first?.bytesSent ?? Number.NaN);
  });

  it("forgets a track whose encoder has ended", () => {
    const scene = Scene.connected();
    const microphone = scene.publish(MICROPHONE);
    microphone.writer.end();
    expect(scene.world.gateway.events.at(-1)).toMatchObject({ message: { type: "unpublish", trackId: 2 } });
  });
});

describe("sessionUrls", () => {
  it.each([
    ["https://example.test/", "wss://example.test/v1/sessions/ab/ws"],
    ["http://127.0.0.1:8080/deep/er?x=1#y", "ws://127.0.0.1:8080/deep/er/v1/sessions/ab/ws"],
    ["wss://example.test/base/", "wss://example.test/base/v1/sessions/ab/ws"],
  ])("%s", (base, url) => {
    expect(sessionUrls(base, "ab")).toEqual({
      socket: url,
      http: url.replace(/^ws/, "http").replace(/ws$/, "http/"),
    });
  });
});
