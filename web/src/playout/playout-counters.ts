/** Counts what one source's playing did, and how loud it was. Used by the jitter buffer; `base/pcm-port.ts` says what each number means. */

import { levelOfSquares } from "../base/audio-level.ts";
import type { PlayoutStatistics } from "../base/pcm-port.ts";

const SAMPLE_RATE = 48_000;
/** The level is that of 20 ms, as RFC 6464 has it of a packet. */
const LEVEL_SAMPLES = 960;
const SILENCE = 127;

/** Counters since the start, in samples. */
export class PlayoutCounters {
  concealed = 0;
  concealmentEvents = 0;
  silent = 0;
  inserted = 0;
  removed = 0;
  skipped = 0;
  late = 0;
  #played = 0;
  #delayS = 0;
  #targetS = 0;
  #energy = 0;
  #squares = 0;
  #squared = 0;
  #level = SILENCE;

  /** Real samples are played with this delay. */
  play(samples: number, delayMs: number, targetMs: number): void {
    this.#played += samples;
    this.#delayS += (samples * delayMs) / 1000;
    this.#targetS += (samples * targetMs) / 1000;
  }

  /** This is what is heard. */
  hear(output: Float32Array): void {
    let squares = 0;
    for (const sample of output) squares += sample * sample;
    this.#energy += squares / SAMPLE_RATE;
    this.#squares += squares;
    this.#squared += output.length;
    if (this.#squared < LEVEL_SAMPLES) return;
    this.#level = Math.min(this.#level, levelOfSquares(this.#squares, this.#squared));
    this.#squares = 0;
    this.#squared = 0;
  }

  /** The loudest level since this was asked last. */
  takeLevel(): number {
    const level = this.#level;
    this.#level = SILENCE;
    return level;
  }

  statistics(delayMs: number, targetMs: number): PlayoutStatistics {
    return {
      delayMs,
      targetMs,
      playedSamples: this.#played,
      playedDelayS: this.#delayS,
      playedTargetS: this.#targetS,
      concealedSamples: this.concealed,
      concealmentEvents: this.concealmentEvents,
      silentSamples: this.silent,
      insertedSamples: this.inserted,
      removedSamples: this.removed,
      skippedSamples: this.skipped,
      lateSamples: this.late,
      energy: this.#energy,
    };
  }
}
