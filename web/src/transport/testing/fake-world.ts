/** A world for the transport's tests: time that moves when told to, sockets that lead to a gateway in the same process. */

import type { Clock, Timers } from "../../base/clock.ts";
import type { PortLike } from "../../base/frame-port.ts";
import type { EncodedFrame } from "../../base/media.ts";
import { type Microseconds, microseconds, type Seconds, seconds } from "../../base/time.ts";
import type { SessionEvent } from "../../session/events.ts";
import { Session } from "../../session/session.ts";
import { decode, encode } from "../../wire/codec.ts";
import type { Hello } from "../../wire/messages.ts";
import type { Environment } from "../environment.ts";
import type { Request } from "../http-upload.ts";
import type { SocketLike } from "../websocket-lane.ts";

/** Time and timers. */
export class FakeTime implements Clock, Timers {
  now = seconds(1000);
  #nextTimer = 1;
  readonly #timers = new Map<number, { at: number; callback: () => void }>();

  monotonic(): Seconds {
    return this.now;
  }

  wallUs(): Microseconds {
    return microseconds(Math.round(this.now * 1e6));
  }

  start(callback: () => void, delay: Seconds): number {
    const timer = this.#nextTimer;
    this.#nextTimer += 1;
    this.#timers.set(timer, { at: this.now + Math.max(0, delay), callback });
    return timer;
  }

  cancel(timer: number): void {
    this.#timers.delete(timer);
  }

  /** Let so many seconds pass, firing what becomes due, in order. */
  advance(duration: number): void {
    const end = this.now + duration;
    for (;;) {
      let next: [number, { at: number; callback: () => void }] | null = null;
      for (const entry of this.#timers) if (entry[1].at <= end && (!next || entry[1].at < next[1].at)) next = entry;
      if (next === null) break;
      this.#timers.delete(next[0]);
      this.now = seconds(Math.max(this.now, next[1].at));
      next[1].callback();
    }
    this.now = seconds(end);
  }
}

/** A channel whose messages arrive at once. */
export class FakePort implements PortLike {
  onmessage: ((event: MessageEvent) => void) | null = null;
  peer: FakePort | null = null;
  closed = false;

  static channel(): readonly [FakePort, FakePort] {
    const [near, far] = [new FakePort(), new FakePort()];
    near.peer = far;
    far.peer = near;
    return [near, far];
  }

  postMessage(data: unknown): void {
    this.peer?.onmessage?.({ data } as MessageEvent);
  }

  close(): void {
    this.closed = true;
  }
}

/** One WebSocket whose other end is the gateway. */
export class FakeSocket implements SocketLike {
  binaryType = "";
  bufferedAmount = 0;
  onopen: ((event: Event) => void) | null = null;
  onmessage: ((event: MessageEvent) => void) | null = null;
  onclose: ((event: CloseEvent) => void) | null = null;
  readonly url: string;
  readonly sent: Uint8Array<ArrayBuffer>[] = [];
  closedWith: { code: number | undefined; reason: string | undefined } | null = null;
  received: (data: Uint8Array<ArrayBuffer>) => void = () => {};

  constructor(url: string) {
    this.url = url;
  }

  send(data: Uint8Array<ArrayBuffer>): void {
    const copy = data.slice();
    this.sent.push(copy);
    this.received(copy);
  }

  close(code?: number, reason?: string): void {
    this.closedWith ??= { code, reason };
  }

  /** The handshake succeeds. */
  accept(): void {
    this.onopen?.({} as Event);
  }

  /** A binary message arrives. */
  deliver(data: Uint8Array<ArrayBuffer>): void {
    this.onmessage?.({ data: data.slice().buffer } as MessageEvent);
  }

  /** A text message arrives. */
  deliverText(data: string): void {
    this.onmessage?.({ data } as MessageEvent);
  }

  /** The carrier goes away. */
  cut(code = 1006, reason = ""): void {
    this.onclose?.({ code, reason } as CloseEvent);
  }
}

/** What the gateway admits. */
export const LIMITS = {
  maxMessageBytes: 1_048_576,
  maxFrameBytes: 1_000_000,
  maxTracks: 8,
  maxBytesPerSecond: 2_500_000,
  maxMessagesPerSecond: 1000,
  maxLanes: 32,
};

/** A gateway with one session per session id; answers as soon as something arrives. */
export class FakeGateway {
  readonly sessions = new Map<string, Session>();
  readonly hellos: Hello[] = [];
  readonly events: SessionEvent[] = [];
  readonly #lanes = new Map<Session, Map<number, FakeSocket>>();
  readonly #time: FakeTime;

