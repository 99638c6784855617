import { describe, expect, it } from "vitest";
import { CloseCode, RemoteProtocolError } from "../base/errors.ts";
import type { EncodedFrame } from "../base/media.ts";
import { microseconds } from "../base/time.ts";
import { CONTROL, decode, decodeMedia, encode, HELLO, type Message, PADDING, WELCOME } from "./codec.ts";
import type { ControlMessage } from "./control.ts";
import { encodeFragment } from "./fragment.ts";
import { MAX_JSON_BYTES } from "./json.ts";

const KEY = "0123456789abcdef0123456789abcdef";
const text = (type: number, body: string, header = 1) => {
  const bytes = new TextEncoder().encode(body);
  const data = new Uint8Array(header + bytes.length);
  data[0] = type;
  if (header === 5) data[4] = 1;
  data.set(bytes, header);
  return data;
};

function codeOf(data: Uint8Array<ArrayBuffer>): CloseCode | null {
  try {
    decode(data);
    return null;
  } catch (error) {
    expect(error).toBeInstanceOf(RemoteProtocolError);
    return (error as RemoteProtocolError).code;
  }
}

const frame: EncodedFrame = {
  data: Uint8Array.of(0, 0, 0, 1, 0x65, 9),
  rtpTimestamp: 0xfffffffe,
  captureTimeUs: microseconds(2 ** 53 - 1),
  keyframe: false,
  discardable: false,
  temporalLayer: 0,
  audioLevel: null,
};
const track = { trackId: 7, codec: "h264", source: "screen", muted: true } as const;
const controls: ControlMessage[] = [
  { type: "publish", track },
  { type: "publish_rejected", trackId: 7, reason: "no" },
  { type: "unpublish", trackId: 65535 },
  { type: "mute", trackId: 0, muted: false },
  { type: "participant_joined", participant: { participantId: "p-1", name: "Zoë 🦊" } },
  { type: "participant_left", participantId: "p-1" },
  { type: "track_added", participantId: "p-1", track },
  { type: "track_removed", trackId: 1 },
  { type: "track_muted", trackId: 1, muted: true },
  { type: "room_state", state: "reconnecting", reason: "gone" },
  { type: "keyframe_request", trackId: 3 },
  { type: "target_bitrate", trackId: 3, bitrateBps: 0xffffffff },
  { type: "lanes", wanted: 65535 },
  { type: "unknown", unknownType: "applause" },
];
const messages: Message[] = [
  {
    type: "hello",
    laneId: 65535,
    key: KEY,
    room: "stand.up_~-1",
    name: "Alice",
    laneKind: "websocket",
    resume: true,
    token: null,
    handover: "0123456789abcdef0123456789abcdef",
    controlReceived: 4294967295,
    client: "test",
    capabilities: { audio: ["opus"], video: [] },
    version: 1,
  },
  {
    type: "welcome",
    laneId: 1,
    resumed: false,
    participantId: "p-1",
    limits: {
      maxMessageBytes: 1,
      maxFrameBytes: 1,
      maxTracks: 0,
      maxBytesPerSecond: 1,
      maxMessagesPerSecond: 1,
      maxLanes: 1,
    },
    controlReceived: 0,
    resumeWindowMs: 0,
    idleTimeoutMs: 1,
    server: "test",
    version: 1,
  },
  ...controls.map((message): Message => ({ type: "control", sequenceNumber: 4294967295, message })),
  { type: "video", trackId: 9, frameNumber: 4294967295, referenceDistance: 255, frame: { ...frame, temporalLayer: 7 } },
  { type: "video", trackId: 9, frameNumber: 0, referenceDistance: 0, frame: { ...frame, keyframe: true } },
  { type: "video", trackId: 9, frameNumber: 1, referenceDistance: 1, frame: { ...frame, discardable: true } },
  { type: "audio", trackId: 9, frameNumber: 1, frame },
  { type: "audio", trackId: 9, frameNumber: 1, frame: { ...frame, audioLevel: 0xff } },
  {
    type: "fragment",
    dataCount: 200,
    index: 231,
    blockNumber: 4294967295,
    messageLength: 599,
    payload: Uint8Array.of(1, 2, 3),
  },
  {
    type: "ack",
    controlReceived: 5,
    sentAtUs: microseconds(2 ** 53 - 1),
    lanes: [
      { laneId: 0, messagesReceived: 1, heldUs: microseconds(9) },
      { laneId: 65535, messagesReceived: 4294967295, heldUs: microseconds(2 ** 32 - 1) },
    ],
  },
  { type: "ping", sentAtUs: microseconds(2 ** 32) },
  { type: "pong", pingSentAtUs: microseconds(2 ** 32 - 1), receivedAtUs: microseconds(1) },
  { type: "close", code: 4413, reason: "too_large", detail: "Zoë’s frame" },
  { type: "skipped", messageType: PADDING },
];

