/**
 * One remote track in the audio thread, without the browser: takes packets from a port, gives samples, and reports how it
 * goes to the decode worker, straight from here, so that a busy main thread disturbs neither sound nor lip sync.
 */

import { FrameReader, type PortLike } from "../base/frame-port.ts";
import type { PcmPacket, PlayoutReport } from "../base/pcm-port.ts";
import { DecodingMeter } from "./decoding-meter.ts";
import { JitterBuffer } from "./jitter-buffer.ts";
import { PcmSoundDecoder, type SoundDecoder } from "./sound-decoder.ts";

const REPORT_EVERY_S = 0.1;
/** When the play position has jumped, lips must not wait; but not every splice is worth a message. */
const REPORT_JUMP_EVERY_S = 0.03;

/** Plays one track. */
export class Player {
  readonly #sound: PortLike;
  readonly #buffer: JitterBuffer<Uint8Array> | JitterBuffer<Float32Array>;
  readonly #frames: FrameReader | null;
  readonly #meter: DecodingMeter | null;
  #now = 0;
  #reportedAt = Number.NEGATIVE_INFINITY;

  private constructor(
    sound: PortLike,
    buffer: JitterBuffer<Uint8Array> | JitterBuffer<Float32Array>,
    frames: FrameReader | null,
    meter: DecodingMeter | null,
  ) {
    this.#sound = sound;
    this.#buffer = buffer;
    this.#frames = frames;
    this.#meter = meter;
  }

  /**
   * Play what the decode worker decodes.
   *
   * @param sound gives `PcmPacket`s, takes `PlayoutReport`s.
   * @param now the audio context's time, s.
   */
  static ofPcm(sound: PortLike, now: () => number): Player {
    const buffer = new JitterBuffer(new PcmSoundDecoder());
    sound.onmessage = (event: MessageEvent<PcmPacket>) => {
      const { samples, rtpTimestamp, captureTimeUs } = event.data;
      buffer.push(samples, rtpTimestamp, captureTimeUs, now());
    };
    return new Player(sound, buffer, null, null);
  }

  /**
   * Decode and play frames.
   *
   * @param sound takes `PlayoutReport`s.
   * @param frames the reading end of a frame port.
   * @param now the audio context's time, s.
   * @param nowMs any clock that runs inside a block too.
   */
  static ofOpus(
    sound: PortLike,
    frames: PortLike,
    decoder: SoundDecoder<Uint8Array>,
    now: () => number,
    nowMs: () => number,
  ): Player {
    const meter = new DecodingMeter(decoder, nowMs);
    const buffer = new JitterBuffer(meter);
    const reader = new FrameReader(frames, {
      onFrame: (frame) => {
        meter.receive(frame);
        buffer.push(frame.data, frame.rtpTimestamp, frame.captureTimeUs, now());
      },
    });
    return new Player(sound, buffer, reader, meter);
  }

  /** Fill a block that is heard from `now` (s, the audio context's time) on. */
  pull(output: Float32Array, now: number): void {
    this.#now = now;
    const sinceReport = now - this.#reportedAt;
    if (sinceReport >= REPORT_EVERY_S || (sinceReport >= REPORT_JUMP_EVERY_S && this.#buffer.jumped)) this.#report();
    this.#buffer.pull(output, now);
  }

  close(): void {
    this.#frames?.close();
    this.#sound.onmessage = null;
    this.#sound.close();
    this.#buffer.close();
  }

  #report(): void {
    this.#reportedAt = this.#now;
    this.#buffer.jumped = false;
    const report: PlayoutReport = {
      contextTime: this.#now,
      captureTimeUs: this.#buffer.playingCaptureTimeUs,
      level: this.#buffer.takeLevel(),
      statistics: this.#buffer.statistics,
      decoding: this.#meter?.takeStatistics(this.#buffer.lastCaptureTimeUs) ?? null,
    };
    this.#sound.postMessage(report, []);
  }
}
