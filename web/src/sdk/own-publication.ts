/** One of our own tracks as an object: what the page wants of it, turned into what the link is told. */

import type { MediaKind, TrackSource } from "../base/media.ts";
import type { VideoOptions } from "../encode/messages.ts";
import type { LinkPublication, RoomLink } from "../room/link.ts";
import type { Publication, PublishOptions } from "./api.ts";

const DEFAULT_FRAMERATE = { microphone: 0, camera: 30, screen: 8 } satisfies Record<TrackSource, number>;
/** Where a track does not tell its size. */
const DEFAULT_SIZE = { camera: [1280, 720], screen: [1920, 1080] } as const;
const LEAST_BITRATE_BPS = 150_000;
const MOST_BITRATE_BPS = 6_000_000;

/** What a picture of that many pixels needs to look well at 30 a second: 0.25 Mb/s at 180p, 1.8 at 720p, 3.2 at 1080p. */
function bitrateFor(pixels: number): number {
  return Math.round(Math.min(MOST_BITRATE_BPS, Math.max(LEAST_BITRATE_BPS, 90 * pixels ** 0.72)));
}

/** What may change while a track is published. */
export type SendOptions = Omit<PublishOptions, "source" | "muted">;

/** What to aim for with a track. */
export function videoOptionsOf(
  track: MediaStreamTrack | null,
  source: TrackSource,
  { framerate, maxBitrateBps }: SendOptions,
): VideoOptions {
  const [usualWidth, usualHeight] = source === "screen" ? DEFAULT_SIZE.screen : DEFAULT_SIZE.camera;
  const { width = usualWidth, height = usualHeight } = track?.getSettings() ?? {};
  const hint = track?.contentHint ?? "";
  const still = hint === "detail" || hint === "text" || (hint === "" && source === "screen");
  return {
    framerate: framerate ?? DEFAULT_FRAMERATE[source],
    maxBitrateBps: maxBitrateBps ?? bitrateFor(width * height),
    content: still ? "detail" : "motion",
  };
}

/** See `Publication`. */
export class OwnPublication implements Publication {
  readonly kind: MediaKind;
  readonly source: TrackSource;
  readonly #link: LinkPublication;
  readonly #unpublished: (publication: OwnPublication) => void;
  readonly #ended = (): void => this.#tellMuted();
  #options: SendOptions;
  #track: MediaStreamTrack | null = null;
  #muted: boolean;
  #toldMuted: boolean;
  #over = false;

  /** @param unpublished called once, when the page does not want it any more. */
  constructor(
    link: Pick<RoomLink, "publish">,
    track: MediaStreamTrack,
    source: TrackSource,
    { muted = false, ...options }: Omit<PublishOptions, "source">,
    unpublished: (publication: OwnPublication) => void,
  ) {
    this.kind = track.kind === "audio" ? "audio" : "video";
    this.source = source;
    this.#options = options;
    this.#unpublished = unpublished;
    this.#muted = muted;
    this.#toldMuted = muted || track.readyState === "ended";
    this.#link = link.publish(this.kind, source, this.#toldMuted, videoOptionsOf(track, source, options));
    this.#follow(track);
  }

  get id(): string {
    return this.#link.id;
  }

  get track(): MediaStreamTrack | null {
    return this.#track;
  }

  get muted(): boolean {
    return this.#muted;
  }

  set muted(muted: boolean) {
    this.#muted = muted;
    this.#tellMuted();
  }

  replaceTrack(track: MediaStreamTrack | null, options: SendOptions = {}): void {
    if (track !== null && track.kind !== this.kind) {
      throw new TypeError(`A publication of ${this.kind} cannot send a track of ${track.kind}.`);
    }
    this.#options = { ...this.#options, ...options };
    if (!this.#over) this.#follow(track);
  }

  unpublish(): void {
    if (this.#over) return;
    this.close();
    this.#link.end();
    this.#unpublished(this);
  }

  /** The room is over, or it was unpublished: hear nothing of the track any more. */
  close(): void {
    this.#over = true;
    this.#track?.removeEventListener("ended", this.#ended);
  }

  #follow(track: MediaStreamTrack | null): void {
    this.#track?.removeEventListener("ended", this.#ended);
    this.#track = track;
    track?.addEventListener("ended", this.#ended);
    this.#link.send(track, videoOptionsOf(track, this.source, this.#options));
    this.#tellMuted();
  }

  #tellMuted(): void {
    const muted = this.#muted || this.#track === null || this.#track.readyState === "ended";
    if (this.#over || muted === this.#toldMuted) return;
    this.#toldMuted = muted;
    this.#link.mute(muted);
  }
}
