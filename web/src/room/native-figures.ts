/** Turns WebRTC's own statistics of all connections into the readings and the one report that a tunnelled room gives too. */

import type { TrackSource } from "../base/media.ts";
import { Rates } from "./rates.ts";
import type { RoomStats, RoomStatsReport } from "./stats.ts";
import type { PathReading, TrackReading } from "./vocabulary.ts";

/** A connection, and how to tell what its tracks are. */
export interface MeasuredConnection {
  readonly participantId: string;
  /** The one that we publish by: the path's figures are its. */
  readonly own: boolean;
  readonly connection: RTCPeerConnection | null;
  /** @param identifier a MediaStreamTrack's id; null for those that carry nothing. */
  trackOf(identifier: string): { readonly trackId: string; readonly source: TrackSource } | null;
}

/** One entry of a browser's report; the type library knows too few of its members. */
type Figures = Readonly<Record<string, unknown>>;

const KEPT: ReadonlySet<unknown> = new Set([
  "inbound-rtp",
  "outbound-rtp",
  "codec",
  "transport",
  "candidate-pair",
  "media-playout",
]);

function numberIn(figures: Figures | undefined, name: string): number | null {
  const value = figures?.[name];
  return typeof value === "number" ? value : null;
}

function textIn(figures: Figures | undefined, name: string): string {
  const value = figures?.[name];
  return typeof value === "string" ? value : "";
}

/** Loudness 0 … 1 for eyes, from WebRTC's linear level. */
function loudnessOf(audioLevel: number | null): number {
  if (audioLevel === null || audioLevel <= 0) return 0;
  return Math.max(0, Math.min(1, (60 + 20 * Math.log10(audioLevel)) / 50));
}

/** Bytes and time of the reading before. */
interface Counted {
  readonly bytes: number;
  readonly at: number;
}

/** Reads all connections of a native room. */
export class NativeFigures {
  tracks: readonly TrackReading[] = [];
  path: PathReading | null = null;
  levels: ReadonlyMap<string, number> = new Map();
  /** Octets that have arrived on all connections, of media and everything else. */
  heardBytes = 0;
  report: RoomStatsReport = new Map();
  readonly #rates = new Rates();
  #before = new Map<string, Counted>();

  /** Ask all browsers' ends. @param now ms on any clock that never runs backwards. */
  async read(connections: readonly MeasuredConnection[], now: number): Promise<void> {
    const tracks: TrackReading[] = [];
    const report = new Map<string, RoomStats>();
    const before = this.#before;
    this.#before = new Map();
    let path: PathReading | null = null;
    let heardBytes = 0;
    for (const measured of connections) {
      const browsers = await measured.connection?.getStats().catch(() => undefined);
      if (browsers === undefined) continue;
      const all = new Map<string, Figures>();
      browsers.forEach((figures: Figures, id: string) => void all.set(id, figures));
      for (const figures of all.values()) {
        const type = textIn(figures, "type");
        if (type === "candidate-pair") heardBytes += numberIn(figures, "bytesReceived") ?? 0;
        if (!KEPT.has(type)) continue;
        const known = isTrack(type) ? trackOf(measured, figures, all) : null;
        if (isTrack(type) && known === null) continue;
        const reading = known === null ? null : this.#reading(measured.participantId, known, figures, all, before, now);
        if (reading !== null) tracks.push(reading);
        const entry = entryOf(measured.participantId, figures, reading);
        report.set(entry.id, entry);
        if (type === "candidate-pair" && figures.nominated === true && measured.own) path = pathOf(figures);
      }
    }
    this.heardBytes = heardBytes;
    this.tracks = tracks;
    this.report = report;
    this.levels = new Map(tracks.flatMap((t) => (t.kind === "audio" ? [[t.participantId, t.level]] : [])));
    this.path = path === null ? null : { ...path, ...sums(tracks) };
  }

