/** The last two minutes of a call, one sample a second, for charts and the report. Bounded: the oldest sample goes. */

import type { PathReading, TrackReading } from "../sdk/index.ts";

/** How often to take a sample. */
export const SAMPLE_MS = 1_000;
/** Two minutes. */
export const MOST_SAMPLES = 120;

/** What was measured at one moment; null where there was nothing to measure. */
export interface Sample {
  /** Seconds since the history began. */
  readonly at: number;
  readonly sentBps: number | null;
  readonly receivedBps: number | null;
  readonly pathBps: number | null;
  readonly roundTripMs: number | null;
  readonly queueingMs: number | null;
  readonly lanes: number;
  readonly stalledLanes: number;
  /** Of our camera; of the slowest camera that we see. */
  readonly sentFps: number | null;
  readonly receivedFps: number | null;
  /** The longest of all, from capture to screen and to loudspeaker. */
  readonly pictureDelayMs: number | null;
  readonly soundDelayMs: number | null;
  readonly playoutDelayMs: number | null;
  readonly playoutTargetMs: number | null;
  /** Since the sample before. */
  readonly framesDropped: number;
  readonly freezes: number;
  /** The largest share of anybody's sound that was invented, 0 … 1. */
  readonly concealed: number | null;
}

/** Gathers samples. */
export class History {
  #samples: Sample[] = [];
  #began: number | null = null;
  /** The counters of the sample before, by what counts. */
  #counted = new Map<string, number>();

  /** The oldest first. */
  get samples(): readonly Sample[] {
    return this.#samples;
  }

  /** Take a sample. @param now ms. */
  take(tracks: readonly TrackReading[], path: PathReading | null, now: number): void {
    this.#began ??= now;
    const sent = tracks.filter(({ direction }) => direction === "sent");
    const received = tracks.filter(({ direction }) => direction === "received");
    const video = received.filter(({ kind }) => kind === "video");
    const audio = received.filter(({ kind }) => kind === "audio");
    const first = this.#samples.length === 0;
    const counters = new Map<string, number>();
    const grown = (key: string, value: number | null) => {
      counters.set(key, value ?? 0);
      // What was there before we looked is not of this second, and a counter that begins again has not shrunk.
      return first ? 0 : Math.max(0, (value ?? 0) - (this.#counted.get(key) ?? 0));
    };
    let framesDropped = grown("path", path?.framesDropped ?? null);
    let freezes = 0;
    for (const track of tracks) {
      framesDropped += grown(`dropped ${track.direction} ${track.trackId}`, track.framesDropped);
      freezes += grown(`freezes ${track.direction} ${track.trackId}`, track.freezes);
    }
    this.#counted = counters;
    this.#samples.push({
      at: (now - this.#began) / 1000,
      sentBps: path?.sentBitrateBps ?? sum(sent.map(({ bitrateBps }) => bitrateBps)),
      receivedBps: path?.receivedBitrateBps ?? sum(received.map(({ bitrateBps }) => bitrateBps)),
      pathBps: path?.pathBitrateBps ?? null,
      roundTripMs: path?.roundTripMs ?? null,
      queueingMs: path?.queueingMs ?? null,
      lanes: path?.lanes.length ?? 0,
      stalledLanes: path?.lanes.filter(({ state }) => state === "stalled").length ?? 0,
      sentFps: most(sent.filter(isCamera).map(({ framesPerSecond }) => framesPerSecond)),
      receivedFps: least(video.filter(isCamera).map(({ framesPerSecond }) => framesPerSecond)),
      pictureDelayMs: most(video.map(({ delayMs }) => delayMs)),
      soundDelayMs: most(audio.map(({ delayMs }) => delayMs)),
      playoutDelayMs: most(audio.map(({ playoutDelayMs }) => playoutDelayMs)),
      playoutTargetMs: most(audio.map(({ playoutTargetMs }) => playoutTargetMs)),
      framesDropped,
      freezes,
      concealed: most(audio.map(({ concealed }) => concealed)),
    });
    if (this.#samples.length > MOST_SAMPLES) this.#samples.shift();
  }
}

const isCamera = ({ source, kind }: TrackReading): boolean => source === "camera" && kind === "video";
const known = (values: readonly (number | null)[]): number[] => values.filter((value) => value !== null);
const most = (values: readonly (number | null)[]): number | null => best(known(values), Math.max);
const least = (values: readonly (number | null)[]): number | null => best(known(values), Math.min);
const best = (values: readonly number[], choose: (...of: number[]) => number): number | null =>
  values.length === 0 ? null : choose(...values);
const sum = (values: readonly number[]): number | null =>
  values.length === 0 ? null : values.reduce((total, value) => total + value, 0);
