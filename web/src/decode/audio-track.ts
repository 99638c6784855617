/**
 * One remote microphone's way from Opus packet to the audio thread. Queues: at most 25 packets in the decoder, more are
 * dropped (the audio thread conceals them); what the audio thread holds is bounded there.
 */

import { systemClock } from "../base/clock.ts";
import { FrameReader, type PortLike } from "../base/frame-port.ts";
import type { EncodedFrame } from "../base/media.ts";
import type { PcmPacket, PlayoutReport, PlayoutStatistics } from "../base/pcm-port.ts";
import type { DecodeStatistics } from "./messages.ts";
import type { OutputClock, SyncClock } from "./sync-clock.ts";

const MOST_IN_DECODER = 25;
const MOST_REMEMBERED = 64;
const MOST_FAILURES = 5;
/** RTP Opus is always announced as stereo (RFC 7587 §4.1); mono packets decode to two equal channels. */
const CONFIG: AudioDecoderConfig = { codec: "opus", sampleRate: 48_000, numberOfChannels: 2 };

/** Decodes one audio track until it is closed. */
export class AudioTrackDecoder {
  readonly #trackId: number;
  readonly #participantId: string;
  readonly #reader: FrameReader;
  readonly #playout: PortLike;
  readonly #failed: (detail: string) => void;
  /** Packets inside the decoder, oldest first; found again by their timestamp, since some may come out as nothing. */
  #inside: Array<{ timestampUs: number; frame: EncodedFrame }> = [];
  #decoder: AudioDecoder | null = null;
  #lastRtpTimestamp: number | null = null;
  #timestampUs = 0;
  #failures = 0;
  #received = 0;
  #decoded = 0;
  #bytes = 0;
  #bytesReported = 0;
  #level = 127;
  #lastCaptureTimeUs: number | null = null;
  #delayMs: number | null = null;
  #playoutStatistics: PlayoutStatistics | null = null;

  constructor(
    trackId: number,
    participantId: string,
    port: PortLike,
    playout: PortLike,
    clocks: { readonly sync: SyncClock; readonly output: OutputClock },
    failed: (detail: string) => void,
  ) {
    this.#trackId = trackId;
    this.#participantId = participantId;
    this.#failed = failed;
    this.#playout = playout;
    playout.onmessage = (event: MessageEvent<PlayoutReport>) => {
      const { captureTimeUs, contextTime, statistics } = event.data;
      this.#playoutStatistics = statistics;
      clocks.sync.report(captureTimeUs, clocks.output.heardAtUs(contextTime), systemClock.wallUs());
    };
    this.#reader = new FrameReader(port, { onFrame: (frame) => this.#receive(frame) });
  }

  /** Stop and let everything go. */
  close(): void {
    this.#reader.close();
    this.#playout.onmessage = null;
    this.#playout.close();
    if (this.#decoder?.state === "configured") this.#decoder.close();
    this.#decoder = null;
  }

  /** How it does; bitrate and level are those since the last call. @param elapsedS since then. */
  statistics(elapsedS: number): DecodeStatistics {
    const bytes = this.#bytes - this.#bytesReported;
    this.#bytesReported = this.#bytes;
    const level = this.#level;
    this.#level = 127;
    return {
      trackId: this.#trackId,
      participantId: this.#participantId,
      kind: "audio",
      codec: this.#decoder === null ? null : CONFIG.codec,
      backend: this.#decoder === null ? null : "webcodecs",
      framesReceived: this.#received,
      framesDecoded: this.#decoded,
      framesPainted: 0,
      keyframes: 0,
      bitrateBps: Math.round((bytes * 8) / elapsedS),
      bytesReceived: this.#bytes,
      decodeTimeS: 0,
      freezes: 0,
      freezeTimeS: 0,
      width: 0,
      height: 0,
      lastCaptureTimeUs: this.#lastCaptureTimeUs,
      delayMs: this.#delayMs,
      skewMs: null,
      level,
      playout: this.#playoutStatistics,
    };
  }

  #receive(frame: EncodedFrame): void {
    this.#received += 1;
    this.#bytes += frame.data.length;
    if (this.#failures > MOST_FAILURES) return;
    if ((this.#decoder?.decodeQueueSize ?? 0) >= MOST_IN_DECODER) return;
    if (frame.audioLevel !== null) this.#level = Math.min(this.#level, frame.audioLevel & 0x7f);
    const ticks = this.#lastRtpTimestamp === null ? 0 : (frame.rtpTimestamp - this.#lastRtpTimestamp) | 0;
    this.#lastRtpTimestamp = frame.rtpTimestamp;
    this.#timestampUs = Math.max(0, this.#timestampUs + Math.round((ticks * 1000) / 48));
    this.#inside.push({ timestampUs: this.#timestampUs, frame });
    if (this.#inside.length > MOST_REMEMBERED) this.#inside.shift();
    try {
      this.#decoder ??= this.#newDecoder();
      this.#decoder.decode(new EncodedAudioChunk({ type: "key", timestamp: this.#timestampUs, data: frame.data }));
    } catch (error) {
      this.#fail(String(error));
    }
  }

  #newDecoder(): AudioDecoder {
    const decoder = new AudioDecoder({
      output: (data) => this.#give(data),
      error: (error) => this.#fail(error.message),
    });
    decoder.configure(CONFIG);
    return decoder;
  }

  #give(data: AudioData): void {
    const samples = monoOf(data);
    const timestampUs = data.timestamp;
    data.close();
    const index = this.#inside.findIndex((entry) => Math.abs(entry.timestampUs - timestampUs) < 2_000);
    const found = this.#inside[Math.max(0, index)];
    this.#inside = this.#inside.slice(Math.max(0, index) + 1);
    if (found === undefined) return;
    const { frame } = found;
    this.#decoded += 1;
    this.#failures = 0;
    this.#lastCaptureTimeUs = frame.captureTimeUs;
    this.#delayMs = (systemClock.wallUs() - frame.captureTimeUs) / 1000;
    if (frame.audioLevel === null) this.#level = Math.min(this.#level, levelOf(samples));
    const { rtpTimestamp, captureTimeUs } = frame;
    this.#playout.postMessage({ samples, rtpTimestamp, captureTimeUs } satisfies PcmPacket, [samples.buffer]);
  }

  #fail(detail: string): void {
    if (this.#decoder?.state === "configured") this.#decoder.close();
    this.#decoder = null;
    this.#inside = [];
    this.#failures += 1;
    if (this.#failures === MOST_FAILURES + 1) this.#failed(detail);
  }
}

function monoOf(data: AudioData): Float32Array<ArrayBuffer> {
  const samples = new Float32Array(data.numberOfFrames);
  data.copyTo(samples, { planeIndex: 0, format: "f32-planar" });
  if (data.numberOfChannels < 2) return samples;
  const right = new Float32Array(data.numberOfFrames);
  data.copyTo(right, { planeIndex: 1, format: "f32-planar" });
  for (let i = 0; i < samples.length; i += 1) samples[i] = ((samples[i] ?? 0) + (right[i] ?? 0)) / 2;
  return samples;
}

/** RFC 6464 §3, for senders that do not say. */
function levelOf(samples: Float32Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  const rms = Math.sqrt(sum / Math.max(1, samples.length));
  return rms <= 0 ? 127 : Math.max(0, Math.min(127, Math.round(-20 * Math.log10(rms))));
}
