/** Somebody's track as an object that stays the same as long as the track lives. */

import type { Timers } from "../base/clock.ts";
import { type Codec, kindOf, type MediaKind, type TrackSource } from "../base/media.ts";
import type { LinkTrack, LinkTrackChange, RoomLink } from "../room/link.ts";
import type { RemoteTrack } from "./api.ts";
import { Pausing } from "./pausing.ts";

/** The part of a link that a track needs. */
export type TrackLink = Pick<RoomLink, "canPause" | "pause" | "setAudible" | "audioNode" | "mediaStreamTrack">;

/** See `RemoteTrack`. */
export class LiveTrack implements RemoteTrack {
  readonly id: string;
  readonly kind: MediaKind;
  readonly source: TrackSource;
  readonly codec: Codec;
  readonly surface: HTMLCanvasElement | HTMLVideoElement | null;
  readonly #link: TrackLink;
  readonly #pausing: Pausing;
  readonly #canPause: boolean;
  #muted: boolean;
  #live: boolean;
  #audible = true;
  #problem: "cannotDecode" | null = null;

  /** @param changed called when it was paused or goes on. */
  constructor(track: LinkTrack, link: TrackLink, changed: () => void, timers?: Timers) {
    this.id = track.id;
    this.kind = kindOf(track.codec);
    this.source = track.source;
    this.codec = track.codec;
    this.surface = track.surface;
    this.#link = link;
    this.#canPause = track.canPause ?? link.canPause;
    this.#muted = track.muted;
    this.#live = this.kind === "audio";
    const apply = (paused: boolean): void => {
      link.pause(this.id, paused);
      changed();
    };
    this.#pausing = new Pausing(apply, timers);
  }

  get muted(): boolean {
    return this.#muted;
  }

  get live(): boolean {
    return this.#live;
  }

  get paused(): boolean {
    return this.#pausing.paused;
  }

  get problem(): "cannotDecode" | null {
    return this.#problem;
  }

  get audioNode(): AudioNode | null {
    return this.kind === "audio" ? this.#link.audioNode(this.id) : null;
  }

  get audible(): boolean {
    return this.#audible;
  }

  set audible(audible: boolean) {
    if (this.kind === "video" || audible === this.#audible) return;
    this.#audible = audible;
    this.#link.setAudible(this.id, audible);
  }

  get visible(): boolean {
    return this.#pausing.visible;
  }

  set visible(visible: boolean) {
    // Sound is heard wherever its tile is, and what cannot be paused is sent in any case.
    if (this.kind === "video" && this.#canPause) this.#pausing.visible = visible;
  }

  mediaStreamTrack(): Promise<MediaStreamTrack> {
    this.#pausing.take();
    return this.#link.mediaStreamTrack(this.id);
  }

  /** Take what the link tells. @returns whether anything is different. */
  change({ muted = this.#muted, live = this.#live, problem = this.#problem }: LinkTrackChange): boolean {
    if (muted === this.#muted && live === this.#live && problem === this.#problem) return false;
    this.#muted = muted;
    this.#live = live;
    this.#problem = problem;
    if (this.kind === "video") this.#pausing.live = live;
    return true;
  }

  /** It is gone. */
  close(): void {
    this.#pausing.close();
  }
}
