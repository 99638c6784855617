/** The audio thread's end of one audio track: a jitter buffer between the decode worker's port and the sound card. */

import type { PcmPacket, PlayoutReport } from "../base/pcm-port.ts";
import { JitterBuffer } from "./jitter-buffer.ts";

const REPORT_EVERY_S = 0.1;

class PlayoutProcessor extends AudioWorkletProcessor implements AudioWorkletProcessorImpl {
  readonly #buffer = new JitterBuffer();
  #source: MessagePort | null = null;
  #reportedAt = 0;
  #alive = true;

  constructor() {
    super();
    this.port.onmessage = (event: MessageEvent<{ source: MessagePort } | { ended: true }>) => {
      if ("ended" in event.data) {
        this.#alive = false;
        this.#source?.close();
        return;
      }
      this.#source = event.data.source;
      this.#source.onmessage = (packet: MessageEvent<PcmPacket>) => {
        const { samples, rtpTimestamp, captureTimeUs } = packet.data;
        this.#buffer.push(samples, rtpTimestamp, captureTimeUs, currentTime);
      };
    };
  }

  process(_inputs: Float32Array[][], outputs: Float32Array[][]): boolean {
    const output = outputs[0]?.[0];
    if (output === undefined) return this.#alive;
    if (currentTime - this.#reportedAt >= REPORT_EVERY_S) {
      this.#reportedAt = currentTime;
      const report: PlayoutReport = {
        contextTime: currentTime,
        captureTimeUs: this.#buffer.playingCaptureTimeUs,
        statistics: this.#buffer.statistics,
      };
      this.#source?.postMessage(report);
    }
    this.#buffer.pull(output, currentTime);
    return this.#alive;
  }
}

registerProcessor("wsmedia-playout", PlayoutProcessor);
