/** Everybody else's tracks in a tunnelled room: each gets a decoder, and a canvas or a place in the audio graph. */

import type { CodecChoice } from "../base/backends.ts";
import type { Track } from "../base/media.ts";
import { startWorker } from "../base/start-worker.ts";
import type { DecodeCommand, DecodeReport, DecodeStatistics } from "../decode/messages.ts";
import { createSurface } from "../decode/surface.ts";
import decodeWorkerUrl from "../decode/worker.ts?worker&url";
import type { AudioOutput, AudioOutputTrack } from "../playout/audio-output.ts";
import { pictureTrack } from "./picture-track.ts";

/** What happened to a track that we receive. */
export interface ReceptionEvents {
  onPicture(trackId: number): void;
  onCannotDecode(trackId: number, media: "audio" | "video"): void;
  onStatistics(tracks: readonly DecodeStatistics[]): void;
  /** The decode worker or the audio thread's script could not be loaded. */
  onNotLoaded(): void;
}

const stop = (track: MediaStreamTrack): void => track.stop();
const nothing = (): void => undefined;

/** Decodes what arrives until closed. */
export class Reception {
  readonly #output: AudioOutput;
  readonly #events: ReceptionEvents;
  readonly #codecs: CodecChoice;
  readonly #worker: Worker;
  readonly #heard = new Map<number, AudioOutputTrack>();
  readonly #wanted = new Set<number>();
  readonly #silenced = new Set<number>();
  /** Audio tracks on their way into the audio graph. */
  readonly #adding = new Map<number, Promise<void>>();
  readonly #surfaces = new Map<number, HTMLCanvasElement>();
  readonly #streams = new Map<number, Promise<MediaStreamTrack>>();

  constructor(output: AudioOutput, events: ReceptionEvents, codecs: CodecChoice) {
    this.#output = output;
    this.#events = events;
    this.#codecs = codecs;
    this.#worker = startWorker(decodeWorkerUrl, "wsmedia decode");
    this.#worker.onmessage = (event: MessageEvent<DecodeReport>) => {
      const report = event.data;
      switch (report.type) {
        case "picture":
          events.onPicture(report.trackId);
          break;
        case "failed":
          events.onCannotDecode(report.trackId, report.kind);
          break;
        case "statistics":
          events.onStatistics(report.tracks);
          break;
      }
    };
    this.#worker.onerror = (event: Event) => {
      if (!(event instanceof ErrorEvent)) events.onNotLoaded();
    };
  }

  /** Show a track. @returns the canvas that it is painted on. */
  addVideo(participantId: string, track: Track, port: MessagePort): HTMLCanvasElement {
    const { element, far: surface } = createSurface();
    const { trackId, codec } = track;
    if (codec === "opus") throw new TypeError("Opus is heard, not seen");
    const codecs = this.#codecs;
    this.#surfaces.set(trackId, element);
    this.#tell({ type: "addVideo", trackId, participantId, codec, port, surface, codecs }, [port, surface]);
    return element;
  }

  /** Let a track be heard. */
  addAudio(participantId: string, track: Track, port: MessagePort): Promise<void> {
    this.#wanted.add(track.trackId);
    const added = this.#addAudio(participantId, track, port);
    this.#adding.set(track.trackId, added);
    return added;
  }

  async #addAudio(participantId: string, track: Track, port: MessagePort): Promise<void> {
    const { trackId } = track;
    let output: AudioOutputTrack;
    try {
      output = await this.#output.addTrack(port, this.#codecs);
    } catch {
      // The audio thread's script did not come; or we have left, and there is nothing to say.
      port.close();
      if (this.#wanted.has(trackId)) this.#events.onNotLoaded();
      return;
    }
    const { frames } = output;
    if (!this.#wanted.has(trackId)) {
      output.remove();
      frames?.close();
      return;
    }
    this.#heard.get(trackId)?.remove();
    this.#heard.set(trackId, output);
    if (this.#silenced.has(trackId)) output.setAudible(false);
    const transfer = frames === null ? [output.port] : [output.port, frames];
    this.#tell({ type: "addAudio", trackId, participantId, port: frames, playout: output.port }, transfer);
  }

  /** Say that nothing of this video is sent to us, on purpose, or that it is again. */
  setPaused(trackId: number, paused: boolean): void {
    this.#tell({ type: "paused", trackId, paused });
  }

  /** Say that its owner has switched it off or on. */
  setMuted(trackId: number): void {
    this.#tell({ type: "muted", trackId });
  }

  remove(trackId: number): void {
    this.#wanted.delete(trackId);
    this.#adding.delete(trackId);
    this.#silenced.delete(trackId);
    this.#heard.get(trackId)?.remove();
    this.#heard.delete(trackId);
    this.#surfaces.delete(trackId);
    void this.#streams.get(trackId)?.then(stop, nothing);
    this.#streams.delete(trackId);
    this.#tell({ type: "remove", trackId });
  }

  /** Whether the loudspeaker plays a track. */
  setAudible(trackId: number, audible: boolean): void {
    if (audible) this.#silenced.delete(trackId);
    else this.#silenced.add(trackId);
    this.#heard.get(trackId)?.setAudible(audible);
  }

  /** What is heard of a track; null before there is sound. */
  nodeOf(trackId: number): AudioNode | null {
    return this.#heard.get(trackId)?.node ?? null;
  }

  /**
   * The same track every time, ended when the remote one goes.
   *
   * @throws InvalidStateError when there is no such track.
   */
  mediaStreamTrack(trackId: number): Promise<MediaStreamTrack> {
    const known = this.#streams.get(trackId);
    if (known !== undefined) return known;
    const made = this.#makeStream(trackId);
    this.#streams.set(trackId, made);
    made.catch(() => this.#streams.delete(trackId));
    return made;
  }

  async #makeStream(trackId: number): Promise<MediaStreamTrack> {
    await this.#adding.get(trackId);
    const surface = this.#surfaces.get(trackId);
    if (surface !== undefined) {
      return pictureTrack(surface, (writable) => this.#tell({ type: "copyTo", trackId, writable }, [writable]));
    }
    const node = this.nodeOf(trackId);
    const destination = node === null ? null : this.#output.context.createMediaStreamDestination();
    const [track] = destination?.stream.getTracks() ?? [];
    if (node === null || destination === null || track === undefined) {
      throw new DOMException("This track is not there any more.", "InvalidStateError");
    }
    destination.channelCount = 1;
    node.connect(destination);
    return track;
  }

  /** Pass on the audio context's clock, for lips and voice to stay together. */
  outputClock(contextTime: number, wallUs: number): void {
    this.#tell({ type: "outputClock", contextTime, wallUs });
  }

  close(): void {
    this.#worker.terminate();
    for (const output of this.#heard.values()) output.remove();
    this.#heard.clear();
    this.#wanted.clear();
    this.#adding.clear();
    for (const stream of this.#streams.values()) void stream.then(stop, nothing);
    this.#streams.clear();
    this.#surfaces.clear();
  }

  #tell(command: DecodeCommand, transfer: Transferable[] = []): void {
    this.#worker.postMessage(command, transfer);
  }
}
