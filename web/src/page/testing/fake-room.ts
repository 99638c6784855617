/** A room that nobody is in: drawn people, invented figures. For looking at every state of the page without a server. */

import type {
  Codec,
  ConnectOptions,
  MediaKind,
  PathReading,
  Publication,
  PublishOptions,
  RemoteParticipant,
  RemoteTrack,
  Room,
  RoomEventMap,
  RoomState,
  RoomStatsReport,
  TrackReading,
  TrackSource,
  WayReading,
} from "../../sdk/index.ts";
import { paintedCanvas, paintPortrait, paintScreen } from "./portrait.ts";

const NAMES = [
  "Bob",
  "Carol",
  "Dan",
  "Erin",
  "Frank",
  "Grace",
  "Heidi",
  "Ivan",
  "Judy",
  "Kim",
  "Lars",
  "Mallory",
  "Niaj",
  "Olivia",
  "Peggy",
  "Quentin",
  "Rupert",
  "Sybil",
  "Trent",
  "Uma",
  "Victor",
  "Walter",
];

/** What the imagined room is like. */
export interface Scene {
  /** People besides ourselves. */
  readonly others: number;
  readonly screen: boolean;
  readonly state: RoomState;
  /** Participant number that speaks. */
  readonly speaker: number;
  readonly sound: boolean;
  readonly trouble: boolean;
}

class FakeTrack implements RemoteTrack {
  readonly id: string;
  readonly kind: MediaKind;
  readonly source: TrackSource;
  readonly codec: Codec;
  readonly muted: boolean;
  readonly live: boolean;
  readonly problem: "cannotDecode" | null;
  readonly surface: HTMLElement | null;
  readonly audioNode = null;
  visible = true;
  audible = true;

  constructor(
    id: string,
    source: TrackSource,
    look: Partial<Pick<RemoteTrack, "muted" | "live" | "problem" | "surface" | "codec">>,
  ) {
    this.id = id;
    this.source = source;
    this.kind = source === "microphone" ? "audio" : "video";
    this.codec = look.codec ?? (source === "microphone" ? "opus" : "h264");
    this.muted = look.muted ?? false;
    this.live = look.live ?? true;
    this.problem = look.problem ?? null;
    this.surface = look.surface ?? null;
  }

  get paused(): boolean {
    return !this.visible && this.kind === "video";
  }

  mediaStreamTrack(): Promise<MediaStreamTrack> {
    return Promise.reject(new TypeError("an imagined track carries nothing"));
  }
}

class FakeParticipant implements RemoteParticipant {
  readonly id: string;
  readonly name: string;
  readonly tracks: readonly RemoteTrack[];

  constructor(index: number, scene: Scene) {
    this.id = `p-${index}`;
    this.name = NAMES[index % NAMES.length] ?? "";
    const camera = paintedCanvas(480, 270, (context, seconds) => paintPortrait(context, index, seconds));
    const trouble = scene.trouble ? index : -1;
    this.tracks = [
      new FakeTrack(`${index}-m`, "microphone", { muted: index % 3 === 1 }),
      new FakeTrack(`${index}-c`, "camera", {
        surface: camera,
        muted: index % 5 === 4,
        live: trouble !== 1,
        problem: trouble === 0 ? "cannotDecode" : null,
        codec: trouble === 0 ? ("vp9" as Codec) : "h264",
      }),
      ...(scene.screen && index === 0
        ? [new FakeTrack(`${index}-s`, "screen", { surface: paintedCanvas(1280, 720, paintScreen) })]
        : []),
    ];
  }

  track(source: TrackSource): RemoteTrack | null {
    return this.tracks.find((track) => track.source === source) ?? null;
  }
}

/** An event target whose events are typed. */
const RoomEventTarget = EventTarget as unknown as new () => Pick<
  Room,
  "addEventListener" | "removeEventListener" | "dispatchEvent"
>;

/** The room. */
export class FakeRoom extends RoomEventTarget implements Room {
  readonly mode;
  readonly name: string;
  readonly participantId = "self";
  readonly way: WayReading = {
    rung: "tunnel",
    why: "first",
    rungs: [
      { rung: "direct", state: "fails", elapsedMs: null, failure: "noConnection" },
      { rung: "tunnel", state: "carries", elapsedMs: 180, failure: null },
    ],
  };
  readonly publications: Publication[] = [];
  readonly participants: readonly RemoteParticipant[];
  state: RoomState = "connecting";
  audioRunning = true;
  readonly #scene: Scene;
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(options: ConnectOptions, scene: Scene) {
    super();
    this.mode = options.policy === "native" ? ("native" as const) : ("tunnel" as const);
    this.name = options.room;
    this.#scene = scene;
    this.participants = Array.from({ length: scene.others }, (_, index) => new FakeParticipant(index, scene));
    this.#timer = setInterval(() => this.#levels(), 250);
    queueMicrotask(() => {
      this.state = "connected";
      this.#tell("statechange", { state: "connected", reason: "" });
      if (scene.state !== "connected") {
        this.state = scene.state;
        this.#tell("statechange", { state: scene.state, reason: "" });
      }
      this.audioRunning = scene.sound;
      if (!scene.sound) this.#tell("audiochange", { running: false });
      for (const participant of this.participants) this.#tell("participantjoined", { participant });
    });
  }

