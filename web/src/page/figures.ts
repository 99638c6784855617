/** Figures as people read them: units, codec names, dashes for what is not known. */

import type { PathReading, TrackReading } from "../sdk/index.ts";
import { strings } from "./strings.ts";

const words = strings.details;

const CODEC_NAMES: readonly (readonly [RegExp, string])[] = [
  [/avc1|h264/i, "H.264"],
  [/opus/i, "Opus"],
  [/vp0?8/i, "VP8"],
  [/vp0?9/i, "VP9"],
  [/av0?1/i, "AV1"],
];

/** `avc1.42e01f L1T2` and `video/H264` are both H.264 to people; what is unknown keeps its name. */
export function codecName(codec: string | null): string {
  if (codec === null) return words.none;
  return CODEC_NAMES.find(([pattern]) => pattern.test(codec))?.[1] ?? codec;
}

/** As `H.264 by WebCodecs`. */
export function codecAndBackend({ codec, backend }: Pick<TrackReading, "codec" | "backend">): string {
  if (codec === null) return words.none;
  return backend === null ? codecName(codec) : words.codecBy(codecName(codec), words.backends[backend]);
}

/** As `812 kb/s` or `1.2 Mb/s`. */
export function bitrate(bps: number | null): string {
  if (bps === null) return words.none;
  return bps >= 999_500 ? words.megabits((bps / 1e6).toFixed(1)) : words.kilobits((bps / 1000).toFixed(0));
}

/** Whole ones; what rounds to nothing has no sign. */
export const milliseconds = (ms: number | null): string =>
  ms === null ? words.none : words.milliseconds((Math.round(ms) || 0).toFixed(0));

export const framesPerSecond = (fps: number | null): string =>
  fps === null ? words.none : words.framesPerSecond(fps.toFixed(0));

export const perSecond = (count: number | null): string =>
  count === null ? words.none : words.perSecond(count < 10 && count % 1 !== 0 ? count.toFixed(1) : count.toFixed(0));

/** @param share 0 … 1. */
export const percent = (share: number | null): string =>
  share === null ? words.none : words.percent((share * 100).toFixed(1));

/** As `websocket × 8 (1 stalled)`. */
export function laneNames({ lanes }: PathReading): string {
  if (lanes.length === 0) return words.none;
  const named = [...new Set(lanes.map(({ kind }) => kind))].map((kind) => {
    const some = lanes.filter((lane) => lane.kind === kind);
    return words.laneKinds(
      words.laneKindNames[kind] ?? kind,
      some.length,
      some.filter(({ state }) => state === "stalled").length,
    );
  });
  return named.join(", ");
}
