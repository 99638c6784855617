/**
 * One remote microphone as the decode worker knows it: the audio thread reports what of it is being played, which is what
 * pictures are kept in step with. Mostly the audio thread decodes by itself; where it cannot, `PcmSource` does it here.
 */

import { systemClock } from "../base/clock.ts";
import type { PortLike } from "../base/frame-port.ts";
import type { AudioDecodingStatistics, PlayoutReport, PlayoutStatistics } from "../base/pcm-port.ts";
import type { DecodeStatistics } from "./messages.ts";
import { PcmSource } from "./pcm-source.ts";
import type { OutputClock, SyncClock } from "./sync-clock.ts";

/** Follows one audio track until it is closed. */
export class AudioTrackDecoder {
  readonly #trackId: number;
  readonly #participantId: string;
  readonly #playout: PortLike;
  readonly #source: PcmSource | null;
  #decoding: AudioDecodingStatistics | null = null;
  #playoutStatistics: PlayoutStatistics | null = null;
  #bytesReported = 0;
  #told = 127;
  #isTold = false;
  #heard = 127;
  #delayMs: number | null = null;

  /**
   * @param frames the track's frame port; null where the audio thread has it.
   * @param playout to the audio thread.
   */
  constructor(
    trackId: number,
    participantId: string,
    frames: PortLike | null,
    playout: PortLike,
    clocks: { readonly sync: SyncClock; readonly output: OutputClock },
    failed: (detail: string) => void,
  ) {
    this.#trackId = trackId;
    this.#participantId = participantId;
    this.#playout = playout;
    playout.onmessage = (event: MessageEvent<PlayoutReport>) => this.#hear(event.data, clocks);
    this.#source =
      frames === null
        ? null
        : new PcmSource(frames, (packet) => playout.postMessage(packet, [packet.samples.buffer]), failed);
  }

  /** Stop and let everything go. */
  close(): void {
    this.#source?.close();
    this.#playout.onmessage = null;
    this.#playout.close();
  }

  /** How it does; bitrate and level are those since the last call. @param elapsedS since then. */
  statistics(elapsedS: number): DecodeStatistics {
    if (this.#source !== null) this.#count(this.#source.takeStatistics());
    const { framesReceived = 0, framesDecoded = 0, bytesReceived = 0, decodeTimeS = 0 } = this.#decoding ?? {};
    const bytes = bytesReceived - this.#bytesReported;
    this.#bytesReported = bytesReceived;
    const level = this.#isTold ? this.#told : this.#heard;
    this.#told = 127;
    this.#heard = 127;
    return {
      trackId: this.#trackId,
      participantId: this.#participantId,
      kind: "audio",
      codec: framesDecoded === 0 ? null : "opus",
      backend: framesDecoded === 0 ? null : this.#source === null ? "wasm" : "webcodecs",
      framesReceived,
      framesDecoded,
      framesPainted: 0,
      keyframes: 0,
      bitrateBps: Math.round((bytes * 8) / elapsedS),
      bytesReceived,
      decodeTimeS,
      freezes: 0,
      freezeTimeS: 0,
      width: 0,
      height: 0,
      lastCaptureTimeUs: this.#decoding?.lastCaptureTimeUs ?? null,
      delayMs: this.#delayMs,
      skewMs: null,
      level,
      playout: this.#playoutStatistics,
    };
  }

  #hear(report: PlayoutReport, clocks: { readonly sync: SyncClock; readonly output: OutputClock }): void {
    const { captureTimeUs, contextTime, level, statistics, decoding } = report;
    this.#playoutStatistics = statistics;
    this.#heard = Math.min(this.#heard, level);
    if (decoding !== null) this.#count(decoding);
    const heardAtUs = clocks.output.heardAtUs(contextTime);
    clocks.sync.report(captureTimeUs, heardAtUs, systemClock.wallUs());
    if (captureTimeUs !== null && heardAtUs !== null) this.#delayMs = (heardAtUs - captureTimeUs) / 1000;
  }

  #count(decoding: AudioDecodingStatistics): void {
    this.#decoding = decoding;
    if (decoding.level === null) return;
    this.#isTold = true;
    this.#told = Math.min(this.#told, decoding.level);
  }
}
