/** Turns WebRTC's statistics (W3C webrtc-stats) into the same readings that a tunnelled call gives. */

import type { PathReading, TrackReading } from "./call.ts";

interface HasConnection {
  readonly connection: RTCPeerConnection | null;
}

/** One entry of a statistics report; the type library knows too few of its members. */
type Figures = ReadonlyMap<string, unknown>;

const number = (figures: Figures, name: string): number | null => {
  const value = figures.get(name);
  return typeof value === "number" ? value : null;
};

const text = (figures: Figures | undefined, name: string): string | null => {
  const value = figures?.get(name);
  return typeof value === "string" ? value : null;
};

/** Loudness 0 … 1 for eyes, from WebRTC's linear level. */
function loudnessOf(audioLevel: number | null): number {
  if (audioLevel === null || audioLevel <= 0) return 0;
  return Math.max(0, Math.min(1, (60 + 20 * Math.log10(audioLevel)) / 50));
}

/** Reads all connections of a native call. */
export class NativeReadings {
  tracks: readonly TrackReading[] = [];
  path: PathReading | null = null;
  levels: ReadonlyMap<string, number> = new Map();
  /** Bytes and time of the reading before, by track. */
  #before = new Map<string, { bytes: number; at: number }>();

  async read(
    publishing: (HasConnection & { readonly participantId: string }) | null,
    subscriptions: ReadonlyMap<string, HasConnection>,
  ): Promise<void> {
    const tracks: TrackReading[] = [];
    const sources: Array<readonly [string, RTCPeerConnection | null]> = [...subscriptions].map(
      ([participantId, each]) => [participantId, each.connection],
    );
    if (publishing !== null) sources.push([publishing.participantId, publishing.connection]);
    let roundTripMs: number | null = null;
    let pathBitrateBps: number | null = null;
    for (const [participantId, connection] of sources) {
      const report = await connection?.getStats().catch(() => undefined);
      if (report === undefined) continue;
      const all = new Map<string, Figures>();
      report.forEach((figures: object, id: string) => void all.set(id, new Map(Object.entries(figures))));
      for (const figures of all.values()) {
        const type = text(figures, "type");
        if (type === "outbound-rtp" || type === "inbound-rtp") tracks.push(this.#track(participantId, figures, all));
        if (type === "candidate-pair" && figures.get("nominated") === true && connection === publishing?.connection) {
          const seconds = number(figures, "currentRoundTripTime");
          roundTripMs = seconds === null ? null : seconds * 1000;
          pathBitrateBps = number(figures, "availableOutgoingBitrate");
        }
      }
    }
    const sum = (direction: "sent" | "received") =>
      tracks.reduce((total, track) => total + (track.direction === direction ? track.bitrateBps : 0), 0);
    this.tracks = tracks;
    this.levels = new Map(
      tracks.flatMap((t) => (t.kind === "audio" && t.direction === "received" ? [[t.participantId, t.level]] : [])),
    );
    this.path =
      publishing === null
        ? null
        : {
            roundTripMs,
            queueingMs: null,
            pathBitrateBps,
            sentBitrateBps: sum("sent"),
            receivedBitrateBps: sum("received"),
            lanes: ["webrtc"],
          };
  }

  #track(participantId: string, figures: Figures, all: ReadonlyMap<string, Figures>): TrackReading {
    const sent = text(figures, "type") === "outbound-rtp";
    const kind = text(figures, "kind") === "audio" ? "audio" : "video";
    const source = all.get(text(figures, "mediaSourceId") ?? "");
    const width = number(figures, "frameWidth");
    const height = number(figures, "frameHeight");
    const bytes = number(figures, sent ? "bytesSent" : "bytesReceived") ?? 0;
    const count =
      kind === "audio" ? (sent ? "packetsSent" : "packetsReceived") : sent ? "framesEncoded" : "framesDecoded";
    const emitted = number(figures, "jitterBufferEmittedCount");
    const held = number(figures, "jitterBufferDelay");
    const concealed = number(figures, "concealedSamples");
    const samples = number(figures, "totalSamplesReceived");
    return {
      participantId,
      direction: sent ? "sent" : "received",
      kind,
      codec: text(all.get(text(figures, "codecId") ?? ""), "mimeType"),
      bitrateBps: this.#bitrate(`${participantId}/${number(figures, "ssrc")}`, bytes),
      frames: number(figures, count) ?? 0,
      keyframes: number(figures, sent ? "keyFramesEncoded" : "keyFramesDecoded") ?? 0,
      framesDropped: number(figures, "framesDropped") ?? 0,
      size: width === null || height === null ? null : `${width}×${height}`,
      lastCaptureTimeUs: null,
      delayMs: null,
      skewMs: null,
      level: loudnessOf(number(sent ? (source ?? figures) : figures, "audioLevel")),
      playoutDelayMs: kind === "audio" && emitted && held !== null ? (held / emitted) * 1000 : null,
      concealed: concealed === null || !samples ? null : concealed / samples,
    };
  }

  #bitrate(key: string, bytes: number): number {
    const at = performance.now();
    const before = this.#before.get(key);
    this.#before.set(key, { bytes, at });
    if (this.#before.size > 200) this.#before = new Map([[key, { bytes, at }]]);
    if (before === undefined || at <= before.at) return 0;
    return Math.max(0, Math.round(((bytes - before.bytes) * 8000) / (at - before.at)));
  }
}
