/**
 * Decodes Opus by WebCodecs for the audio thread, where that does not decode by itself. Queues: at most 25 packets in the
 * decoder, more are dropped (the audio thread conceals them); what the audio thread holds is bounded there.
 */

import { FrameReader, type PortLike } from "../base/frame-port.ts";
import type { EncodedFrame } from "../base/media.ts";
import type { AudioDecodingStatistics, PcmPacket } from "../base/pcm-port.ts";

const MOST_IN_DECODER = 25;
const MOST_REMEMBERED = 64;
const MOST_FAILURES = 5;
/** RTP Opus is always announced as stereo (RFC 7587 §4.1); mono packets decode to two equal channels. */
const CONFIG: AudioDecoderConfig = { codec: "opus", sampleRate: 48_000, numberOfChannels: 2 };

/** From a frame port to `PcmPacket`s. */
export class PcmSource {
  readonly #reader: FrameReader;
  readonly #give: (packet: PcmPacket) => void;
  readonly #failed: (detail: string) => void;
  /** Packets inside the decoder, oldest first; found again by their timestamp, since some may come out as nothing. */
  #inside: Array<{ timestampUs: number; sentAtMs: number; frame: EncodedFrame }> = [];
  #decoder: AudioDecoder | null = null;
  #lastRtpTimestamp: number | null = null;
  #timestampUs = 0;
  #failures = 0;
  #received = 0;
  #decoded = 0;
  #bytes = 0;
  #spentMs = 0;
  #level: number | null = null;
  #lastCaptureTimeUs: number | null = null;

  /**
   * @param frames the reading end of a frame port.
   * @param give takes what was decoded; the samples' buffer is its own.
   * @param failed called once when there is no hope.
   */
  constructor(frames: PortLike, give: (packet: PcmPacket) => void, failed: (detail: string) => void) {
    this.#give = give;
    this.#failed = failed;
    this.#reader = new FrameReader(frames, { onFrame: (frame) => this.#receive(frame) });
  }

  close(): void {
    this.#reader.close();
    if (this.#decoder?.state === "configured") this.#decoder.close();
    this.#decoder = null;
  }

  /** How it does; the level is the loudest that the sender told since the last call. */
  takeStatistics(): AudioDecodingStatistics {
    const level = this.#level;
    this.#level = null;
    return {
      framesReceived: this.#received,
      framesDecoded: this.#decoded,
      bytesReceived: this.#bytes,
      decodeTimeS: this.#spentMs / 1000,
      lastCaptureTimeUs: this.#lastCaptureTimeUs,
      level,
    };
  }

  #receive(frame: EncodedFrame): void {
    this.#received += 1;
    this.#bytes += frame.data.length;
    if (this.#failures > MOST_FAILURES) return;
    if ((this.#decoder?.decodeQueueSize ?? 0) >= MOST_IN_DECODER) return;
    if (frame.audioLevel !== null) this.#level = Math.min(this.#level ?? 127, frame.audioLevel & 0x7f);
    const ticks = this.#lastRtpTimestamp === null ? 0 : (frame.rtpTimestamp - this.#lastRtpTimestamp) | 0;
    this.#lastRtpTimestamp = frame.rtpTimestamp;
    this.#timestampUs = Math.max(0, this.#timestampUs + Math.round((ticks * 1000) / 48));
    this.#inside.push({ timestampUs: this.#timestampUs, sentAtMs: performance.now(), frame });
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
      output: (data) => this.#take(data),
      error: (error) => this.#fail(error.message),
    });
    decoder.configure(CONFIG);
    return decoder;
  }

  #take(data: AudioData): void {
    const samples = monoOf(data);
    const timestampUs = data.timestamp;
    data.close();
    const index = this.#inside.findIndex((entry) => Math.abs(entry.timestampUs - timestampUs) < 2_000);
    const found = this.#inside[Math.max(0, index)];
    this.#inside = this.#inside.slice(Math.max(0, index) + 1);
    if (found === undefined) return;
    const { frame, sentAtMs } = found;
    this.#decoded += 1;
    this.#failures = 0;
    this.#spentMs += performance.now() - sentAtMs;
    this.#lastCaptureTimeUs = frame.captureTimeUs;
    this.#give({ samples, rtpTimestamp: frame.rtpTimestamp, captureTimeUs: frame.captureTimeUs });
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
