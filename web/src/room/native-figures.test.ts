import { beforeEach, expect, it } from "vitest";
import { NativeFigures } from "./native-figures.ts";

/** A connection whose browser reports what it is told to. */
function connectionOf(entries: ReadonlyArray<Readonly<Record<string, unknown>> & { readonly id: string }>) {
  const report = new Map(entries.map((entry) => [entry.id, entry]));
  return { getStats: () => Promise.resolve(report) } as unknown as RTCPeerConnection;
}

const ours = connectionOf([
  {
    id: "O1",
    type: "outbound-rtp",
    kind: "audio",
    mediaSourceId: "S1",
    codecId: "C1",
    bytesSent: 4_000,
    packetsSent: 50,
  },
  { id: "O2", type: "outbound-rtp", kind: "video", bytesSent: 0, framesEncoded: 0 },
  { id: "S1", type: "media-source", trackIdentifier: "microphone", audioLevel: 0.1 },
  { id: "C1", type: "codec", mimeType: "audio/opus" },
  { id: "P1", type: "candidate-pair", nominated: true, currentRoundTripTime: 0.025, availableOutgoingBitrate: 1e6 },
  { id: "P2", type: "candidate-pair", nominated: false, currentRoundTripTime: 9 },
]);

const video = (bytesReceived: number, framesDecoded: number) => ({
  id: "I1",
  type: "inbound-rtp",
  kind: "video",
  trackIdentifier: "picture",
  codecId: "C1",
  bytesReceived,
  framesDecoded,
  totalDecodeTime: framesDecoded / 200,
  frameWidth: 640,
  frameHeight: 360,
  freezeCount: 1,
});
const h264 = { id: "C1", type: "codec", mimeType: "video/H264" };

const at = (connection: RTCPeerConnection, participantId: string, own = false) => ({
  participantId,
  own,
  connection,
  trackOf: (identifier: string) =>
    identifier === "microphone"
      ? ({ trackId: "1", source: "microphone" } as const)
      : identifier === "picture"
        ? ({ trackId: `${participantId}/4`, source: "screen" } as const)
        : null,
});

let figures: NativeFigures;

beforeEach(async () => {
  figures = new NativeFigures();
  await figures.read([at(connectionOf([video(10_000, 30), h264]), "p-1"), at(ours, "p-0", true)], 0);
  await figures.read([at(connectionOf([video(35_000, 60), h264]), "p-1"), at(ours, "p-0", true)], 1_000);
});

it("reads what a tunnelled room reads too", () => {
  const theirs = figures.tracks.find(({ direction }) => direction === "received");
  expect(theirs).toMatchObject({
    trackId: "p-1/4",
    participantId: "p-1",
    source: "screen",
    codec: "video/H264",
    backend: "native",
    bitrateBps: 200_000,
    framesPerSecond: 30,
    size: "640×360",
    freezes: 1,
  });
  expect(theirs?.codecTimeMs).toBeCloseTo(5);
});

it("leaves out sections by which nothing goes", () => {
  expect(figures.tracks.map(({ trackId }) => trackId).sort()).toEqual(["1", "p-1/4"]);
});

it("takes the path from the pair in use of our own connection, and adds up the rest", () => {
  expect(figures.path).toMatchObject({
    roundTripMs: 25,
    pathBitrateBps: 1_000_000,
    receivedBitrateBps: 200_000,
    bytesReceived: 35_000,
    lanes: [{ kind: "webrtc", state: "up" }],
  });
});

it("keeps ids of different connections apart, and references within each", () => {
  const inbound = figures.report.get("p-1/I1");
  if (inbound?.type !== "inbound-rtp") throw new Error("of another type");
  expect(inbound).toMatchObject({ wsmediaTrackId: "p-1/4", wsmediaSource: "screen", wsmediaParticipantId: "p-1" });
  expect(figures.report.get(inbound.codecId ?? "")).toMatchObject({ mimeType: "video/H264" });
  expect(figures.report.get("p-0/C1")).toMatchObject({ mimeType: "audio/opus" });
  expect([...figures.report.values()].some(({ type }) => (type as string) === "media-source")).toBe(false);
});

it("tells how loud we are ourselves", () => {
  expect(figures.levels.get("p-0")).toBeCloseTo(0.8);
});
