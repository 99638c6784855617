import { beforeEach, expect, it } from "vitest";
import type { Codec } from "../base/media.ts";
import { milliseconds } from "../base/time.ts";
import type { DecodeStatistics } from "../decode/messages.ts";
import type { EncodeStatistics } from "../encode/messages.ts";
import type { TunnelStatistics } from "../transport/messages.ts";
import { TunnelFigures } from "./tunnel-figures.ts";

const sent: EncodeStatistics = {
  trackId: 1,
  kind: "video",
  codec: "avc1.42e01f",
  scalability: "L1T2",
  backend: "wasm",
  size: { width: 640, height: 360 },
  framerate: 30,
  limitation: "cpu",
  encodeTimeS: 0.3,
  targetBitrateBps: 800_000,
  bitrateBps: 700_000,
  bytesEncoded: 90_000,
  framesEncoded: 30,
  keyframes: 1,
  framesSkipped: 2,
  framesRefused: 1,
  lastCaptureTimeUs: 1_000_000,
  level: 127,
};

const heard: DecodeStatistics = {
  trackId: 7,
  participantId: "p-1",
  kind: "audio",
  codec: "opus",
  backend: "wasm",
  framesReceived: 50,
  framesDecoded: 49,
  framesPainted: 0,
  keyframes: 0,
  bitrateBps: 32_000,
  bytesReceived: 4_000,
  decodeTimeS: 0.002,
  freezes: 0,
  freezeTimeS: 0,
  width: 0,
  height: 0,
  lastCaptureTimeUs: 1_000_000,
  delayMs: 60,
  skewMs: null,
  level: 20,
  playout: {
    delayMs: 50,
    targetMs: 40,
    playedSamples: 46_080,
    playedDelayS: 2_304,
    playedTargetS: 1_843.2,
    concealedSamples: 960,
    concealmentEvents: 1,
    silentSamples: 960,
    insertedSamples: 0,
    removedSamples: 480,
    skippedSamples: 0,
    lateSamples: 0,
    energy: 0.01,
  },
};

const path = {
  roundTripTime: milliseconds(40),
  queueingDelay: milliseconds(5),
  pathBitrateBps: 2_000_000,
  sentBitrateBps: 700_000,
  receivedBitrateBps: 32_000,
  bytesSent: 100_000,
  bytesReceived: 5_000,
  framesSent: 100,
  framesDropped: 3,
  framesReceived: 50,
  framesSkipped: 0,
  fragmentsLate: 12,
  lanes: [{ laneId: 3, kind: "websocket", state: "stalled", inFlightBytes: 1_200 }],
} satisfies Partial<TunnelStatistics>;

let figures: TunnelFigures;
let codecs: Map<number, Codec>;

beforeEach(() => {
  codecs = new Map([
    [1, "h264"],
    [7, "opus"],
  ]);
  figures = new TunnelFigures((direction, trackId) => {
    const codec = codecs.get(trackId);
    return codec === undefined ? null : { codec, source: direction === "sent" ? "screen" : "microphone" };
  });
  figures.encoded([sent], 0);
  figures.decoded([heard], 0);
  figures.path = path as TunnelStatistics;
});

it("reads as charts want it", () => {
  figures.encoded([{ ...sent, framesEncoded: 60, encodeTimeS: 0.6 }], 1_000);
  const [ours, theirs] = figures.readings("p-0");
  expect(ours).toMatchObject({
    trackId: "1",
    participantId: "p-0",
    direction: "sent",
    source: "screen",
    codec: "avc1.42e01f L1T2",
    backend: "wasm",
    size: "640×360",
    limitation: "cpu",
    framesPerSecond: 30,
    framesDropped: 3,
  });
  expect(ours?.codecTimeMs).toBeCloseTo(10);
  expect(theirs).toMatchObject({
    participantId: "p-1",
    direction: "received",
    source: "microphone",
    concealed: 960 / 47_040,
    playoutDelayMs: 50,
    playoutTargetMs: 40,
    framesDropped: 1,
    limitation: null,
  });
  expect(theirs?.level).toBeCloseTo(0.8);
});

it("leaves out what is gone", () => {
  codecs.delete(7);
  expect(figures.readings("p-0").map(({ trackId }) => trackId)).toEqual(["1"]);
  expect([...figures.stats("p-0", 0).keys()].filter((id) => id.startsWith("inbound"))).toEqual([]);
});

it("has the names of the W3C, with references that lead somewhere", () => {
  const stats = figures.stats("p-0", 5_000);
  const outbound = stats.get("outbound-1");
  expect(outbound).toMatchObject({
    type: "outbound-rtp",
    timestamp: 5_000,
    kind: "video",
    bytesSent: 90_000,
    framesEncoded: 30,
    keyFramesEncoded: 1,
    totalEncodeTime: 0.3,
    frameWidth: 640,
    frameHeight: 360,
    targetBitrate: 800_000,
    qualityLimitationReason: "cpu",
    scalabilityMode: "L1T2",
    encoderImplementation: "openh264 (WebAssembly)",
    wsmediaSource: "screen",
  });
  const inbound = stats.get("inbound-7");
  expect(inbound).toMatchObject({ type: "inbound-rtp", framesDecoded: 49, wsmediaDelay: 60 });
  if (inbound?.type !== "inbound-rtp" || outbound?.type !== "outbound-rtp") throw new Error("of another type");
  // Silence counts as concealed there.
  expect(inbound).toMatchObject({ concealedSamples: 1_920, silentConcealedSamples: 960, totalSamplesReceived: 48_000 });
  expect((inbound.jitterBufferDelay ?? 0) / (inbound.jitterBufferEmittedCount ?? 1)).toBeCloseTo(0.05);
  expect(inbound.audioLevel).toBeCloseTo(0.1);
  expect(stats.get(inbound.codecId ?? "")).toMatchObject({ type: "codec", mimeType: "audio/opus", clockRate: 48_000 });
  expect(stats.get(outbound.codecId ?? "")).toMatchObject({ mimeType: "video/H264" });
  expect(stats.get(inbound.playoutId ?? "")).toMatchObject({ type: "media-playout", totalSamplesDuration: 1 });
  const transport = stats.get(outbound.transportId ?? "");
  expect(transport).toMatchObject({ type: "transport", bytesSent: 100_000, wsmediaLanes: path.lanes });
  expect(transport).toMatchObject({ wsmediaFragmentsLate: 12 });
  const pair = transport?.type === "transport" ? stats.get(transport.selectedCandidatePairId ?? "") : undefined;
  expect(pair).toMatchObject({ nominated: true, currentRoundTripTime: 0.04, availableOutgoingBitrate: 2_000_000 });
});

it("tells how loud everybody is, ourselves included once we are somebody", () => {
  figures.encoded([{ ...sent, kind: "audio", level: 10 }], 0);
  expect([...figures.levels(null).keys()]).toEqual(["p-1"]);
  expect(figures.levels("p-0").get("p-0")).toBe(1);
});

it.each([
  [20, 127],
  [127, 20],
])("takes the louder of two sounds of one person (%d and %d)", (one, other) => {
  figures.decoded(
    [
      { ...heard, level: one },
      { ...heard, trackId: 9, level: other },
    ],
    0,
  );
  const both = figures.levels(null).get("p-1");
  figures.decoded([{ ...heard, level: 20 }], 0);
  expect(both).toBe(figures.levels(null).get("p-1"));
  expect(both).toBeGreaterThan(0);
});