  constructor(time: FakeTime) {
    this.#time = time;
  }

  /** The only session, or the newest one. */
  get session(): Session {
    const session = [...this.sessions.values()].at(-1);
    if (session === undefined) throw new Error("no session yet");
    return session;
  }

  /** Take a socket: the first message on it has to be HELLO. */
  accept(socket: FakeSocket): void {
    let session: Session | null = null;
    let laneId = -1;
    socket.received = (data) => {
      if (session !== null) {
        session.receiveMessage(laneId, data, this.#time.now);
        this.flush();
        return;
      }
      const hello = decode(data);
      if (hello.type !== "hello") throw new Error("a lane begins with HELLO");
      this.hellos.push(hello);
      const sessionId = /\/v1\/sessions\/([0-9a-f]{32})\/ws$/.exec(socket.url)?.[1] ?? "";
      const known = this.sessions.get(sessionId);
      if (hello.resume && known === undefined) {
        socket.deliver(encode({ type: "close", code: 4404, reason: "session_unknown", detail: "" }));
        return;
      }
      session = known ?? new Session("gateway", sessionId, { key: hello.key, now: this.#time.now });
      this.sessions.set(sessionId, session);
      laneId = hello.laneId;
      const lanes = this.#lanes.get(session) ?? new Map<number, FakeSocket>();
      this.#lanes.set(session, lanes.set(laneId, socket));
      session.attachLane(laneId, hello, { participantId: "p-me", server: "test", limits: LIMITS }, this.#time.now);
      this.flush();
    };
    socket.accept();
  }

  /** The gateway's end of one lane sees its end too. */
  loseLane(lost: FakeSocket): void {
    for (const [session, lanes] of this.#lanes) {
      for (const [laneId, socket] of lanes) {
        if (socket === lost && lanes.delete(laneId)) session.laneLost(laneId, this.#time.now);
      }
    }
  }

  /** The gateway's end of every lane sees the cut too. */
  lose(): void {
    for (const [session, lanes] of this.#lanes) {
      for (const laneId of lanes.keys()) session.laneLost(laneId, this.#time.now);
      lanes.clear();
    }
  }

  /** Forget every session, as after a restart. */
  restart(): void {
    this.lose();
    this.sessions.clear();
    this.#lanes.clear();
  }

  /** Write what the sessions want written. */
  flush(): void {
    for (const [session, lanes] of this.#lanes) {
      session.handleTimeout(this.#time.now);
      for (const [laneId, socket] of lanes) {
        for (;;) {
          const message = session.nextMessage(laneId, this.#time.now);
          if (message === null) break;
          socket.deliver(message);
        }
      }
      this.events.push(...session.eventsReceived());
    }
  }
}

/** The whole world. */
export class FakeWorld implements Environment<FakePort> {
  readonly time = new FakeTime();
  readonly clock = this.time;
  readonly timers = this.time;
  readonly gateway = new FakeGateway(this.time);
  readonly sockets: FakeSocket[] = [];
  #sessions = 0;

  readonly openSocket = (url: string): SocketLike => {
    const socket = new FakeSocket(url);
    this.sockets.push(socket);
    return socket;
  };

  /** No HTTP lane ever is answered, unless a test has requests of its own. */
  request: Request = () => Promise.reject(new TypeError("no HTTP here"));

  /** The newest socket. */
  get socket(): FakeSocket {
    const socket = this.sockets.at(-1);
    if (socket === undefined) throw new Error("no socket yet");
    return socket;
  }

  random(): number {
    return 0.5;
  }

  randomHex(octets: number): string {
    this.#sessions += 1;
    return this.#sessions.toString(16).padStart(octets * 2, "0");
  }

  makeChannel(): readonly [FakePort, FakePort] {
    return FakePort.channel();
  }
}

/** A frame of two octets. */
export const makeFrame = (options: Partial<EncodedFrame> = {}): EncodedFrame => ({
  data: Uint8Array.of(1, 2),
  rtpTimestamp: 0,
  captureTimeUs: microseconds(0),
  keyframe: false,
  discardable: false,
  temporalLayer: 0,
  audioLevel: null,
  ...options,
});
