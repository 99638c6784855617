/**
 * Our own tracks in a tunnelled call: announces them when there is something to send, feeds the encode worker from
 * whichever device is open, and follows the user's mute buttons.
 */

import type { Track } from "../base/media.ts";
import { transferOf } from "../base/sources.ts";
import { startWorker } from "../base/start-worker.ts";
import type { LocalMedia } from "../capture/local-media.ts";
import { picturesOf } from "../capture/pictures.ts";
import { soundOf } from "../capture/sound-source.ts";
import type { EncodeCommand, EncodeReport, EncodeStatistics, VideoOptions } from "../encode/messages.ts";
import encodeWorkerUrl from "../encode/worker.ts?worker&url";

/** The part of `Tunnel` that publishing needs. */
export interface PublishingTunnel {
  publish(track: Track): MessagePort;
  mute(trackId: number, muted: boolean): void;
}

const AUDIO_TRACK_ID = 1;
const VIDEO_TRACK_ID = 2;

/** What happened to our tracks. */
export interface PublicationEvents {
  onCannotEncode(media: "audio" | "video"): void;
  /** The encode worker could not be loaded. */
  onNotLoaded(): void;
}

interface Published {
  readonly trackId: number;
  source: MediaStreamTrack | null;
  muted: boolean;
}

/** Publishes the local camera and microphone until closed. */
export class Publication {
  readonly #tunnel: PublishingTunnel;
  readonly #media: LocalMedia;
  readonly #worker: Worker;
  readonly #changed = (): void => this.#follow();
  #audio: Published | null = null;
  #video: Published | null = null;
  #statistics: readonly EncodeStatistics[] = [];

  constructor(tunnel: PublishingTunnel, media: LocalMedia, events: PublicationEvents) {
    this.#tunnel = tunnel;
    this.#media = media;
    this.#worker = startWorker(encodeWorkerUrl, "wsmedia encode");
    this.#worker.onmessage = (event: MessageEvent<EncodeReport>) => {
      if (event.data.type === "statistics") this.#statistics = event.data.tracks;
      else events.onCannotEncode(event.data.kind);
    };
    // An exception in the worker is an ErrorEvent and left to the console; a script that did not come is not.
    this.#worker.onerror = (event: Event) => {
      if (!(event instanceof ErrorEvent)) events.onNotLoaded();
    };
    media.addEventListener("change", this.#changed);
    this.#follow();
  }

  /** The encoders' figures, a quarter of a second old at most. */
  get statistics(): readonly EncodeStatistics[] {
    return this.#statistics;
  }

  /** Whose track id this is. */
  kindOf(trackId: number): "audio" | "video" {
    return trackId === AUDIO_TRACK_ID ? "audio" : "video";
  }

  close(): void {
    this.#media.removeEventListener("change", this.#changed);
    this.#worker.terminate();
  }

  #follow(): void {
    this.#followMicrophone();
    this.#followCamera();
  }

  #followMicrophone(): void {
    const source = this.#media.microphone;
    const muted = source === null || !this.#media.choice.microphoneOn;
    if (this.#audio === null) {
      if (source === null) return;
      const trackId = AUDIO_TRACK_ID;
      const port = this.#tunnel.publish({ trackId, codec: "opus", source: "microphone", muted });
      this.#tell({ type: "startAudio", trackId, port, codecs: "auto" }, [port]);
      this.#tell({ type: "mute", trackId, muted });
      this.#audio = { trackId, source: null, muted };
    }
    if (this.#audio.source !== source) {
      this.#audio.source = source;
      const sound = source === null ? null : soundOf(source);
      this.#tell({ type: "audioSource", trackId: this.#audio.trackId, source: sound }, transferOf(sound));
    }
    this.#mute(this.#audio, muted);
  }

  #followCamera(): void {
    const source = this.#media.camera;
    const muted = source === null;
    const { framerate, maxBitrateBps } = this.#media.choice.quality;
    const options: VideoOptions = { framerate, maxBitrateBps, content: "motion" };
    if (this.#video === null) {
      if (source === null) return;
      const trackId = VIDEO_TRACK_ID;
      const port = this.#tunnel.publish({ trackId, codec: "h264", source: "camera", muted });
      this.#tell({ type: "startVideo", trackId, port, options, codecs: "auto" }, [port]);
      this.#video = { trackId, source: null, muted };
    }
    if (this.#video.source !== source) {
      this.#video.source = source;
      const pictures = source === null ? null : picturesOf(source);
      const { trackId } = this.#video;
      this.#tell({ type: "videoSource", trackId, source: pictures, options }, transferOf(pictures));
    }
    this.#mute(this.#video, muted);
  }

  #mute(published: Published, muted: boolean): void {
    if (published.muted === muted) return;
    published.muted = muted;
    this.#tell({ type: "mute", trackId: published.trackId, muted });
    this.#tunnel.mute(published.trackId, muted);
  }

  #tell(command: EncodeCommand, transfer: Transferable[] = []): void {
    this.#worker.postMessage(command, transfer);
  }
}
