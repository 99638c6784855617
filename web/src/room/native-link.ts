/**
 * A room of the embedded SFU by native WebRTC: one WHIP exchange to publish, one WHEP exchange for everybody else, who come
 * and go by the room's event stream. When any of it fails, all of it is made anew after a pause.
 */

import type { MediaKind, Participant, Track, TrackSource } from "../base/media.ts";
import type { VideoOptions } from "../encode/messages.ts";
import { type Entry, enter } from "../native/exchange.ts";
import { type Gateway, HttpError } from "../native/http.ts";
import { IceServers } from "../native/ice-servers.ts";
import { type RoomEvent, watchRoom } from "../native/room-events.ts";
import type { AudioOutput } from "../playout/audio-output.ts";
import type { LinkEvents, LinkOptions, LinkPublication, RoomLink } from "./link.ts";
import { type MeasuredConnection, NativeFigures } from "./native-figures.ts";
import { NativePublications } from "./native-publications.ts";
import { NativeReception } from "./native-reception.ts";
import type { RoomStatsReport } from "./stats.ts";
import type { PathReading, RoomEnd, RoomState, TrackReading } from "./vocabulary.ts";

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 8_000;
const READING_EVERY_MS = 500;

const ENDS = new Map<number, RoomEnd>([
  [401, "tokenRefused"],
  [403, "forbidden"],
  [404, "sfuFailed"],
]);

/** Thrown inside when one of the connections has failed. */
class ConnectionLost extends Error {}

interface Person {
  readonly reception: NativeReception;
  /** Where each track comes from. */
  readonly sources: Map<number, TrackSource>;
}

/** One way into a room; begins at once. */
export class NativeLink implements RoomLink {
  readonly mode = "native";
  readonly canPause = false;
  readonly #options: LinkOptions;
  readonly #gateway: Gateway;
  readonly #ice: IceServers;
  readonly #output: AudioOutput;
  readonly #events: LinkEvents;
  readonly #people = new Map<string, Person>();
  readonly #publications: NativePublications;
  readonly #figures = new NativeFigures();
  readonly #timer: ReturnType<typeof setInterval>;
  #state: RoomState = "connecting";
  #entry: Entry | null = null;
  #attempt = new AbortController();
  #speakerId = "";

  constructor(options: LinkOptions, output: AudioOutput, events: LinkEvents) {
    this.#options = options;
    this.#gateway = { url: options.url, token: options.token };
    this.#ice = new IceServers(this.#gateway, options);
    this.#output = output;
    this.#events = events;
    this.#publications = new NativePublications((id, reason) => events.onRejected(id, reason));
    this.#timer = setInterval(() => void this.#read(), READING_EVERY_MS);
    void this.#run();
  }

  get participantId(): string | null {
    return this.#entry?.participantId ?? null;
  }

  publish(kind: MediaKind, source: TrackSource, muted: boolean, options: VideoOptions): LinkPublication {
    return this.#publications.publish(kind, source, muted, options);
  }

  pause(): void {
    // See `canPause`.
  }

  setAudible(trackId: string, audible: boolean): void {
    this.#personOf(trackId)?.reception.setAudible(audible);
  }

  audioNode(trackId: string): AudioNode | null {
    return this.#personOf(trackId)?.reception.audioNode(this.#output.context) ?? null;
  }

  mediaStreamTrack(trackId: string): Promise<MediaStreamTrack> {
    const reception = this.#personOf(trackId)?.reception;
    if (reception !== undefined) return reception.mediaStreamTrack(Number(trackId.slice(trackId.lastIndexOf("/") + 1)));
    return Promise.reject(new DOMException("This track is not there any more.", "InvalidStateError"));
  }

