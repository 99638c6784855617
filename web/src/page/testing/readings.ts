/** Figures of tracks and paths for tests: quiet ones, but for what a test says. */

import type { PathReading, TrackReading } from "../../sdk/api.ts";

export const track = (figures: Partial<TrackReading> = {}): TrackReading => ({
  trackId: "1",
  participantId: "p",
  direction: "received",
  kind: "video",
  source: "camera",
  codec: "avc1.42e01f",
  backend: "webcodecs",
  bitrateBps: 0,
  targetBitrateBps: null,
  bytes: 0,
  frames: 0,
  framesPerSecond: 30,
  keyframes: 1,
  framesDropped: 0,
  size: "640×360",
  limitation: null,
  codecTimeMs: null,
  lastCaptureTimeUs: null,
  delayMs: null,
  skewMs: null,
  level: 0,
  playoutDelayMs: null,
  playoutTargetMs: null,
  concealed: null,
  freezes: null,
  ...figures,
});

export const path = (figures: Partial<PathReading> = {}): PathReading => ({
  roundTripMs: null,
  queueingMs: null,
  pathBitrateBps: null,
  sentBitrateBps: 0,
  receivedBitrateBps: 0,
  bytesSent: 0,
  bytesReceived: 0,
  framesDropped: 0,
  lanes: [{ laneId: 0, kind: "websocket", state: "up", inFlightBytes: 0 }],
  ...figures,
});
