import { expect, it } from "vitest";
import { EventLog } from "./event-log.ts";
import { History } from "./history.ts";
import { DEFAULTS } from "./preferences.ts";
import { reportOf } from "./report.ts";
import { path, track } from "./testing/readings.ts";

const SECRETS = ["Alice Example", "secret-standup", "participant-id-of-bob", "own-id", "camera-device-id", "track-7f"];

it("tells what helps and nothing of who was where", () => {
  const preferences = { ...DEFAULTS, name: "Alice Example", room: "secret-standup", cameraId: "camera-device-id" };
  const log = new EventLog(1_000);
  log.add("joined", { participant: log.alias("participant-id-of-bob") }, 2_500);
  const history = new History();
  const tracks = [
    track({ trackId: "track-7f", participantId: "participant-id-of-bob", bitrateBps: 1_234 }),
    track({ trackId: "track-7f", participantId: "own-id", direction: "sent" }),
  ];
  history.take(tracks, path(), 0);
  const browser = {
    userAgent: "a browser",
    language: "en",
    cores: 2,
    viewport: "1×1",
    pixelRatio: 1,
    apis: { VideoEncoder: true },
  };
  const report = reportOf(
    {
      versions: { page: "1.2.3", server: null },
      browser,
      preferences,
      mode: "tunnel",
      state: "connected",
      ownId: "own-id",
      tracks,
      path: path(),
      samples: history.samples,
      log,
    },
    new Date(0),
  );
  const text = JSON.stringify(report);
  for (const secret of SECRETS) expect(text).not.toContain(secret);
  expect(report.settings).toMatchObject({
    quality: "720p",
    codecs: "auto",
    cameraChosen: true,
    microphoneChosen: false,
  });
  expect(report.versions.page).toBe("1.2.3");
  expect(report.events).toEqual([{ at: 1.5, kind: "joined", detail: { participant: "participant 1" } }]);
  expect(report.tracks.map(({ participant }) => participant)).toEqual(["participant 1", "self"]);
  expect(report.tracks[0]).toMatchObject({ bitrateBps: 1_234, backend: "webcodecs" });
  expect(report.samples).toHaveLength(1);
});

it("keeps a bounded log, the newest last", () => {
  const log = new EventLog(0);
  for (let index = 0; index < 500; index += 1) log.add("state", { index }, index);
  expect(log.events.length).toBeLessThanOrEqual(200);
  expect(log.events.at(-1)?.detail).toEqual({ index: 499 });
});
