/**
 * What the decode worker and the audio thread say to each other on a `MessagePort` per audio track: decoded sound one
 * way, how the playing goes the other way. The audio thread's buffer is bounded; what does not fit is skipped there.
 */

/** One decoded packet, decode worker → audio thread. The samples' buffer is transferred. */
export interface PcmPacket {
  /** Mono, 48 kHz, −1 … 1. */
  readonly samples: Float32Array<ArrayBuffer>;
  /** Of the first sample, 48 kHz ticks modulo 2³². */
  readonly rtpTimestamp: number;
  /** Of the first sample, on the capturing participant's clock. */
  readonly captureTimeUs: number;
}

/** About ten times a second, audio thread → decode worker. */
export interface PlayoutReport {
  /** The audio context's time of the block that this report is about, s. */
  readonly contextTime: number;
  /** Capture time of the first sample of that block; null while nothing real is playing. */
  readonly captureTimeUs: number | null;
  readonly statistics: PlayoutStatistics;
}

/** Counters since the start, and the present delays. */
export interface PlayoutStatistics {
  /** How far the play position lies behind the least delayed packet, ms. */
  readonly delayMs: number;
  /** What it should be by the measured jitter, ms. */
  readonly targetMs: number;
  readonly playedSamples: number;
  readonly concealedSamples: number;
  readonly skippedSamples: number;
  readonly lateSamples: number;
}
