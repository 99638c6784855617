/** A call through the tunnel: joins the transport, encode and decode workers; media never touches the main thread. */

import { CloseCode } from "../base/errors.ts";
import type { Track } from "../base/media.ts";
import type { LocalMedia } from "../capture/local-media.ts";
import type { AudioOutput } from "../playout/audio-output.ts";
import type { TunnelState, TunnelStatistics } from "../transport/messages.ts";
import { Tunnel } from "../transport/tunnel.ts";
import {
  type Call,
  type CallEnd,
  type CallEvents,
  type CallOptions,
  type CallState,
  loudness,
  type PathReading,
  type Person,
  type TrackReading,
} from "./call.ts";
import { Publication } from "./publication.ts";
import { receivedReading, sentReading } from "./readings.ts";
import { Reception } from "./reception.ts";
import { Roster } from "./roster.ts";

const ENDS = new Map<number, CallEnd>([
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

/** One call; begins at once. */
export class TunnelCall implements Call {
  readonly mode = "tunnel";
  readonly #url: string;
  readonly #events: CallEvents;
  readonly #roster: Roster;
  readonly #tunnel: Tunnel;
  readonly #publication: Publication;
  readonly #reception: Reception;
  #participantId: string | null = null;
  #tunnelState: TunnelState = "connecting";
  #roomLost: string | null = null;
  #state: CallState = "connecting";
  #path: TunnelStatistics | null = null;

  constructor(options: CallOptions, media: LocalMedia, output: AudioOutput, events: CallEvents) {
    this.#url = options.url;
    this.#events = events;
    this.#roster = new Roster((people) => events.onPeople(people));
    this.#reception = new Reception(output, {
      onPicture: (trackId) => this.#roster.changeTrack(String(trackId), { live: true }),
      onNotLoaded: () => void this.#closed("crashed", ""),
      onCannotDecode: (trackId, kind) => this.#cannotDecode(trackId, kind),
      onStatistics: (tracks) => {
        events.onLevels(
          new Map(tracks.flatMap((t) => (t.kind === "audio" ? [[t.participantId, loudness(t.level)]] : []))),
        );
      },
    });
    const { url, room, name, token } = options;
    this.#tunnel = new Tunnel(token === null ? { url, room, name } : { url, room, name, token }, {
      stateChanged: (state, reason) => {
        this.#tunnelState = state;
        this.#tellState(reason);
      },
      established: (participantId) => {
        this.#participantId = participantId;
      },
      participantJoined: ({ participantId, name }) => this.#roster.join(participantId, name),
      participantLeft: (participantId) => this.#roster.leave(participantId),
      trackAdded: (participantId, track, port) => this.#trackAdded(participantId, track, port),
      trackRemoved: (trackId) => {
        this.#reception.remove(trackId);
        this.#roster.changeTrack(String(trackId), null);
      },
      trackMuted: (trackId, muted) => this.#roster.changeTrack(String(trackId), { muted }),
      publishRejected: (trackId, reason) => {
        events.onProblem({ kind: "rejected", media: this.#publication.kindOf(trackId), reason });
      },
      roomStateChanged: (state, reason) => {
        this.#roomLost = state === "connected" ? null : reason;
        this.#tellState(reason);
      },
      statistics: (statistics) => {
        this.#path = statistics;
      },
      closed: (code, _reason, explanation) => void this.#closed(ENDS.get(code) ?? "crashed", explanation),
    });
    this.#publication = new Publication(this.#tunnel, media, {
      onNotLoaded: () => void this.#closed("crashed", ""),
      onCannotEncode: (kind) => events.onProblem({ kind: "cannotEncode", media: kind }),
    });
  }

  get state(): CallState {
    return this.#state;
  }

  get participantId(): string | null {
    return this.#participantId;
  }

  get people(): readonly Person[] {
    return this.#roster.people;
  }

  leave(): void {
    this.#tunnel.close();
  }

  tracks(): readonly TrackReading[] {
    const self = this.#participantId ?? "self";
    return [
      ...this.#publication.statistics.map((track) => sentReading(self, track)),
      ...this.#reception.statistics.map(receivedReading),
    ];
  }

  path(): PathReading | null {
    if (this.#path === null) return null;
    const { roundTripTime, queueingDelay, pathBitrateBps, sentBitrateBps, receivedBitrateBps, lanes } = this.#path;
    return {
      roundTripMs: roundTripTime,
      queueingMs: queueingDelay,
      pathBitrateBps,
      sentBitrateBps,
      receivedBitrateBps,
      lanes,
    };
  }

  resumeSound(): void {
    // Everything plays through the audio context.
  }

  audioNode(participantId: string): AudioNode | null {
    return this.#reception.audioNode(participantId);
  }

  /** What the audio context plays at `contextTime` (s) is heard at `wallUs`. */
  outputClock(contextTime: number, wallUs: number): void {
    this.#reception.outputClock(contextTime, wallUs);
  }

  #trackAdded(participantId: string, track: Track, port: MessagePort): void {
    const trackId = String(track.trackId);
    const { muted } = track;
    if (this.#roster.get(participantId) === undefined) this.#roster.join(participantId, "");
    if (track.codec === "opus") {
      void this.#reception.addAudio(participantId, track, port);
      this.#roster.setAudio(participantId, { trackId, muted });
      return;
    }
    const surface = this.#reception.addVideo(participantId, track, port);
    const source = track.source === "screen" ? "screen" : "camera";
    this.#roster.setVideo(participantId, { trackId, source, muted, surface, live: false });
  }

  #cannotDecode(trackId: number, media: "audio" | "video"): void {
    const id = String(trackId);
    const person = this.people.find(({ audio, video }) => audio?.trackId === id || video?.trackId === id);
    this.#events.onProblem({ kind: "cannotDecode", media, name: person?.name ?? "" });
  }

  #tellState(reason: string): void {
    if (this.#tunnelState === "closed" || this.#state === "ended") return;
    const lost = this.#tunnelState === "connected" && this.#roomLost !== null;
    const state: CallState = lost ? "reconnecting" : this.#tunnelState;
    if (state === this.#state && reason === "") return;
    this.#state = state;
    this.#events.onState(state, reason);
  }

  async #closed(end: CallEnd, explanation: string): Promise<void> {
    // Workers come from the server too: without one they "crash" before they have begun.
    const never = end === "crashed" && this.#participantId === null;
    this.#end(never && !(await this.#serverAnswers()) ? "serverGone" : end, explanation);
  }

  async #serverAnswers(): Promise<boolean> {
    const address = new URL("healthz", this.#url);
    return fetch(address, { cache: "no-store", signal: AbortSignal.timeout(PROBE_MS) }).then(
      () => true,
      () => false,
    );
  }

  #end(end: CallEnd, explanation: string): void {
    if (this.#state === "ended") return;
    this.#state = "ended";
    this.#tunnel.close();
    this.#publication.close();
    this.#reception.close();
    this.#roster.clear();
    this.#events.onState("ended", explanation);
    this.#events.onEnded(end, explanation);
  }
}
