import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { CaptureChoice, LocalMedia } from "../capture/local-media.ts";
import type { EncodeCommand } from "../encode/messages.ts";
import { Publication } from "./publication.ts";

const LOW = { width: 320, height: 180, framerate: 30, maxBitrateBps: 250_000 };
const HIGH = { width: 1280, height: 720, framerate: 30, maxBitrateBps: 1_700_000 };

/** Devices as far as publishing looks at them. */
class FakeMedia extends EventTarget {
  camera: object | null = null;
  microphone: object | null = null;
  choice: Partial<CaptureChoice> = { cameraOn: true, microphoneOn: true, quality: LOW };

  change(to: Partial<FakeMedia>): void {
    Object.assign(this, to);
    this.dispatchEvent(new Event("change"));
  }
}

const told: EncodeCommand[] = [];
const calls: string[] = [];
const tunnel = {
  publish({ codec }: { codec: string }): MessagePort {
    calls.push(`publish ${codec}`);
    return new MessageChannel().port1;
  },
  mute(trackId: number, muted: boolean): void {
    calls.push(`mute ${trackId} ${muted}`);
  },
};

beforeEach(() => {
  told.length = 0;
  calls.length = 0;
  const FakeWorker = class {
    postMessage(command: EncodeCommand): void {
      told.push(command);
    }
    terminate(): void {
      calls.push("terminate");
    }
  };
  const FakeProcessor = class {
    readonly readable = new ReadableStream();
  };
  vi.stubGlobal("Worker", FakeWorker);
  vi.stubGlobal("MediaStreamTrackProcessor", FakeProcessor);
});

afterEach(() => vi.unstubAllGlobals());

function published(media: FakeMedia): Publication {
  const events = { onCannotEncode: () => undefined, onNotLoaded: () => undefined };
  return new Publication(tunnel, media as unknown as LocalMedia, events);
}

it("announces a track once there is something to send, and mutes it while there is not", () => {
  const media = new FakeMedia();
  published(media);
  expect(calls).toEqual([]);
  media.change({ camera: {} });
  media.change({ camera: null });
  media.change({ camera: {} });
  expect(calls).toEqual(["publish h264", "mute 2 true", "mute 2 false"]);
});

it("follows the bitrate of the quality that is chosen during the call", () => {
  const media = new FakeMedia();
  media.camera = {};
  published(media);
  media.change({ camera: {}, choice: { ...media.choice, quality: HIGH } });
  const limits = told.flatMap((command) => (command.type === "videoSource" ? [command.options.maxBitrateBps] : []));
  expect(limits).toEqual([LOW.maxBitrateBps, HIGH.maxBitrateBps]);
});

it("hears nothing of the devices after its end", () => {
  const media = new FakeMedia();
  published(media).close();
  media.change({ camera: {} });
  expect(calls).toEqual(["terminate"]);
});
