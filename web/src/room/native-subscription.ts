/** What we receive of one person in a native call; renewed when their tracks change, retried when it fails. */

import { type Exchange, subscribe } from "../native/exchange.ts";
import { type Gateway, HttpError } from "../native/http.ts";

/** Several tracks are announced in a row; one exchange serves them all. */
const SETTLE_MS = 50;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 8_000;

/** What the subscription tells its call. */
export interface SubscriptionEvents {
  /** A picture is there. */
  onPicture(): void;
}

/** One person's sound and picture. */
export class NativeSubscription {
  readonly surface = document.createElement("video");
  readonly #gateway: Gateway;
  readonly #room: string;
  readonly #participantId: string;
  readonly #audio = new Audio();
  #exchange: Exchange | null = null;
  #node: MediaStreamAudioSourceNode | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #generation = 0;
  #closed = false;

  constructor(gateway: Gateway, room: string, participantId: string, events: SubscriptionEvents) {
    this.#gateway = gateway;
    this.#room = room;
    this.#participantId = participantId;
    // Sound comes from an element of its own: the browser keeps both in sync by the stream that they belong to.
    this.surface.muted = true;
    this.surface.autoplay = true;
    this.surface.playsInline = true;
    this.surface.onplaying = () => events.onPicture();
    this.#audio.autoplay = true;
  }

  get connection(): RTCPeerConnection | null {
    return this.#exchange?.connection ?? null;
  }

  /** Their tracks have changed: ask anew. */
  renew(): void {
    this.#schedule(SETTLE_MS, FIRST_PAUSE_MS);
  }

  /** Play, or try again to. @param speakerId of `enumerateDevices`, empty for the system's choice. */
  play(speakerId: string): void {
    const audio = this.#audio as HTMLAudioElement & { setSinkId?: (deviceId: string) => Promise<void> };
    if (speakerId !== "") void audio.setSinkId?.(speakerId).catch(() => undefined);
    if (audio.srcObject !== null) void audio.play().catch(() => undefined);
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

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#exchange?.close();
    this.#exchange = null;
    this.#node?.disconnect();
    this.surface.srcObject = null;
    this.#audio.srcObject = null;
  }

  #schedule(inMs: number, nextPauseMs: number): void {
    clearTimeout(this.#timer);
    if (!this.#closed) this.#timer = setTimeout(() => void this.#connect(nextPauseMs), inMs);
  }

  async #connect(pauseMs: number): Promise<void> {
    this.#generation += 1;
    const generation = this.#generation;
    const retry = () => {
      if (generation === this.#generation) this.#schedule(pauseMs, Math.min(LONGEST_PAUSE_MS, pauseMs * 2));
    };
    try {
      const exchange = await subscribe(this.#gateway, this.#room, this.#participantId, (track) => {
        if (!this.#closed && generation === this.#generation) this.#show(track);
      });
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
    } catch (error) {
      // Gone or refused: the event stream will say what became of them.
      if (error instanceof HttpError && !error.passing && error.status !== 404) return;
      retry();
    }
  }

  #show(track: MediaStreamTrack): void {
    const element = track.kind === "video" ? this.surface : this.#audio;
    element.srcObject = new MediaStream([track]);
    void element.play().catch(() => undefined);
  }
}
