/** A room through the tunnel: joins the transport, encode and decode workers; media never touches the main thread. */

import { CloseCode } from "../base/errors.ts";
import { kindOf, type MediaKind, type Track, type TrackSource } from "../base/media.ts";
import { preparePictures } from "../capture/pictures.ts";
import type { VideoOptions } from "../encode/messages.ts";
import type { AudioOutput } from "../playout/audio-output.ts";
import type { TunnelState } from "../transport/messages.ts";
import { Tunnel } from "../transport/tunnel.ts";
import type { LinkEvents, LinkOptions, LinkPublication, RoomLink } from "./link.ts";
import { Publications } from "./publications.ts";
import { Reception } from "./reception.ts";
import type { RoomStatsReport } from "./stats.ts";
import { TunnelFigures } from "./tunnel-figures.ts";
import type { PathReading, RoomEnd, RoomState, TrackReading } from "./vocabulary.ts";

const ENDS = new Map<number, RoomEnd>([
  [CloseCode.LEFT, "left"],
  [CloseCode.UNAUTHORIZED, "tokenRefused"],
  [CloseCode.FORBIDDEN, "forbidden"],
  [CloseCode.TIMEOUT, "serverGone"],
  [CloseCode.SESSION_UNKNOWN, "serverGone"],
  [CloseCode.RATE_LIMITED, "rateLimited"],
  [CloseCode.TOO_LARGE, "rateLimited"],
  [CloseCode.MALFORMED, "versionMismatch"],
  [CloseCode.VERSION_UNSUPPORTED, "versionMismatch"],
  [CloseCode.SFU_FAILED, "sfuFailed"],
  [CloseCode.OVERLOADED, "overloaded"],
]);

/** How long to wait for any answer of the server before saying that it is gone. */
const PROBE_MS = 5_000;

/** One way into a room; begins at once. */
export class TunnelLink implements RoomLink {
  readonly mode = "tunnel";
  readonly canPause = true;
  readonly heardBytes = null;
  readonly #url: string;
  readonly #events: LinkEvents;
  readonly #tunnel: Tunnel;
  readonly #publications: Publications;
  readonly #reception: Reception;
  readonly #figures: TunnelFigures;
  /** Everybody else's tracks. */
  readonly #tracks = new Map<number, Track>();
  #participantId: string | null = null;
  #tunnelState: TunnelState = "connecting";
  #roomState: "connecting" | "connected" | "reconnecting" = "connecting";
  #wasInRoom = false;
  #state: RoomState = "connecting";

