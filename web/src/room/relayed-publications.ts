/** Our own tracks, over one or several ways at once: each way that opens is given all of them. Used by `AutoLink`. */

import type { MediaKind, TrackSource } from "../base/media.ts";
import type { VideoOptions } from "../encode/messages.ts";
import type { LinkPublication } from "./link.ts";
import type { Way } from "./succession.ts";

interface Relayed {
  readonly id: string;
  readonly kind: MediaKind;
  readonly source: TrackSource;
  /** Undefined until there has been anything to send. */
  track: MediaStreamTrack | null | undefined;
  muted: boolean;
  options: VideoOptions;
  readonly by: Map<Way, LinkPublication>;
}

/** Publishes by all ways that there are. */
export class RelayedPublications {
  readonly #ways = new Set<Way>();
  readonly #relayed = new Map<string, Relayed>();
  #lastId = 0;

  /** Send everything by this way, too. */
  adopt(way: Way): void {
    this.#ways.add(way);
    for (const relayed of this.#relayed.values()) begin(relayed, way);
  }

  /** The way is over. */
  forget(way: Way): void {
    this.#ways.delete(way);
    for (const { by } of this.#relayed.values()) by.delete(way);
  }

  /** See `RoomLink.publish`. */
  publish(kind: MediaKind, source: TrackSource, muted: boolean, options: VideoOptions): LinkPublication {
    this.#lastId += 1;
    const relayed: Relayed = {
      id: String(this.#lastId),
      kind,
      source,
      track: undefined,
      muted,
      options,
      by: new Map(),
    };
    this.#relayed.set(relayed.id, relayed);
    for (const way of this.#ways) begin(relayed, way);
    return {
      id: relayed.id,
      send: (track, newOptions) => {
        relayed.track = track;
        relayed.options = newOptions;
        for (const inner of relayed.by.values()) inner.send(track, newOptions);
      },
      mute: (nowMuted) => {
        relayed.muted = nowMuted;
        for (const inner of relayed.by.values()) inner.mute(nowMuted);
      },
      end: () => {
        this.#relayed.delete(relayed.id);
        for (const inner of relayed.by.values()) inner.end();
        relayed.by.clear();
      },
    };
  }

  /** By which id a way's publication is known above; null if it is over. */
  idOf(way: Way, innerId: string): string | null {
    for (const { id, by } of this.#relayed.values()) if (by.get(way)?.id === innerId) return id;
    return null;
  }

  /** The ids on a way of what ought to arrive in the room. */
  sending(way: Way): string[] {
    const sending = [...this.#relayed.values()].filter(
      ({ muted, track }) => !muted && track !== null && track !== undefined && track.readyState === "live",
    );
    return sending.flatMap(({ by }) => by.get(way)?.id ?? []);
  }
}

function begin(relayed: Relayed, way: Way): void {
  const { kind, source, muted, options, track } = relayed;
  const inner = way.link.publish(kind, source, muted, options);
  relayed.by.set(way, inner);
  if (track !== undefined) inner.send(track, options);
}
