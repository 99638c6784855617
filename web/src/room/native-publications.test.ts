import { beforeEach, expect, it } from "vitest";
import type { Entry } from "../native/exchange.ts";
import { NativePublications } from "./native-publications.ts";

const OPTIONS = { framerate: 30, maxBitrateBps: 250_000, content: "motion" } as const;

/** A sender as far as publishing looks at it. */
class FakeSender {
  track: object | null = null;
  parameters = { encodings: [{} as { maxBitrate?: number; maxFramerate?: number }] };

  replaceTrack(track: object | null): Promise<void> {
    this.track = track;
    return Promise.resolve();
  }

  getParameters(): FakeSender["parameters"] {
    return structuredClone(this.parameters);
  }

  setParameters(parameters: FakeSender["parameters"]): Promise<void> {
    this.parameters = parameters;
    return Promise.resolve();
  }
}

const rejected: string[] = [];
const told: string[] = [];
let publications: NativePublications;
let senders: { microphone: FakeSender; camera: FakeSender; screen: FakeSender };

function connect(): void {
  senders = { microphone: new FakeSender(), camera: new FakeSender(), screen: new FakeSender() };
  const tell = (change: object) => void told.push(JSON.stringify(change));
  publications.use({ senders, tell } as unknown as Entry);
}

beforeEach(() => {
  rejected.length = 0;
  told.length = 0;
  publications = new NativePublications((id, reason) => void rejected.push(`${id}: ${reason}`));
});

const camera = { id: "c" } as MediaStreamTrack;
const screen = { id: "s" } as MediaStreamTrack;

it("sends by the connection that there is, and by the next one", () => {
  publications.publish("video", "camera", false, OPTIONS).send(camera, OPTIONS);
  connect();
  expect(senders.camera.track).toBe(camera);
  publications.use(null);
  connect();
  expect(senders.camera.track).toBe(camera);
  expect(senders.camera.parameters.encodings[0]).toEqual({ maxBitrate: 250_000, maxFramerate: 30 });
});

it("sends nothing while it is muted, or after its end", () => {
  connect();
  const publication = publications.publish("video", "screen", false, OPTIONS);
  publication.send(screen, OPTIONS);
  publication.mute(true);
  expect(senders.screen.track).toBeNull();
  publication.mute(false);
  expect(senders.screen.track).toBe(screen);
  expect(publications.trackOf("s")).toEqual({ trackId: publication.id, source: "screen" });
  publication.end();
  expect([senders.screen.track, publications.trackOf("s")]).toEqual([null, null]);
});

it("says that a second camera does not go, and leaves the first alone", async () => {
  connect();
  publications.publish("video", "camera", false, OPTIONS).send(camera, OPTIONS);
  const second = publications.publish("video", "camera", false, OPTIONS);
  second.send(screen, OPTIONS);
  second.end();
  await Promise.resolve();
  expect(rejected).toEqual([`${second.id}: With native WebRTC, one camera at a time can be sent.`]);
  expect(senders.camera.track).toBe(camera);
});

it("tells others what is muted, what is not any more, and what is over", () => {
  publications.publish("audio", "microphone", true, OPTIONS);
  connect();
  const screenShare = publications.publish("video", "screen", false, OPTIONS);
  screenShare.mute(true);
  screenShare.mute(true);
  screenShare.mute(false);
  screenShare.end();
  expect(told).toEqual([
    '{"muted":{"microphone":true}}',
    '{"muted":{"screen":true}}',
    '{"muted":{"screen":false}}',
    '{"ended":["screen"]}',
  ]);
});
