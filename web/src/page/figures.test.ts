import { expect, it } from "vitest";
import { bitrate, codecAndBackend, codecName, laneNames, milliseconds, percent } from "./figures.ts";
import { path } from "./testing/readings.ts";

it.each([
  ["avc1.42e01f L1T2", "H.264"],
  ["video/H264", "H.264"],
  ["opus", "Opus"],
  ["vp8", "VP8"],
  ["vp09.00.10.08", "VP9"],
  ["av01.0.04M.08", "AV1"],
  ["h265", "h265"],
  [null, "–"],
])("calls %s %s", (codec, name) => {
  expect(codecName(codec)).toBe(name);
});

it("says which implementation is at work", () => {
  expect(codecAndBackend({ codec: "h264", backend: "webcodecs" })).toBe("H.264 by WebCodecs");
  expect(codecAndBackend({ codec: "opus", backend: "wasm" })).toBe("Opus by WASM");
  expect(codecAndBackend({ codec: "opus", backend: null })).toBe("Opus");
});

it("gives no sign to milliseconds that round to nothing", () => {
  expect([-0.4, 0.4, -1.6, 112.4, null].map(milliseconds)).toEqual(["0 ms", "0 ms", "-2 ms", "112 ms", "–"]);
});

it("writes figures with their units, and a dash for none", () => {
  expect([bitrate(812_400), bitrate(999_600), bitrate(2_340_000), bitrate(null)]).toEqual([
    "812 kb/s",
    "1.0 Mb/s",
    "2.3 Mb/s",
    "–",
  ]);
  expect(percent(0.0123)).toBe("1.2 %");
  const lane = { laneId: 0, kind: "websocket", state: "up", inFlightBytes: 0 } as const;
  const lanes = [lane, { ...lane, laneId: 1, state: "stalled" as const }, { ...lane, laneId: 2, kind: "http-poll" }];
  expect(laneNames(path({ lanes }))).toBe("websocket × 2 (1 stalled), HTTPS tunnel (requests)");
  expect(laneNames(path({ lanes: [] }))).toBe("–");
});
