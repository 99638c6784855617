/**
 * A native WebRTC call in a room of the embedded SFU: one WHIP exchange to publish, one WHEP exchange for everybody else,
 * who come and go by the room's event stream. When any of it fails, all of it is made anew after a pause.
 */

import type { Participant, Track } from "../base/media.ts";
import type { LocalMedia } from "../capture/local-media.ts";
import { type Publishing, publish } from "../native/exchange.ts";
import { type Gateway, HttpError } from "../native/http.ts";
import { type RoomEvent, watchRoom } from "../native/room-events.ts";
import type { AudioOutput } from "../playout/audio-output.ts";
import type { Call, CallEnd, CallEvents, CallOptions, CallState, PathReading, Person, TrackReading } from "./call.ts";
import { NativeReadings } from "./native-readings.ts";
import { NativeSubscription } from "./native-subscription.ts";
import { Roster } from "./roster.ts";

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 8_000;
const READING_EVERY_MS = 500;

const ENDS = new Map<number, CallEnd>([
  [401, "tokenRefused"],
  [403, "forbidden"],
  [404, "sfuFailed"],
]);

/** Thrown inside when one of the connections has failed. */
class ConnectionLost extends Error {}

/** One call; begins at once. */
export class NativeCall implements Call {
  readonly mode = "native";
  readonly #options: CallOptions;
  readonly #gateway: Gateway;
  readonly #media: LocalMedia;
  readonly #output: AudioOutput;
  readonly #events: CallEvents;
  readonly #roster: Roster;
  readonly #subscriptions = new Map<string, NativeSubscription>();
  readonly #readings = new NativeReadings();
  readonly #changed = (): void => void this.#followMedia();
  readonly #timer: ReturnType<typeof setInterval>;
  #state: CallState = "connecting";
  #publishing: Publishing | null = null;
  #attempt = new AbortController();
  #speakerId = "";

  constructor(options: CallOptions, media: LocalMedia, output: AudioOutput, events: CallEvents) {
    this.#options = options;
    this.#gateway = { url: options.url, token: options.token };
    this.#media = media;
    this.#output = output;
    this.#events = events;
    this.#roster = new Roster((people) => events.onPeople(people));
    media.addEventListener("change", this.#changed);
    this.#timer = setInterval(() => void this.#read(), READING_EVERY_MS);
    void this.#run();
  }

  get state(): CallState {
    return this.#state;
  }

  get participantId(): string | null {
    return this.#publishing?.participantId ?? null;
  }

  get people(): readonly Person[] {
    return this.#roster.people;
  }

  leave(): void {
    this.#end("left", "");
  }

  tracks(): readonly TrackReading[] {
    return this.#readings.tracks;
  }

  path(): PathReading | null {
    return this.#readings.path;
  }

  audioNode(participantId: string): AudioNode | null {
    return this.#subscriptions.get(participantId)?.audioNode(this.#output.context) ?? null;
  }

  resumeSound(speakerId: string): void {
    this.#speakerId = speakerId;
    for (const subscription of this.#subscriptions.values()) subscription.play(speakerId);
  }

  async #run(): Promise<void> {
    let pauseMs = FIRST_PAUSE_MS;
    while (this.#state !== "ended") {
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
        this.#setState(this.#publishing === null && this.#state === "connecting" ? "connecting" : "reconnecting", "");
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
    const { room, name } = this.#options;
    const { microphone, camera, choice } = this.#media;
    const { maxBitrateBps } = choice.quality;
    const publishing = await publish(this.#gateway, room, name, microphone, camera, maxBitrateBps);
    if (this.#ended) {
      publishing.close();
      throw new ConnectionLost();
    }
    this.#publishing = publishing;
    const { connection } = publishing;
    connection.onconnectionstatechange = () => {
      if (connection.connectionState === "connected") {
        connected();
        this.#setState("connected", "");
      }
      if (connection.connectionState === "disconnected") this.#setState("reconnecting", "");
      if (connection.connectionState === "failed") this.#attempt.abort(new ConnectionLost());
    };
    await this.#followMedia();
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
        this.#subscriptions.get(event.participantId)?.close();
        this.#subscriptions.delete(event.participantId);
        this.#roster.leave(event.participantId);
        break;
      case "trackAdded":
        this.#trackAdded(event.participantId, event.track);
        break;
      case "trackRemoved":
        this.#roster.changeTrack(keyOf(event.participantId, event.trackId), null);
        break;
      case "trackMuted":
        this.#roster.changeTrack(keyOf(event.participantId, event.trackId), { muted: event.muted });
        break;
    }
  }

  #joined({ participantId, name }: Participant): void {
    if (participantId === this.participantId) return;
    this.#roster.join(participantId, name);
    if (this.#subscriptions.has(participantId)) return;
    const subscription = new NativeSubscription(this.#gateway, this.#options.room, participantId, {
      onPicture: () => {
        const trackId = this.#roster.get(participantId)?.video?.trackId;
        if (trackId !== undefined) this.#roster.changeTrack(trackId, { live: true });
      },
    });
    this.#subscriptions.set(participantId, subscription);
    subscription.play(this.#speakerId);
  }

  #trackAdded(participantId: string, track: Track): void {
    const subscription = this.#subscriptions.get(participantId);
    if (subscription === undefined) return;
    const { muted, source } = track;
    const trackId = keyOf(participantId, track.trackId);
    if (track.codec === "opus") this.#roster.setAudio(participantId, { trackId, muted });
    else {
      const shown = source === "screen" ? "screen" : "camera";
      const surface = subscription.surface;
      this.#roster.setVideo(participantId, { trackId, source: shown, muted, surface, live: false });
    }
    subscription.renew();
  }

  /** Send what the devices give now. What was not offered needs another offer, that is: all anew. */
  async #followMedia(): Promise<void> {
    const publishing = this.#publishing;
    if (publishing === null) return;
    for (const [sender, track] of [
      [publishing.audio, this.#media.microphone],
      [publishing.video, this.#media.camera],
    ] as const) {
      if (sender === null && track !== null) this.#attempt.abort(new ConnectionLost());
      else if (sender !== null && sender.track !== track) await sender.replaceTrack(track).catch(() => undefined);
    }
    await publishing.limitVideo(this.#media.choice.quality.maxBitrateBps);
  }

  async #read(): Promise<void> {
    await this.#readings.read(this.#publishing, this.#subscriptions);
    if (!this.#ended) this.#events.onLevels(this.#readings.levels);
  }

  #disconnect(): void {
    this.#attempt.abort();
    this.#publishing?.close();
    this.#publishing = null;
    for (const subscription of this.#subscriptions.values()) subscription.close();
    this.#subscriptions.clear();
    this.#roster.clear();
  }

  get #ended(): boolean {
    return this.#state === "ended";
  }

  #setState(state: CallState, reason: string): void {
    if (this.#ended || state === this.#state) return;
    this.#state = state;
    this.#events.onState(state, reason);
  }

  #end(end: CallEnd, explanation: string): void {
    if (this.#ended) return;
    this.#setState("ended", explanation);
    clearInterval(this.#timer);
    this.#media.removeEventListener("change", this.#changed);
    this.#disconnect();
    this.#events.onEnded(end, explanation);
  }
}

/** Track ids count per participant here. */
const keyOf = (participantId: string, trackId: number): string => `${participantId}/${trackId}`;
