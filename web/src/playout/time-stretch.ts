/**
 * Makes sound shorter or longer without changing its pitch: looks for two places within 20 ms that sound alike, as the same
 * phase of two periods does, and splices one to the other (WSOLA: W. Verhelst and M. Roelands, ICASSP 1993). In a pause any
 * place will do. Used by the jitter buffer; a search takes some tens of microseconds and allocates nothing.
 */

import type { SoundLine } from "./sound-line.ts";

/** 2.5 ms: higher voices repeat within several of their periods. */
export const SHORTEST_LAG = 120;
/** 20 ms: one period of the lowest note that can be heard well. */
export const LONGEST_LAG = 960;
/** What is compared: 10 ms. */
const COMPARED = 480;
const LONGEST_FADE = 480;
/** What must wait in the line for `shorten` to see everything. */
export const LOOK_AHEAD = LONGEST_LAG + COMPARED;

const STEP = 4;
const COARSE = LOOK_AHEAD / STEP;
/** A longer splice means fewer of them; it may be this much less alike. */
const LENGTH_BONUS = 0.03;

/** Splices one line. */
export class TimeStretch {
  readonly #line: SoundLine;
  /** Every four samples averaged: from the reading position on, and the other side. */
  readonly #here = new Float32Array(COMPARED / STEP);
  readonly #there = new Float32Array(COARSE);

  constructor(line: SoundLine) {
    this.#line = line;
  }

  /** Mean square of the next samples, at most `LOOK_AHEAD` of them. */
  get power(): number {
    const count = Math.min(LOOK_AHEAD, this.#line.ahead);
    let sum = 0;
    for (let i = 0; i < count; i += 2) sum += this.#line.at(i) ** 2;
    return (2 * sum) / Math.max(1, count);
  }

  /**
   * Leave something out, right now.
   *
   * @param most samples to leave out.
   * @param leastSimilarity −1 … 1: do nothing if no two places are that much alike.
   * @returns how many were left out, 0 if nothing was done.
   */
  shorten(most: number, leastSimilarity: number): number {
    return this.#splice(1, Math.min(most, LONGEST_LAG, this.#line.ahead - COMPARED), leastSimilarity);
  }

  /** Whether enough waits in the line for `lengthen` to compare. */
  get canLengthen(): boolean {
    return this.#line.ahead >= COMPARED;
  }

  /** Let something be heard again. The same parameters. @returns how many were added. */
  lengthen(most: number, leastSimilarity: number): number {
    if (!this.canLengthen) return 0;
    return this.#splice(-1, Math.min(most, LONGEST_LAG, this.#line.behind), leastSimilarity);
  }

  #splice(direction: 1 | -1, most: number, leastSimilarity: number): number {
    if (most < SHORTEST_LAG) return 0;
    const lag = direction * this.#refine(direction, this.#search(direction, most), most);
    const similarity = this.#similarity(lag);
    if (similarity < leastSimilarity) return 0;
    this.#line.splice(lag, Math.min(LONGEST_FADE, Math.abs(lag)), similarity);
    return Math.abs(lag);
  }

  /** The best lag to within four samples. */
  #search(direction: 1 | -1, most: number): number {
    const here = this.#here;
    const there = this.#there;
    const lags = Math.floor(most / STEP);
    // Backwards the other side begins `lags` steps before the reading position.
    const origin = direction > 0 ? 0 : -lags * STEP;
    this.#average(here, 0, here.length);
    this.#average(there, origin, here.length + lags);
    let best = lags;
    let bestScore = Number.NEGATIVE_INFINITY;
    for (let lag = SHORTEST_LAG / STEP; lag <= lags; lag += 1) {
      const from = direction > 0 ? lag : lags - lag;
      let product = 0;
      let energy = 1e-9;
      for (let i = 0; i < here.length; i += 1) {
        const other = there[from + i] ?? 0;
        product += (here[i] ?? 0) * other;
        energy += other * other;
      }
      const score = product / Math.sqrt(energy);
      const weighted = score * (score > 0 ? 1 + (LENGTH_BONUS * lag) / lags : 1);
      if (weighted > bestScore) {
        bestScore = weighted;
        best = lag;
      }
    }
    return best * STEP;
  }

  #refine(direction: 1 | -1, coarse: number, most: number): number {
    let best = coarse;
    let bestScore = Number.NEGATIVE_INFINITY;
    const from = Math.max(SHORTEST_LAG, coarse - STEP + 1);
    const to = Math.min(most, coarse + STEP - 1);
    for (let lag = from; lag <= to; lag += 1) {
      const score = this.#similarity(direction * lag);
      if (score > bestScore) {
        bestScore = score;
        best = lag;
      }
    }
    return best;
  }

  /** Normalised correlation of the next 10 ms with those `lag` samples away. */
  #similarity(lag: number): number {
    let product = 0;
    let here = 1e-9;
    let there = 1e-9;
    for (let i = 0; i < COMPARED; i += 1) {
      const a = this.#line.at(i);
      const b = this.#line.at(i + lag);
      product += a * b;
      here += a * a;
      there += b * b;
    }
    return product / Math.sqrt(here * there);
  }

  #average(into: Float32Array, offset: number, count: number): void {
    for (let i = 0; i < count; i += 1) {
      const at = offset + i * STEP;
      into[i] = this.#line.at(at) + this.#line.at(at + 1) + this.#line.at(at + 2) + this.#line.at(at + 3);
    }
  }
}
