/**
 * What we receive of one person by native WebRTC. One WHEP exchange has room for the tracks that they may publish later; it
 * is made anew when it fails, or when nobody can say any more which section carries which track.
 */

import { kindOf, type Track } from "../base/media.ts";
import { type Exchange, receive } from "../native/exchange.ts";
import { type Gateway, HttpError } from "../native/http.ts";
import type { IceServers } from "../native/ice-servers.ts";

/** Several tracks are announced in a row; one exchange serves them all. */
const SETTLE_MS = 50;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 8_000;
/** A camera and a screen. */
const USUAL_PICTURES = 2;

/** What the reception tells its room. */
export interface NativeReceptionEvents {
  /** A picture of that track is there. */
  onPicture(trackId: number): void;
}

/** One person's sound and pictures. */
export class NativeReception {
  readonly #gateway: Gateway;
  readonly #ice: IceServers;
  readonly #room: string;
  readonly #participantId: string;
  readonly #events: NativeReceptionEvents;
  readonly #audio = new Audio();
  /** By the order of publishing. */
  readonly #surfaces = new Map<number, HTMLVideoElement>();
  #heardId: number | null = null;
  /** Which track each video section carries. */
  #places: Array<number | null> = [];
  #pictures: Array<MediaStreamTrack | null> = [];
  #sound: MediaStreamTrack | null = null;
  #exchange: Exchange | null = null;
  #node: MediaStreamAudioSourceNode | null = null;
  /** Who waits for a track to come or go. */
  #waiting: Array<() => void> = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #generation = 0;
  #closed = false;

  constructor(gateway: Gateway, ice: IceServers, room: string, participantId: string, events: NativeReceptionEvents) {
    this.#gateway = gateway;
    this.#ice = ice;
    this.#room = room;
    this.#participantId = participantId;
    this.#events = events;
    this.#audio.autoplay = true;
  }

  get connection(): RTCPeerConnection | null {
    return this.#exchange?.connection ?? null;
  }