  resumeSound(speakerId: string): void {
    this.#speakerId = speakerId;
    for (const { reception } of this.#people.values()) reception.play(speakerId);
  }

  outputClock(): void {
    // The browser keeps lips and voice together.
  }

  get heardBytes(): number {
    return this.#figures.heardBytes;
  }

  readings(): readonly TrackReading[] {
    return this.#figures.tracks;
  }

  path(): PathReading | null {
    return this.#figures.path;
  }

  async stats(): Promise<RoomStatsReport> {
    await this.#figures.read(this.#connections(), performance.now());
    return this.#figures.report;
  }

  leave(): void {
    this.#end("left", "");
  }

  async #run(): Promise<void> {
    let pauseMs = FIRST_PAUSE_MS;
    while (!this.#ended) {
      try {
        await this.#attemptOnce(() => {
          pauseMs = FIRST_PAUSE_MS;
        });
      } catch (error) {
        if (this.#ended) return;
        if (error instanceof HttpError && !error.passing) {
          this.#end(ENDS.get(error.status) ?? "crashed", error.message);
          return;
        }
        this.#setState(this.#entry === null && this.#state === "connecting" ? "connecting" : "reconnecting");
      } finally {
        this.#disconnect();
      }
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
      pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2);
    }
  }

  /** Connect and stay connected; only ever ends by throwing. */
  async #attemptOnce(connected: () => void): Promise<never> {
    this.#attempt = new AbortController();
    const { signal } = this.#attempt;
    const { room, name, handover } = this.#options;
    const entry = await enter(this.#gateway, this.#ice, room, name, handover);
    if (this.#ended) {
      entry.close();
      throw new ConnectionLost();
    }
    this.#entry = entry;
    const { connection } = entry;
    connection.onconnectionstatechange = () => {
      if (connection.connectionState === "connected") {
        connected();
        this.#setState("connected");
      }
      if (connection.connectionState === "disconnected") this.#setState("reconnecting");
      if (connection.connectionState === "failed") this.#attempt.abort(new ConnectionLost());
    };
    this.#publications.use(entry);
    for await (const event of watchRoom(this.#gateway, room, signal)) this.#happened(event);
    throw new ConnectionLost();
  }

  #happened(event: RoomEvent): void {
    switch (event.type) {
      case "ready":
        break;
      case "participantJoined":
        this.#joined(event.participant);
        break;
      case "participantLeft":
        this.#left(event.participantId);
        break;
      case "trackAdded":
        this.#trackAdded(event.participantId, event.track);
        break;
      case "trackRemoved":
        this.#people.get(event.participantId)?.reception.remove(event.trackId);
        this.#people.get(event.participantId)?.sources.delete(event.trackId);
        this.#events.onTrackRemoved(keyOf(event.participantId, event.trackId));
        break;
      case "trackMuted":
        this.#events.onTrackChanged(keyOf(event.participantId, event.trackId), { muted: event.muted });
        break;
    }
  }

  #joined({ participantId, name }: Participant): void {
    if (participantId === this.participantId) return;
    if (!this.#people.has(participantId)) {
      const reception = new NativeReception(this.#gateway, this.#ice, this.#options.room, participantId, {
        onPicture: (trackId) => this.#events.onTrackChanged(keyOf(participantId, trackId), { live: true }),
      });
      reception.play(this.#speakerId);
      this.#people.set(participantId, { reception, sources: new Map() });
    }
    this.#events.onJoined(participantId, name);
  }

  #left(participantId: string): void {
    this.#people.get(participantId)?.reception.close();
    if (this.#people.delete(participantId)) this.#events.onLeft(participantId);
  }

  #trackAdded(participantId: string, track: Track): void {
    const person = this.#people.get(participantId);
    if (person === undefined) return;
    const { trackId, codec, source, muted } = track;
    person.sources.set(trackId, source);
    const surface = person.reception.add(track);
    this.#events.onTrackAdded(participantId, { id: keyOf(participantId, trackId), codec, source, muted, surface });
  }

  #personOf(trackId: string): Person | undefined {
    return this.#people.get(trackId.slice(0, trackId.lastIndexOf("/")));
  }

  #connections(): MeasuredConnection[] {
    const others = [...this.#people].map(([participantId, { reception, sources }]) => ({
      participantId,
      own: false,
      connection: reception.connection,
      trackOf: (identifier: string) => {
        const trackId = reception.trackIdOf(identifier);
        const source = trackId === null ? undefined : sources.get(trackId);
        return trackId === null || source === undefined ? null : { trackId: keyOf(participantId, trackId), source };
      },
    }));
    const entry = this.#entry;
    if (entry === null) return others;
    const { participantId, connection } = entry;
    const trackOf = (identifier: string) => this.#publications.trackOf(identifier);
    return [...others, { participantId, own: true, connection, trackOf }];
  }

  async #read(): Promise<void> {
    await this.#figures.read(this.#connections(), performance.now());
    if (!this.#ended) this.#events.onLevels(this.#figures.levels);
  }

  #disconnect(): void {
    this.#attempt.abort();
    this.#publications.use(null);
    this.#entry?.close();
    this.#entry = null;
    for (const participantId of [...this.#people.keys()]) this.#left(participantId);
  }

  get #ended(): boolean {
    return this.#state === "ended";
  }

  #setState(state: RoomState): void {
    if (this.#ended || state === this.#state) return;
    this.#state = state;
    this.#events.onState(state, "");
  }

  #end(end: RoomEnd, explanation: string): void {
    if (this.#ended) return;
    this.#state = "ended";
    clearInterval(this.#timer);
    this.#disconnect();
    this.#events.onState("ended", explanation);
    this.#events.onEnded(end, explanation);
  }
}

/** Track ids count per participant here. */
const keyOf = (participantId: string, trackId: number): string => `${participantId}/${trackId}`;
