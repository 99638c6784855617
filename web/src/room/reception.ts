/** Everybody else's tracks in a tunnelled call: each gets a decoder, and a canvas or a place in the audio graph. */

import type { Track } from "../base/media.ts";
import type { DecodeCommand, DecodeReport, DecodeStatistics } from "../decode/messages.ts";
import type { AudioOutput, AudioOutputTrack } from "../playout/audio-output.ts";

/** What happened to a track that we receive. */
export interface ReceptionEvents {
  onPicture(trackId: number): void;
  onCannotDecode(trackId: number, media: "audio" | "video"): void;
  onStatistics(tracks: readonly DecodeStatistics[]): void;
  /** The decode worker or the audio thread's script could not be loaded. */
  onNotLoaded(): void;
}

/** Decodes what arrives until closed. */
export class Reception {
  readonly #output: AudioOutput;
  readonly #events: ReceptionEvents;
  readonly #worker: Worker;
  readonly #heard = new Map<number, { participantId: string; output: AudioOutputTrack }>();
  readonly #wanted = new Set<number>();
  #statistics: readonly DecodeStatistics[] = [];

  constructor(output: AudioOutput, events: ReceptionEvents) {
    this.#output = output;
    this.#events = events;
    this.#worker = new Worker(new URL("../decode/worker.ts", import.meta.url), {
      type: "module",
      name: "wsmedia decode",
    });
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
          this.#statistics = report.tracks;
          events.onStatistics(report.tracks);
          break;
      }
    };
    this.#worker.onerror = (event: Event) => {
      if (!(event instanceof ErrorEvent)) events.onNotLoaded();
    };
  }

  get statistics(): readonly DecodeStatistics[] {
    return this.#statistics;
  }

  /** Show a track. @returns the canvas that it is painted on. */
  addVideo(participantId: string, track: Track, port: MessagePort): HTMLCanvasElement {
    const surface = document.createElement("canvas");
    const canvas = surface.transferControlToOffscreen();
    const { trackId, codec } = track;
    this.#tell({ type: "addVideo", trackId, participantId, codec, port, canvas, codecs: "auto" }, [port, canvas]);
    return surface;
  }

  /** Let a track be heard. */
  async addAudio(participantId: string, track: Track, port: MessagePort): Promise<void> {
    const { trackId } = track;
    this.#wanted.add(trackId);
    let output: AudioOutputTrack;
    try {
      output = await this.#output.addTrack();
    } catch {
      // The audio thread's script did not come; or we have left, and there is nothing to say.
      port.close();
      if (this.#wanted.has(trackId)) this.#events.onNotLoaded();
      return;
    }
    if (!this.#wanted.has(trackId)) {
      output.remove();
      port.close();
      return;
    }
    this.#heard.get(trackId)?.output.remove();
    this.#heard.set(trackId, { participantId, output });
    this.#tell({ type: "addAudio", trackId, participantId, port, playout: output.port }, [port, output.port]);
  }

  remove(trackId: number): void {
    this.#wanted.delete(trackId);
    this.#heard.get(trackId)?.output.remove();
    this.#heard.delete(trackId);
    this.#tell({ type: "remove", trackId });
  }

  audioNode(participantId: string): AudioNode | null {
    for (const heard of this.#heard.values()) if (heard.participantId === participantId) return heard.output.node;
    return null;
  }

  /** Pass on the audio context's clock, for lips and voice to stay together. */
  outputClock(contextTime: number, wallUs: number): void {
    this.#tell({ type: "outputClock", contextTime, wallUs });
  }

  close(): void {
    this.#worker.terminate();
    for (const { output } of this.#heard.values()) output.remove();
    this.#heard.clear();
    this.#wanted.clear();
  }

  #tell(command: DecodeCommand, transfer: Transferable[] = []): void {
    this.#worker.postMessage(command, transfer);
  }
}
