/** How the path's capacity is shared among the tracks that we send. */

import { kindOf, type Track } from "../base/media.ts";

/** Voice at its best; and what music gains from, where nobody would miss it. */
const AUDIO_BPS = 40_000;
const RICH_AUDIO_BPS = 56_000;
const RICH_PATH_BPS = 3_000_000;
const MIN_AUDIO_BPS = 12_000;
const MIN_VIDEO_BPS = 60_000;
/** Headers and acknowledgements, and a little room for the estimate to be wrong. */
const USABLE = 0.9;

/** A track and the most that its receivers want of it. */
export interface RatedTrack {
  readonly track: Track;
  readonly ceilingBps: number;
}

/**
 * Share `pathBps` among tracks: audio first, video the rest, equally; what one cannot use goes to the others.
 *
 * @returns bits per second by track id, never less than what an encoder can make sense of. Muted tracks send nothing and count for nothing, but get a share for the moment
 *   when they are unmuted.
 */
export function shareBitrate(pathBps: number, tracks: readonly RatedTrack[]): ReadonlyMap<number, number> {
  const shares = new Map<number, number>();
  const sounding = tracks.filter(({ track }) => kindOf(track.codec) === "audio" && !track.muted);
  let rest = pathBps * USABLE;
  for (const { track, ceilingBps } of tracks) {
    if (kindOf(track.codec) !== "audio") continue;
    // At most half of a thin path is for sound, as long as somebody also wants to be seen.
    const mostBps = pathBps >= RICH_PATH_BPS ? RICH_AUDIO_BPS : AUDIO_BPS;
    const fair = Math.min(mostBps, (pathBps * USABLE) / 2 / Math.max(1, sounding.length));
    const share = Math.max(MIN_AUDIO_BPS, Math.min(ceilingBps, fair));
    shares.set(track.trackId, Math.round(share));
    if (!track.muted) rest -= share;
  }
  const pictures = tracks.filter(({ track }) => kindOf(track.codec) === "video");
  const shown = pictures.filter(({ track }) => !track.muted).toSorted((a, b) => a.ceilingBps - b.ceilingBps);
  for (const { track, ceilingBps } of pictures) {
    // What a muted one would get if it joined the others.
    const share = Math.max(MIN_VIDEO_BPS, Math.min(ceilingBps, rest / (shown.length + 1)));
    if (track.muted) shares.set(track.trackId, Math.round(share));
  }
  shown.forEach(({ track, ceilingBps }, index) => {
    const share = Math.max(MIN_VIDEO_BPS, Math.min(ceilingBps, rest / (shown.length - index)));
    shares.set(track.trackId, Math.round(share));
    rest -= share;
  });
  return shares;
}
