/**
 * What the decode worker and the audio thread say to each other on a `MessagePort` per audio track: how the playing goes one
 * way and, where the audio thread does not decode by itself, decoded sound the other way. The audio thread's buffer is
 * bounded; what does not fit is skipped there.
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

/** Ten times a second, and at once when the play position has jumped; audio thread → decode worker. */
export interface PlayoutReport {
  /** The audio context's time of the block that this report is about, s. */
  readonly contextTime: number;
  /** Capture time of the first sample of that block; null while nothing real is playing. */
  readonly captureTimeUs: number | null;
  /** The loudest RFC 6464 level of 20 ms of what was played since the last report, 0 (loudest) … 127. */
  readonly level: number;
  readonly statistics: PlayoutStatistics;
  /** What the audio thread got and decoded by itself; null where it is given decoded sound. */
  readonly decoding: AudioDecodingStatistics | null;
}

/** Counters since the start. */
export interface AudioDecodingStatistics {
  readonly framesReceived: number;
  readonly framesDecoded: number;
  readonly bytesReceived: number;
  /** Spent decoding and concealing, s. */
  readonly decodeTimeS: number;
  /** Capture time of the newest frame that was decoded; null before the first. */
  readonly lastCaptureTimeUs: number | null;
  /** The loudest level that the sender told since the last report, 0 (loudest) … 127; null if it told none. */
  readonly level: number | null;
}

/** Counters since the start, in samples of 48 kHz where nothing else is said, and the present delays. W3C webrtc-stats' names are beside them. */
export interface PlayoutStatistics {
  /** How far the play position lies behind the least delayed packet, ms. */
  readonly delayMs: number;
  /** What it should be by the measured jitter, ms. */
  readonly targetMs: number;
  /** Real ones that were played (`jitterBufferEmittedCount`). */
  readonly playedSamples: number;
  /** Sum over them of the delay at which each was played, s (`jitterBufferDelay`). */
  readonly playedDelayS: number;
  /** The same of the target delay (`jitterBufferTargetDelay`). */
  readonly playedTargetS: number;
  /** Invented because something was missing (`concealedSamples` without `silentConcealedSamples`). */
  readonly concealedSamples: number;
  /** How often inventing began (`concealmentEvents`). */
  readonly concealmentEvents: number;
  /** Silence, because for long nothing had come: a pause, a muted microphone, a stalled path. */
  readonly silentSamples: number;
  /** Added to play slower (`insertedSamplesForDeceleration`). */
  readonly insertedSamples: number;
  /** Taken away to play faster (`removedSamplesForAcceleration`). */
  readonly removedSamples: number;
  /** Never played, because too much had been waiting. */
  readonly skippedSamples: number;
  /** Never played, because they came when their turn was over. */
  readonly lateSamples: number;
  /** Sum of the squares of everything that was played, silence too, times its duration in s (`totalAudioEnergy`). */
  readonly energy: number;
}