  /** They have published a track. @returns where it is shown; null for sound. */
  add({ trackId, codec }: Track): HTMLVideoElement | null {
    if (kindOf(codec) === "audio") {
      this.#heardId ??= trackId;
      if (this.#exchange === null) this.#schedule(SETTLE_MS, FIRST_PAUSE_MS);
      return null;
    }
    const surface = document.createElement("video");
    // Sound comes from an element of its own.
    surface.muted = true;
    surface.autoplay = true;
    surface.playsInline = true;
    surface.onplaying = () => this.#events.onPicture(trackId);
    this.#surfaces.set(trackId, surface);
    const free = this.#exchange === null ? -1 : this.#places.indexOf(null);
    if (free < 0) this.#schedule(SETTLE_MS, FIRST_PAUSE_MS);
    else {
      this.#places[free] = trackId;
      this.#show(free);
      queueMicrotask(() => this.#wake());
    }
    return surface;
  }

  /** They do not publish it any more. */
  remove(trackId: number): void {
    if (this.#heardId === trackId) this.#heardId = null;
    queueMicrotask(() => this.#wake());
    const surface = this.#surfaces.get(trackId);
    if (surface === undefined) return;
    surface.srcObject = null;
    this.#surfaces.delete(trackId);
    this.#places = this.#places.map((one) => (one === trackId ? null : one));
    // Its section may have been given to another one meanwhile.
    if (this.#surfaces.size > 0) this.#schedule(SETTLE_MS, FIRST_PAUSE_MS);
  }

  /** Play, or try again to. @param speakerId of `enumerateDevices`, empty for the system's choice. */
  play(speakerId: string): void {
    const audio = this.#audio as HTMLAudioElement & { setSinkId?: (deviceId: string) => Promise<void> };
    void audio.setSinkId?.(speakerId).catch(() => undefined);
    if (audio.srcObject !== null) void audio.play().catch(() => undefined);
  }

  /** Whether the loudspeaker plays their sound. */
  setAudible(audible: boolean): void {
    this.#audio.muted = !audible;
  }

  /** What is heard, for whoever measures or records it. */
  audioNode(context: AudioContext): AudioNode | null {
    const stream = this.#audio.srcObject as MediaStream | null;
    if (stream === null) return null;
    if (this.#node?.mediaStream !== stream) {
      this.#node?.disconnect();
      this.#node = context.createMediaStreamSource(stream);
    }
    return this.#node;
  }

  /**
   * What arrives of a track, once it does. It ends when the exchange is made anew.
   *
   * @throws InvalidStateError when the track goes before it has come.
   */
  async mediaStreamTrack(trackId: number): Promise<MediaStreamTrack> {
    while (!this.#closed && (trackId === this.#heardId || this.#surfaces.has(trackId))) {
      const place = this.#places.indexOf(trackId);
      const track = trackId === this.#heardId ? this.#sound : this.#pictures[place];
      if (track !== null && track !== undefined) return track;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    throw new DOMException("This track is not there any more.", "InvalidStateError");
  }

  /** Which of their tracks a track of the connection is; null if none. */
  trackIdOf(identifier: string): number | null {
    if (this.#sound?.id === identifier) return this.#heardId;
    const place = this.#pictures.findIndex((track) => track?.id === identifier);
    return place < 0 ? null : (this.#places[place] ?? null);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#exchange?.close();
    this.#exchange = null;
    this.#node?.disconnect();
    for (const surface of this.#surfaces.values()) surface.srcObject = null;
    this.#audio.srcObject = null;
    this.#wake();
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }

  #schedule(inMs: number, nextPauseMs: number): void {
    clearTimeout(this.#timer);
    if (!this.#closed) this.#timer = setTimeout(() => void this.#connect(nextPauseMs), inMs);
  }

  async #connect(pauseMs: number): Promise<void> {
    this.#generation += 1;
    const generation = this.#generation;
    const places: Array<number | null> = [...this.#surfaces.keys()];
    while (places.length < USUAL_PICTURES) places.push(null);
    // What is published from now on takes its section in the same order here and in the room.
    this.#places = places;
    this.#pictures = places.map(() => null);
    const retry = () => {
      if (generation === this.#generation) this.#schedule(pauseMs, Math.min(LONGEST_PAUSE_MS, pauseMs * 2));
    };
    try {
      const arrived = (track: MediaStreamTrack, place: number) => {
        if (!this.#closed && generation === this.#generation) this.#arrived(track, place);
      };
      const place = [this.#room, this.#participantId, places.length] as const;
      const exchange = await receive(this.#gateway, this.#ice, ...place, arrived);
      if (this.#closed || generation !== this.#generation) {
        exchange.close();
        return;
      }
      this.#exchange?.close();
      this.#exchange = exchange;
      const { connection } = exchange;
      connection.onconnectionstatechange = () => {
        if (connection.connectionState === "failed" && this.#exchange === exchange) retry();
      };
      // Published while we were asking, more than there was room for.
      if ([...this.#surfaces.keys()].some((trackId) => !this.#places.includes(trackId))) retry();
    } catch (error) {
      // Gone or refused: the event stream will say what became of them.
      if (error instanceof HttpError && !error.passing && error.status !== 404) return;
      retry();
    }
  }

  #arrived(track: MediaStreamTrack, place: number): void {
    if (track.kind === "video") {
      this.#pictures[place] = track;
      this.#show(place);
      this.#wake();
      return;
    }
    this.#sound = track;
    this.#wake();
    this.#audio.srcObject = new MediaStream([track]);
    void this.#audio.play().catch(() => undefined);
  }

  #show(place: number): void {
    const track = this.#pictures[place];
    const surface = this.#surfaces.get(this.#places[place] ?? -1);
    if (surface === undefined || track === null || track === undefined) return;
    surface.srcObject = new MediaStream([track]);
    void surface.play().catch(() => undefined);
  }
}