  #reading(
    participantId: string,
    { trackId, source }: { readonly trackId: string; readonly source: TrackSource },
    figures: Figures,
    all: ReadonlyMap<string, Figures>,
    before: ReadonlyMap<string, Counted>,
    now: number,
  ): TrackReading {
    const sent = figures.type === "outbound-rtp";
    const kind = figures.kind === "audio" ? "audio" : "video";
    const number = (name: string) => numberIn(figures, name);
    const width = number("frameWidth");
    const height = number("frameHeight");
    const bytes = number(sent ? "bytesSent" : "bytesReceived") ?? 0;
    const count =
      kind === "audio" ? (sent ? "packetsSent" : "packetsReceived") : sent ? "framesEncoded" : "framesDecoded";
    const frames = number(count) ?? 0;
    const key = `${participantId} ${textIn(figures, "id")}`;
    this.#rates.read(key, frames, number(sent ? "totalEncodeTime" : "totalDecodeTime") ?? 0, now);
    this.#before.set(key, { bytes, at: now });
    const last = before.get(key);
    const bitrateBps = last === undefined || now <= last.at ? 0 : ((bytes - last.bytes) * 8000) / (now - last.at);
    const emitted = number("jitterBufferEmittedCount");
    const perSample = (total: number | null) => (emitted && total !== null ? (total / emitted) * 1000 : null);
    const concealed = number("concealedSamples");
    const samples = number("totalSamplesReceived");
    const limitation = textIn(figures, "qualityLimitationReason");
    const levelIn = sent ? all.get(textIn(figures, "mediaSourceId")) : figures;
    return {
      trackId,
      participantId,
      direction: sent ? "sent" : "received",
      kind,
      source,
      codec: textIn(all.get(textIn(figures, "codecId")), "mimeType") || null,
      backend: "native",
      bitrateBps: Math.max(0, Math.round(bitrateBps)),
      targetBitrateBps: sent ? number("targetBitrate") : null,
      bytes,
      frames,
      framesPerSecond: this.#rates.framesPerSecond(key),
      keyframes: number(sent ? "keyFramesEncoded" : "keyFramesDecoded") ?? 0,
      framesDropped: number("framesDropped") ?? 0,
      size: width === null || height === null ? null : `${width}×${height}`,
      limitation: limitation === "none" || limitation === "bandwidth" || limitation === "cpu" ? limitation : null,
      codecTimeMs: kind === "video" ? this.#rates.codecTimeMs(key) : null,
      lastCaptureTimeUs: null,
      delayMs: null,
      skewMs: null,
      level: loudnessOf(numberIn(levelIn, "audioLevel")),
      playoutDelayMs: kind === "audio" ? perSample(number("jitterBufferDelay")) : null,
      playoutTargetMs: kind === "audio" ? perSample(number("jitterBufferTargetDelay")) : null,
      concealed: concealed === null || !samples ? null : concealed / samples,
      freezes: kind === "video" && !sent ? number("freezeCount") : null,
    };
  }
}

const isTrack = (type: string): boolean => type === "inbound-rtp" || type === "outbound-rtp";

function trackOf(
  measured: MeasuredConnection,
  figures: Figures,
  all: ReadonlyMap<string, Figures>,
): { readonly trackId: string; readonly source: TrackSource } | null {
  const sent = figures.type === "outbound-rtp";
  const holder = sent ? all.get(textIn(figures, "mediaSourceId")) : figures;
  const identifier = textIn(holder, "trackIdentifier");
  return identifier === "" ? null : measured.trackOf(identifier);
}

/** The entry with ids that differ between connections, and what the room knows of its track. */
function entryOf(participantId: string, figures: Figures, reading: TrackReading | null): RoomStats {
  const entry: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(figures)) {
    const refers = name === "id" || (name.endsWith("Id") && typeof value === "string");
    entry[name] = refers ? `${participantId}/${String(value)}` : value;
  }
  if (reading !== null) {
    entry.wsmediaTrackId = reading.trackId;
    entry.wsmediaParticipantId = participantId;
    entry.wsmediaSource = reading.source;
    entry.wsmediaBackend = "native";
    entry.wsmediaBitrate = reading.bitrateBps;
  }
  return entry as unknown as RoomStats;
}

function pathOf(figures: Figures): PathReading {
  const roundTripS = numberIn(figures, "currentRoundTripTime");
  return {
    roundTripMs: roundTripS === null ? null : roundTripS * 1000,
    queueingMs: null,
    pathBitrateBps: numberIn(figures, "availableOutgoingBitrate"),
    sentBitrateBps: null,
    receivedBitrateBps: null,
    bytesSent: null,
    bytesReceived: null,
    framesDropped: null,
    lanes: [{ laneId: 0, kind: "webrtc", state: "up", inFlightBytes: 0 }],
  };
}

function sums(tracks: readonly TrackReading[]): Partial<PathReading> {
  const sum = (direction: "sent" | "received", of: (track: TrackReading) => number) =>
    tracks.reduce((total, track) => total + (track.direction === direction ? of(track) : 0), 0);
  return {
    sentBitrateBps: sum("sent", (track) => track.bitrateBps),
    receivedBitrateBps: sum("received", (track) => track.bitrateBps),
    bytesSent: sum("sent", (track) => track.bytes),
    bytesReceived: sum("received", (track) => track.bytes),
  };
}
