/** Our own tracks in a native room: one microphone, one camera, one screen, each with a sender as long as there is a connection. */

import type { MediaKind, TrackSource } from "../base/media.ts";
import type { VideoOptions } from "../encode/messages.ts";
import { type Entry, limitSender } from "../native/exchange.ts";
import type { LinkPublication } from "./link.ts";

interface Sent {
  readonly id: string;
  readonly kind: MediaKind;
  readonly source: TrackSource;
  track: MediaStreamTrack | null;
  muted: boolean;
  options: VideoOptions;
}

/** Publishes until closed, over whichever connection there is. */
export class NativePublications {
  readonly #rejected: (publicationId: string, reason: string) => void;
  readonly #sent = new Map<TrackSource, Sent>();
  #entry: Entry | null = null;
  #lastId = 0;

  constructor(rejected: (publicationId: string, reason: string) => void) {
    this.#rejected = rejected;
  }

  /** Send by this connection from now on; null: there is none. */
  use(entry: Entry | null): void {
    this.#entry = entry;
    for (const sent of this.#sent.values()) {
      this.#apply(sent);
      if (sent.muted) entry?.tell({ muted: { [sent.source]: true } });
    }
  }

  /** Announce a track; see `RoomLink.publish`. */
  publish(kind: MediaKind, source: TrackSource, muted: boolean, options: VideoOptions): LinkPublication {
    this.#lastId += 1;
    const sent: Sent = { id: String(this.#lastId), kind, source, track: null, muted, options };
    if (this.#sent.has(source)) {
      const reason = `With native WebRTC, one ${source} at a time can be sent.`;
      queueMicrotask(() => this.#rejected(sent.id, reason));
    } else {
      this.#sent.set(source, sent);
      if (muted) this.#entry?.tell({ muted: { [source]: true } });
    }
    return {
      id: sent.id,
      send: (track, newOptions) => {
        sent.track = track;
        sent.options = newOptions;
        this.#apply(sent);
      },
      mute: (nowMuted) => {
        if (sent.muted !== nowMuted && this.#sent.get(source) === sent)
          this.#entry?.tell({ muted: { [source]: nowMuted } });
        sent.muted = nowMuted;
        this.#apply(sent);
      },
      end: () => {
        sent.track = null;
        this.#apply(sent);
        if (this.#sent.get(source) !== sent) return;
        this.#sent.delete(source);
        this.#entry?.tell({ ended: [source] });
      },
    };
  }

  /** Which publication sends a track; null if none. */
  trackOf(identifier: string): { readonly trackId: string; readonly source: TrackSource } | null {
    for (const { id, source, track } of this.#sent.values()) {
      if (track?.id === identifier) return { trackId: id, source };
    }
    return null;
  }

  #apply(sent: Sent): void {
    const sender = this.#sent.get(sent.source) === sent ? this.#entry?.senders[sent.source] : undefined;
    if (sender === undefined) return;
    const { muted, kind, options } = sent;
    const track = muted ? null : sent.track;
    // Refused only when the connection has ended meanwhile; the next one gets it anew.
    if (sender.track !== track) void sender.replaceTrack(track).catch(() => undefined);
    if (kind === "video") void limitSender(sender, options.maxBitrateBps, options.framerate);
  }
}
