/** Our own tracks in a tunnelled room: each is announced to the tunnel, and fed to the encode worker from where it comes. */

import type { CodecChoice } from "../base/backends.ts";
import type { Codec, MediaKind, Track, TrackSource } from "../base/media.ts";
import { transferOf } from "../base/sources.ts";
import { startWorker } from "../base/start-worker.ts";
import { picturesOf } from "../capture/pictures.ts";
import { soundOf } from "../capture/sound-source.ts";
import type { EncodeCommand, EncodeReport, EncodeStatistics, VideoOptions } from "../encode/messages.ts";
import encodeWorkerUrl from "../encode/worker.ts?worker&url";
import type { LinkPublication } from "./link.ts";

/** The part of `Tunnel` that publishing needs. */
export interface PublishingTunnel {
  publish(track: Track): MessagePort;
  unpublish(trackId: number): void;
  mute(trackId: number, muted: boolean): void;
}

/** The part of `Worker` that publishing needs. */
export type EncodeWorker = Pick<Worker, "postMessage" | "onmessage" | "onerror">;

/** What happened to our tracks. */
export interface PublicationsEvents {
  /** Nothing will come of a track; others are told that it is muted. `late`: as in `EncodeReport`. */
  onCannotEncode(publicationId: string, late: boolean): void;
  onStatistics(tracks: readonly EncodeStatistics[]): void;
  /** The encode worker could not be loaded. */
  onNotLoaded(): void;
}

const MOST_TRACK_IDS = 65_536;
const startEncoding = (): EncodeWorker => startWorker(encodeWorkerUrl, "wsmedia encode");

/** Publishes tracks until closed. The worker starts with the first of them. */
export class Publications {
  readonly #tunnel: PublishingTunnel;
  readonly #codecs: CodecChoice;
  readonly #events: PublicationsEvents;
  readonly #start: () => EncodeWorker;
  readonly #tracks = new Map<number, Track>();
  /** Tracks that cannot be encoded. */
  readonly #hopeless = new Set<number>();
  #worker: EncodeWorker | null = null;
  #lastId = 0;

  constructor(tunnel: PublishingTunnel, codecs: CodecChoice, events: PublicationsEvents, start = startEncoding) {
    this.#tunnel = tunnel;
    this.#codecs = codecs;
    this.#events = events;
    this.#start = start;
  }

  /** Announce a track; see `RoomLink.publish`. */
  publish(kind: MediaKind, source: TrackSource, muted: boolean, options: VideoOptions): LinkPublication {
    const trackId = this.#nextId();
    const codec: Codec = kind === "audio" ? "opus" : "h264";
    const track: Track = { trackId, codec, source, muted };
    this.#tracks.set(trackId, track);
    const port = this.#tunnel.publish(track);
    const codecs = this.#codecs;
    if (kind === "audio") this.#tell({ type: "startAudio", trackId, port, codecs }, [port]);
    else this.#tell({ type: "startVideo", trackId, port, options, codecs }, [port]);
    this.#tell({ type: "mute", trackId, muted });
    return {
      id: String(trackId),
      send: (media, newOptions) => this.#send(trackId, media, newOptions),
      mute: (nowMuted) => {
        this.#tell({ type: "mute", trackId, muted: nowMuted });
        this.#tunnel.mute(trackId, nowMuted || this.#hopeless.has(trackId));
      },
      end: () => {
        if (!this.#tracks.delete(trackId)) return;
        this.#hopeless.delete(trackId);
        this.#tell({ type: "stop", trackId });
        this.#tunnel.unpublish(trackId);
      },
    };
  }

  /** What was announced under that id; null if nothing, or not any more. */
  get(trackId: number): Track | null {
    return this.#tracks.get(trackId) ?? null;
  }

  close(): void {
    const worker = this.#worker;
    this.#worker = null;
    if (worker !== null) {
      worker.onmessage = null;
      worker.onerror = null;
      // It ends by itself: cut off, it could not tell what feeds it, the grabber of pictures and the audio thread, to stop.
      worker.postMessage({ type: "close" } satisfies EncodeCommand);
    }
    this.#tracks.clear();
    this.#hopeless.clear();
  }

  #send(trackId: number, media: MediaStreamTrack | null, options: VideoOptions): void {
    const track = this.#tracks.get(trackId);
    if (track === undefined) return;
    if (track.codec === "opus") {
      const source = media === null ? null : soundOf(media);
      this.#tell({ type: "audioSource", trackId, source }, transferOf(source));
    } else {
      const source = media === null ? null : picturesOf(media);
      this.#tell({ type: "videoSource", trackId, source, options }, transferOf(source));
    }
  }

  #cannotEncode(trackId: number, late: boolean): void {
    if (!this.#tracks.has(trackId)) return;
    this.#hopeless.add(trackId);
    this.#tunnel.mute(trackId, true);
    this.#events.onCannotEncode(String(trackId), late);
  }

  #nextId(): number {
    do this.#lastId = (this.#lastId + 1) % MOST_TRACK_IDS;
    while (this.#tracks.has(this.#lastId));
    return this.#lastId;
  }

  #tell(command: EncodeCommand, transfer: Transferable[] = []): void {
    this.#worker ??= this.#started();
    this.#worker.postMessage(command, transfer);
  }

  #started(): EncodeWorker {
    const worker = this.#start();
    worker.onmessage = ({ data }: MessageEvent<EncodeReport>) => {
      if (data.type === "statistics") this.#events.onStatistics(data.tracks);
      else this.#cannotEncode(data.trackId, data.late);
    };
    // An exception in the worker is an ErrorEvent and left to the console; a script that did not come is not.
    worker.onerror = (event: Event | string) => {
      if (!(event instanceof ErrorEvent)) this.#events.onNotLoaded();
    };
    return worker;
  }
}
