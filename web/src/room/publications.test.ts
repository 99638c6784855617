import { beforeEach, expect, it, vi } from "vitest";
import type { Track } from "../base/media.ts";
import type { EncodeCommand, EncodeReport } from "../encode/messages.ts";
import { type EncodeWorker, Publications } from "./publications.ts";

const OPTIONS = { framerate: 30, maxBitrateBps: 250_000, content: "motion" } as const;

const told: EncodeCommand[] = [];
const calls: string[] = [];
const failed: string[] = [];
const tunnel = {
  publish({ trackId, codec, source, muted }: Track): MessagePort {
    calls.push(`publish ${trackId} ${codec} ${source}${muted ? " muted" : ""}`);
    return new MessageChannel().port1;
  },
  unpublish: (trackId: number) => void calls.push(`unpublish ${trackId}`),
  mute: (trackId: number, muted: boolean) => void calls.push(`mute ${trackId} ${muted}`),
};
let worker: EncodeWorker | null = null;
let publications: Publications;

beforeEach(() => {
  told.length = 0;
  calls.length = 0;
  failed.length = 0;
  worker = null;
  vi.stubGlobal(
    "MediaStreamTrackProcessor",
    class {
      readonly readable = new ReadableStream();
    },
  );
  const events = {
    onCannotEncode: (id: string, late: boolean) => void failed.push(late ? `${id} late` : id),
    onStatistics: () => undefined,
    onNotLoaded: () => void failed.push("worker"),
  };
  publications = new Publications(tunnel, "wasm", events, () => {
    worker = {
      postMessage: (command: EncodeCommand) => void told.push(command),
      onmessage: null,
      onerror: null,
    };
    return worker;
  });
  return () => vi.unstubAllGlobals();
});

const camera = {} as MediaStreamTrack;

it("starts its worker with the first track, and lets it stop what feeds it before it ends", () => {
  expect(worker).toBeNull();
  publications.publish("video", "camera", false, OPTIONS);
  expect(worker).not.toBeNull();
  publications.close();
  expect(told.at(-1)).toEqual({ type: "close" });
});

it("publishes a screen beside a camera, under an id of its own", () => {
  const first = publications.publish("video", "camera", true, OPTIONS);
  const second = publications.publish("video", "screen", false, { ...OPTIONS, content: "detail" });
  expect(first.id).not.toBe(second.id);
  expect(calls).toEqual(["publish 1 h264 camera muted", "publish 2 h264 screen"]);
  const started = told.filter((command) => command.type === "startVideo");
  expect(started.map(({ options, codecs }) => [options.content, codecs])).toEqual([
    ["motion", "wasm"],
    ["detail", "wasm"],
  ]);
});

it("gives the worker the source of the moment, and what to aim for", () => {
  const publication = publications.publish("video", "camera", false, OPTIONS);
  publication.send(camera, { ...OPTIONS, maxBitrateBps: 800_000 });
  publication.send(null, OPTIONS);
  const sources = told.flatMap((command) => (command.type === "videoSource" ? [command] : []));
  expect(sources.map(({ source, options }) => [source?.kind, options.maxBitrateBps])).toEqual([
    ["stream", 800_000],
    [undefined, 250_000],
  ]);
});

it("mutes at the encoder and before everybody", () => {
  const publication = publications.publish("audio", "microphone", false, OPTIONS);
  publication.mute(true);
  expect(calls.at(-1)).toBe("mute 1 true");
  expect(told.at(-1)).toEqual({ type: "mute", trackId: 1, muted: true });
});

it("ends a track once, and gives its id to nobody else", () => {
  const publication = publications.publish("video", "screen", false, OPTIONS);
  publication.end();
  publication.end();
  expect(calls.filter((call) => call.startsWith("unpublish"))).toEqual(["unpublish 1"]);
  expect(publications.get(1)).toBeNull();
  expect(publications.publish("video", "screen", false, OPTIONS).id).toBe("2");
  publication.send(camera, OPTIONS);
  expect(told.filter((command) => command.type === "videoSource")).toEqual([]);
});

it.each([true, false])("tells us and others which track cannot be encoded", (late) => {
  const publication = publications.publish("video", "camera", false, OPTIONS);
  const data: EncodeReport = { type: "failed", trackId: 1, kind: "video", detail: "", late };
  worker?.onmessage?.call(worker as unknown as Worker, { data } as MessageEvent);
  expect(failed).toEqual([late ? "1 late" : "1"]);
  publication.mute(false);
  expect(calls).toEqual(["publish 1 h264 camera", "mute 1 true", "mute 1 true"]);
});