  constructor(options: LinkOptions, output: AudioOutput, events: LinkEvents) {
    const { url, room, name, token, handover, codecs, lanes, maxLanes, lane } = options;
    this.#url = url;
    this.#events = events;
    void preparePictures();
    this.#figures = new TunnelFigures((direction, trackId) =>
      direction === "sent" ? this.#publications.get(trackId) : (this.#tracks.get(trackId) ?? null),
    );
    this.#reception = new Reception(
      output,
      {
        onPicture: (trackId) => events.onTrackChanged(String(trackId), { live: true }),
        onNotLoaded: () => void this.#closed("crashed", ""),
        onCannotDecode: (trackId) => events.onTrackChanged(String(trackId), { problem: "cannotDecode" }),
        onStatistics: (tracks) => {
          this.#figures.decoded(tracks, performance.now());
          if (this.#state !== "ended") events.onLevels(this.#figures.levels(this.#participantId));
        },
      },
      codecs,
    );
    const entry = { url, room, name, lanes, maxLanes, lane, ...(handover === null ? {} : { handover }) };
    this.#tunnel = new Tunnel(token === null ? entry : { ...entry, token }, {
      stateChanged: (state, reason) => {
        this.#tunnelState = state;
        this.#tellState(reason);
      },
      established: (participantId, resumed) => {
        this.#participantId = participantId;
        if (!resumed) this.#roomState = "connecting";
      },
      participantJoined: ({ participantId, name: theirName }) => events.onJoined(participantId, theirName),
      participantLeft: (participantId) => events.onLeft(participantId),
      trackAdded: (participantId, track, port) => this.#trackAdded(participantId, track, port),
      trackRemoved: (trackId) => this.#trackRemoved(trackId),
      trackMuted: (trackId, muted) => {
        this.#reception.setMuted(trackId);
        events.onTrackChanged(String(trackId), { muted });
      },
      publishRejected: (trackId, reason) => events.onRejected(String(trackId), reason),
      roomStateChanged: (state, reason) => {
        this.#roomState = state;
        this.#wasInRoom ||= state === "connected";
        this.#tellState(reason);
      },
      statistics: (statistics) => {
        this.#figures.path = statistics;
      },
      closed: (code, _reason, explanation) => void this.#closed(ENDS.get(code) ?? "crashed", explanation),
    });
    this.#publications = new Publications(this.#tunnel, codecs, {
      onNotLoaded: () => void this.#closed("crashed", ""),
      onCannotEncode: (publicationId, late) => events.onCannotEncode(publicationId, late),
      onStatistics: (tracks) => this.#figures.encoded(tracks, performance.now()),
    });
  }

  get participantId(): string | null {
    return this.#participantId;
  }

  publish(kind: MediaKind, source: TrackSource, muted: boolean, options: VideoOptions): LinkPublication {
    return this.#publications.publish(kind, source, muted, options);
  }

  pause(trackId: string, paused: boolean): void {
    this.#reception.setPaused(Number(trackId), paused);
    this.#tunnel.pause(Number(trackId), paused);
  }

  setAudible(trackId: string, audible: boolean): void {
    this.#reception.setAudible(Number(trackId), audible);
  }

  audioNode(trackId: string): AudioNode | null {
    return this.#reception.nodeOf(Number(trackId));
  }

  mediaStreamTrack(trackId: string): Promise<MediaStreamTrack> {
    return this.#reception.mediaStreamTrack(Number(trackId));
  }

  resumeSound(): void {
    // Everything plays through the audio context.
  }

  outputClock(contextTime: number, wallUs: number): void {
    this.#reception.outputClock(contextTime, wallUs);
  }

  readings(): readonly TrackReading[] {
    return this.#figures.readings(this.#participantId ?? "self");
  }

  path(): PathReading | null {
    return this.#figures.pathReading();
  }

  stats(): Promise<RoomStatsReport> {
    return Promise.resolve(this.#figures.stats(this.#participantId ?? "self", Date.now()));
  }

  leave(): void {
    this.#tunnel.close();
  }

  #trackAdded(participantId: string, track: Track, port: MessagePort): void {
    const { trackId, codec, source, muted } = track;
    this.#tracks.set(trackId, track);
    const id = String(trackId);
    if (kindOf(codec) === "audio") {
      void this.#reception.addAudio(participantId, track, port);
      this.#events.onTrackAdded(participantId, { id, codec, source, muted, surface: null });
      return;
    }
    const surface = this.#reception.addVideo(participantId, track, port);
    this.#events.onTrackAdded(participantId, { id, codec, source, muted, surface });
  }

  #trackRemoved(trackId: number): void {
    this.#reception.remove(trackId);
    this.#tracks.delete(trackId);
    this.#events.onTrackRemoved(String(trackId));
  }

  #tellState(reason: string): void {
    if (this.#tunnelState === "closed" || this.#state === "ended") return;
    // The way to the gateway is one half, the gateway's way into the room the other.
    const half = this.#tunnelState === "connected" ? this.#roomState : this.#tunnelState;
    const state: RoomState = half === "connecting" && this.#wasInRoom ? "reconnecting" : half;
    if (state === this.#state && reason === "") return;
    this.#state = state;
    this.#events.onState(state, reason);
  }

  async #closed(end: RoomEnd, explanation: string): Promise<void> {
    // Workers come from the server too: without one they "crash" before they have begun.
    const never = end === "crashed" && this.#participantId === null;
    this.#end(never && !(await this.#serverAnswers()) ? "serverGone" : end, explanation);
  }

  async #serverAnswers(): Promise<boolean> {
    const address = new URL("healthz", this.#url);
    return fetch(address, { cache: "no-store", mode: "no-cors", signal: AbortSignal.timeout(PROBE_MS) }).then(
      () => true,
      () => false,
    );
  }

  #end(end: RoomEnd, explanation: string): void {
    if (this.#state === "ended") return;
    this.#state = "ended";
    this.#tunnel.close();
    this.#publications.close();
    this.#reception.close();
    this.#events.onState("ended", explanation);
    this.#events.onEnded(end, explanation);
  }
}
