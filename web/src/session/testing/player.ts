/** Plays the scenarios of tests/vectors/session (scripts/make_scenarios.py writes them) on a session. */

import { createHash } from "node:crypto";
import { expect } from "vitest";
import type { CloseCode } from "../../base/errors.ts";
import type { EncodedFrame } from "../../base/media.ts";
import { type Microseconds, seconds } from "../../base/time.ts";
import { decode } from "../../wire/codec.ts";
import { type KnownControl, readControl } from "../../wire/control.ts";
import type { JsonObject } from "../../wire/json.ts";
import { readHello } from "../../wire/messages.ts";
import { bytesOf, controlJson, hexOf, messageJson } from "../../wire/testing/vectors.ts";
import type { SessionEvent } from "../events.ts";
import type { Role } from "../handshake.ts";
import { DEFAULT_LIMITS } from "../limits.ts";
import { Session } from "../session.ts";

interface Data {
  data: string;
  pad?: { octet: number; count: number };
}

type FrameJson = Data & {
  rtp_timestamp: number;
  capture_time_us: number;
  keyframe: boolean;
  discardable: boolean;
  temporal_layer: number;
  audio_level: number | null;
};

type Action =
  | { do: "open_lane"; lane_id: number; kind: string }
  | { do: "attach_lane"; hello: JsonObject; participant_id: string; server: string }
  | { do: "receive_message"; lane_id: number; hex: string }
  | { do: "lane_lost"; lane_id: number }
  | { do: "handle_timeout" }
  | { do: "send_control"; message: JsonObject }
  | { do: "send_frame"; track_id: number; frame: FrameJson }
  | { do: "close"; code: number; detail: string };

type Step = Action & {
  at: number;
  messages: { lane_id: number; message: JsonObject }[];
  events: JsonObject[];
  next_timeout: number | null;
};

/** One file. */
export interface Scenario {
  about: string;
  role: Role;
  session_id: string;
  now: number;
  hello: JsonObject;
  resume_window: number;
  idle_timeout: number;
  steps: Step[];
}

const GATEWAY_LIMITS = {
  maxMessageBytes: 1_048_576,
  maxFrameBytes: 1_000_000,
  maxTracks: 8,
  maxBytesPerSecond: 2_500_000,
  maxMessagesPerSecond: 4000,
  maxLanes: 32,
};

const octetsOf = ({ data, pad }: Data): Uint8Array<ArrayBuffer> =>
  pad === undefined ? bytesOf(data) : new Uint8Array(pad.count).fill(pad.octet);

function dataJson(data: Uint8Array): Data {
  const first = data[0] ?? 0;
  if (data.length > 100 && data.every((octet) => octet === first)) {
    return { data: "", pad: { octet: first, count: data.length } };
  }
  return { data: hexOf(data) };
}

const frameOf = (frame: FrameJson): EncodedFrame => ({
  data: octetsOf(frame),
  rtpTimestamp: frame.rtp_timestamp,
  captureTimeUs: frame.capture_time_us as Microseconds,
  keyframe: frame.keyframe,
  discardable: frame.discardable,
  temporalLayer: frame.temporal_layer,
  audioLevel: frame.audio_level,
});

const snake = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

function eventJson(event: SessionEvent): JsonObject {
  const type = snake(event.type);
  if (event.type === "controlReceived") return { type, message: controlJson(event.message) };
  if (event.type === "frameReceived") return { type, track_id: event.trackId, data: hexOf(event.frame.data) };
  return { ...Object.fromEntries(Object.entries(event).map(([key, value]) => [snake(key), value])), type };
}

const payloadJson = (data: Uint8Array): JsonObject =>
  data.length > 64
    ? { payload: "", sha256: createHash("sha256").update(data).digest("hex") }
    : { payload: hexOf(data) };

function sentJson(data: Uint8Array<ArrayBuffer>): JsonObject {
  const message = decode(data);
  const spelled = messageJson(message);
  if (message.type === "fragment") return { ...spelled, ...payloadJson(message.payload) };
  return message.type === "video" || message.type === "audio"
    ? { ...spelled, ...dataJson(message.frame.data) }
    : spelled;
}

/** What engines word themselves is not compared. */
const withoutDetail = (spelled: JsonObject): JsonObject =>
  spelled.type === "close" || spelled.type === "closed" ? { ...spelled, detail: null } : spelled;

/** Plays one scenario and compares after each step. */
export class Player {
  readonly #scenario: Scenario;
  readonly #session: Session;
  readonly #laneIds: number[] = [];

  constructor(scenario: Scenario) {
    this.#scenario = scenario;
    const limits = {
      ...DEFAULT_LIMITS,
      resumeWindow: seconds(scenario.resume_window),
      idleTimeout: seconds(scenario.idle_timeout),
    };
    const hello = readHello(scenario.hello);
    const options = { key: hello.key, now: seconds(scenario.now), limits };
    this.#session =
      scenario.role === "client"
        ? new Session("client", scenario.session_id, { ...options, hello })
        : new Session("gateway", scenario.session_id, options);
  }

  /** Do all steps. */
  play(): void {
    this.#scenario.steps.forEach((step, index) => {
      const now = seconds(step.at);
      const place = `step ${index}, ${step.do} at ${step.at}`;
      this.#act(step);
      const messages: { lane_id: number; message: JsonObject }[] = [];
      for (let written = -1; messages.length > written; ) {
        written = messages.length;
        for (const laneId of this.#laneIds) {
          const data = this.#session.nextMessage(laneId, now);
          if (data !== null) messages.push({ lane_id: laneId, message: withoutDetail(sentJson(data)) });
        }
      }
      const expected = step.messages.map(({ lane_id, message }) => ({ lane_id, message: withoutDetail(message) }));
      expect(messages, place).toEqual(expected);
      const events = this.#session.eventsReceived().map(eventJson).map(withoutDetail);
      expect(events, place).toEqual(step.events.map(withoutDetail));
      const due = this.#session.nextTimeout();
      if (step.next_timeout === null) expect(due, place).toBeNull();
      else expect(Math.abs((due ?? Number.NaN) - step.next_timeout), place).toBeLessThan(1e-6);
    });
  }

  #act(step: Step): void {
    const session = this.#session;
    const now = seconds(step.at);
    switch (step.do) {
      case "open_lane":
        this.#laneIds.push(step.lane_id);
        session.openLane(step.lane_id, step.kind, now);
        break;
      case "attach_lane": {
        const hello = readHello(step.hello);
        const info = { participantId: step.participant_id, server: step.server, limits: GATEWAY_LIMITS };
        this.#laneIds.push(hello.laneId);
        session.attachLane(hello.laneId, hello, info, now);
        break;
      }
      case "receive_message":
        session.receiveMessage(step.lane_id, bytesOf(step.hex), now);
        break;
      case "lane_lost":
        session.laneLost(step.lane_id, now);
        break;
      case "handle_timeout":
        session.handleTimeout(now);
        break;
      case "send_control":
        session.sendControl(readControl(step.message) as KnownControl, now);
        break;
      case "send_frame":
        session.sendFrame(step.track_id, frameOf(step.frame), now);
        break;
      case "close":
        session.close(step.code as CloseCode, step.detail, now);
        break;
    }
  }
}