describe("codec", () => {
  it.each(messages.map((message) => [JSON.stringify(message).slice(0, 60), message] as const))(
    "round trip %s",
    (_, m) => {
      expect(decode(encode(m))).toEqual(m);
    },
  );

  it("gives the payload as a view of the message", () => {
    const data = encode({ type: "audio", trackId: 1, frameNumber: 0, frame });
    const message = decode(data);
    expect(message.type === "audio" && message.frame.data.buffer).toBe(data.buffer);
  });

  it("gives a fragment's payload as a view of the message", () => {
    const data = encodeFragment(2, 1, 7, 5, Uint8Array.of(8, 9));
    const message = decode(data);
    expect(message.type === "fragment" && message.payload.buffer).toBe(data.buffer);
  });

  it("reads what was cut into fragments, if it is media", () => {
    const audio: Message = { type: "audio", trackId: 1, frameNumber: 0, frame };
    expect(decodeMedia(encode(audio))).toEqual(audio);
    for (const message of messages.filter(({ type }) => type !== "audio" && type !== "video")) {
      expect(() => decodeMedia(encode(message))).toThrow(RemoteProtocolError);
    }
    expect(() => decodeMedia(new Uint8Array(0))).toThrow(RemoteProtocolError);
  });

  it.each([
    ["empty", new Uint8Array(0), CloseCode.MALFORMED],
    ["unknown required type", Uint8Array.of(0x7f), CloseCode.MALFORMED],
    ["audio without payload", new Uint8Array(20).fill(5, 0, 1), CloseCode.MALFORMED],
    ["keyframe with a reference", Uint8Array.of(4, 0x80, ...new Array(18).fill(0), 1, 9), CloseCode.MALFORMED],
    ["delta frame without a reference", Uint8Array.of(4, 0, ...new Array(18).fill(0), 0, 9), CloseCode.MALFORMED],
    ["time beyond 2^53", Uint8Array.of(7, 0, 0x20, 0, 0, 0, 0, 0, 0), CloseCode.MALFORMED],
    ["long ping", new Uint8Array(10).fill(7, 0, 1), CloseCode.MALFORMED],
    ["acknowledgement of wrong length", Uint8Array.of(6, 1, ...new Array(14).fill(0)), CloseCode.MALFORMED],
    ["control number 0", Uint8Array.of(3, 0, 0, 0, 0, 0x7b, 0x7d), CloseCode.MALFORMED],
    ["control without type", text(CONTROL, "{}", 5), CloseCode.MALFORMED],
    ["control that is a list", text(CONTROL, "[]", 5), CloseCode.MALFORMED],
    ["byte order mark", text(CONTROL, '\ufeff{"type":"x"}', 5), CloseCode.MALFORMED],
    ["not UTF-8", Uint8Array.of(3, 0, 0, 0, 1, 0x22, 0xff, 0x22), CloseCode.MALFORMED],
    ["track id out of range", text(CONTROL, '{"type":"unpublish","track_id":65536}', 5), CloseCode.MALFORMED],
    ["track id of text", text(CONTROL, '{"type":"unpublish","track_id":"1"}', 5), CloseCode.MALFORMED],
    ["long JSON", text(CONTROL, `{"type":"x","y":"${"y".repeat(MAX_JSON_BYTES)}"}`, 5), CloseCode.TOO_LARGE],
    ["another version", text(HELLO, '{"version":2}'), CloseCode.VERSION_UNSUPPORTED],
    ["no version", text(WELCOME, "{}"), CloseCode.MALFORMED],
    ["a frame too long", new Uint8Array(1_000_021).fill(5, 0, 1), CloseCode.TOO_LARGE],
    ["a message too long", new Uint8Array(1_048_577).fill(0x80, 0, 1), CloseCode.TOO_LARGE],
  ])("refuses %s", (_, data, code) => {
    expect(codeOf(data)).toBe(code);
  });

  it("never throws anything but RemoteProtocolError", () => {
    let state = 1;
    const random = () => {
      state = (state * 48271) % 2147483647;
      return state;
    };
    const seeds = messages.map((message) => encode(message));
    for (let round = 0; round < 3000; round += 1) {
      const data = Uint8Array.from(seeds[random() % seeds.length] as Uint8Array);
      for (let change = 0; change < 3; change += 1) data[random() % data.length] = random() % 256;
      codeOf(data.slice(0, (random() % data.length) + 1));
    }
  });
});