  publish(track: MediaStreamTrack, options: PublishOptions = {}): Publication {
    const kind: MediaKind = track.kind === "audio" ? "audio" : "video";
    const source = options.source ?? (kind === "audio" ? "microphone" : "camera");
    const room = this.publications;
    const publication = {
      id: source,
      kind,
      source,
      track: track as MediaStreamTrack | null,
      muted: false,
      replaceTrack(other: MediaStreamTrack | null) {
        publication.track = other;
      },
      unpublish() {
        room.splice(room.indexOf(publication), 1);
      },
    };
    room.push(publication);
    return publication;
  }

  startAudio(): Promise<void> {
    return Promise.resolve();
  }

  useSpeaker(): Promise<void> {
    return Promise.resolve();
  }

  getStats(): Promise<RoomStatsReport> {
    return Promise.resolve(new Map());
  }

  trackReadings(): readonly TrackReading[] {
    const sent = this.publications.map(({ id, kind, source, track }) =>
      reading(id, "self", "sent", kind, source, track === null),
    );
    const received = this.participants.flatMap((person) =>
      person.tracks.map((track) =>
        reading(track.id, person.id, "received", track.kind, track.source, track.muted || !track.visible),
      ),
    );
    return [...sent, ...received];
  }

  pathReading(): PathReading {
    const t = performance.now() / 1000;
    return {
      roundTripMs: 46 + 8 * wave(t, 1),
      queueingMs: 12 + 10 * wave(t, 2),
      pathBitrateBps: 3_100_000 + 300_000 * wave(t, 3),
      sentBitrateBps: 1_400_000 + 200_000 * wave(t, 4),
      receivedBitrateBps: 2_200_000 + 350_000 * wave(t, 5),
      bytesSent: t * 175_000,
      bytesReceived: t * 275_000,
      framesDropped: Math.floor(t / 9),
      lanes: [0, 1].map((laneId) => ({ laneId, kind: "websocket", state: "up", inFlightBytes: 1_200 })),
    };
  }

  leave(): void {
    clearInterval(this.#timer);
    this.state = "ended";
    this.#tell("ended", { end: "left", explanation: "" });
  }

  #levels(): void {
    const levels = new Map(this.participants.map(({ id }, index) => [id, index === this.#scene.speaker ? 0.6 : 0]));
    this.#tell("levels", { levels });
  }

  #tell<Type extends keyof RoomEventMap>(type: Type, detail: RoomEventMap[Type]): void {
    this.dispatchEvent(Object.assign(new Event(type), detail));
  }
}

const wave = (t: number, phase: number): number => Math.sin(t / 3 + phase) * 0.7 + Math.sin(t * 1.3 + phase * 7) * 0.3;

function reading(
  trackId: string,
  participantId: string,
  direction: "sent" | "received",
  kind: MediaKind,
  source: TrackSource,
  still: boolean,
): TrackReading {
  const t = performance.now() / 1000;
  const video = kind === "video";
  const isReceived = direction === "received";
  return {
    trackId,
    participantId,
    direction,
    kind,
    source,
    codec: video ? "avc1.42e01f" : "opus",
    backend: video ? "webcodecs" : "wasm",
    bitrateBps: still ? 0 : video ? 1_250_000 + 90_000 * wave(t, 1) : 31_000,
    targetBitrateBps: isReceived ? null : 1_400_000,
    bytes: Math.round(t * 150_000),
    // Never the same: or the page says that pictures have stopped.
    frames: Math.round(t * 30),
    framesPerSecond: still ? 0 : video ? 29 + wave(t, 2) : 50,
    keyframes: video ? 3 : 0,
    framesDropped: Math.floor(t / 20),
    size: video ? (source === "screen" ? "1920×1080" : "1280×720") : null,
    limitation: isReceived || !video ? null : "bandwidth",
    codecTimeMs: video ? 2.4 : 0.2,
    lastCaptureTimeUs: null,
    delayMs: isReceived ? 118 + 14 * wave(t, video ? 3 : 4) : null,
    skewMs: isReceived && video ? 6 : null,
    level: 0,
    playoutDelayMs: isReceived && !video ? 62 + 16 * wave(t, 5) : null,
    playoutTargetMs: isReceived && !video ? 58 + 6 * wave(t, 6) : null,
    concealed: isReceived && !video ? 0.004 : null,
    freezes: isReceived && video ? 1 : null,
  };
}
