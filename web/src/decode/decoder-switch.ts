/**
 * One track's decoder, whichever works: the first keyframe is the trial, and what has come since the last keyframe is kept
 * until the first picture is out, so that the next backend can begin with it. A decoder that breaks later is opened anew, and
 * left for the next backend when it breaks again and again. Queues: at most 90 frames until the first picture; then the
 * trial starts again with the next keyframe. Time is an argument.
 */

import type { CodecBackend, CodecChoice } from "../base/backends.ts";
import type { EncodedFrame } from "../base/media.ts";
import type { DecodedPicture, OpenDecoder, PictureDecoder, VideoCodec } from "./picture-decoder.ts";

const MOST_HELD = 90;
/** A decoder that has been given so many frames for so long and shows nothing does not work. */
const SILENT_FRAMES = 30;
const SILENT_S = 3;
/** A decoder that breaks more often than so within so many seconds is given up. */
const MOST_FAILURES = 5;
const FAILURES_WITHIN_S = 20;

const ORDER: Readonly<Record<CodecChoice, readonly CodecBackend[]>> = {
  auto: ["webcodecs", "wasm"],
  webcodecs: ["webcodecs"],
  wasm: ["wasm"],
};

/** What a switch tells. */
export interface SwitchEvents {
  onPicture(picture: DecodedPicture): void;
  /** It can take more than before. */
  onRoom(): void;
  /** What was given is lost: go on with a keyframe. */
  onKeyframeNeeded(): void;
  /** No backend works; told once. */
  onFailed(detail: string): void;
}

/** Decodes one stream with what works. */
export class DecoderSwitch {
  readonly #codec: VideoCodec;
  readonly #openers: Readonly<Record<CodecBackend, OpenDecoder>>;
  readonly #events: SwitchEvents;
  readonly #now: () => number;
  readonly #reasons: string[] = [];
  #left: readonly CodecBackend[];
  #decoder: PictureDecoder | null = null;
  /** Counts decoders; what an older one says is not heard any more. */
  #turn = 0;
  #opening = false;
  /** From the last keyframe on, while no picture has come out; null afterwards. */
  #held: EncodedFrame[] | null = [];
  #heldSince = 0;
  #failures: number[] = [];
  #closed = false;
  #earlierDecodeTimeS = 0;
  #codecName: string | null = null;
  #backend: CodecBackend | null = null;

  /** @param now seconds, monotonic. */
  constructor(
    codec: VideoCodec,
    codecs: CodecChoice,
    openers: Readonly<Record<CodecBackend, OpenDecoder>>,
    events: SwitchEvents,
    now: () => number,
  ) {
    this.#codec = codec;
    this.#left = ORDER[codecs];
    this.#openers = openers;
    this.#events = events;
    this.#now = now;
  }

  /** What has shown a picture; null before. */
  get backend(): CodecBackend | null {
    return this.#backend;
  }

  get codec(): string | null {
    return this.#codecName;
  }

  get queueSize(): number {
    return this.#decoder?.queueSize ?? 0;
  }

  /** Spent decoding since the beginning, s. */
  get decodeTimeS(): number {
    return this.#earlierDecodeTimeS + (this.#decoder?.decodeTimeS ?? 0);
  }

  /** Take a frame; each must be decodable after those before, and the first after `onKeyframeNeeded` is a keyframe. */
  decode(frame: EncodedFrame): void {
    if (this.#closed || this.#left.length === 0) return;
    if (this.#held !== null) {
      if (!this.#hold(frame)) return;
      if (this.#decoder === null) {
        this.#open();
        return;
      }
    }
    const fed = this.#decoder;
    // The decoder may keep the buffer, and another must be able to begin with the same frames.
    fed?.decode(this.#held === null ? frame : { ...frame, data: frame.data.slice() });
    if (fed === this.#decoder && this.#silent) this.#broken("no picture came out");
  }

  close(): void {
    this.#closed = true;
    this.#turn += 1;
    this.#decoder?.close();
    this.#decoder = null;
    this.#held = null;
  }

  get #silent(): boolean {
    const held = this.#held;
    return held !== null && held.length >= SILENT_FRAMES && this.#now() - this.#heldSince >= SILENT_S;
  }

  /** @returns whether it is of use. */
  #hold(frame: EncodedFrame): boolean {
    const held = this.#held ?? [];
    if (held.length >= MOST_HELD) held.length = 0;
    if (held.length === 0 && !frame.keyframe) {
      this.#events.onKeyframeNeeded();
      return false;
    }
    if (held.length === 0) this.#heldSince = this.#now();
    if (frame.keyframe) held.length = 0;
    held.push(frame);
    this.#held = held;
    return true;
  }

  #open(): void {
    const [backend] = this.#left;
    if (this.#opening || this.#closed) return;
    if (backend === undefined) {
      this.#events.onFailed(this.#reasons.join("; "));
      return;
    }
    this.#opening = true;
    this.#turn += 1;
    const turn = this.#turn;
    const current = () => turn === this.#turn;
    const opened = this.#openers[backend](this.#codec, {
      onPicture: (picture) => (current() ? this.#show(picture) : picture.close()),
      onRoom: () => {
        if (current()) this.#events.onRoom();
      },
      onError: (detail) => {
        if (current()) this.#broken(detail);
      },
    });
    void opened.then(
      (decoder) => this.#begin(decoder, turn),
      (error: unknown) => {
        this.#opening = false;
        if (current()) this.#giveUp(error instanceof Error ? error.message : String(error));
      },
    );
  }

  #begin(decoder: PictureDecoder, turn: number): void {
    this.#opening = false;
    if (turn !== this.#turn) {
      decoder.close();
      return;
    }
    this.#decoder = decoder;
    this.#heldSince = this.#now();
    for (const frame of this.#held?.slice() ?? []) {
      if (turn !== this.#turn) return;
      decoder.decode({ ...frame, data: frame.data.slice() });
    }
  }

  #show(picture: DecodedPicture): void {
    this.#held = null;
    this.#backend = this.#decoder?.backend ?? this.#backend;
    this.#codecName = this.#decoder?.codec ?? this.#codecName;
    this.#events.onPicture(picture);
  }

  #broken(detail: string): void {
    // One that has never shown a picture has failed its trial.
    if (this.#backend !== this.#left[0]) {
      this.#giveUp(detail);
      return;
    }
    const now = this.#now();
    this.#failures = [...this.#failures.filter((at) => now - at < FAILURES_WITHIN_S), now];
    if (this.#failures.length > MOST_FAILURES) this.#giveUp(detail);
    else this.#restart();
  }

  /** The next backend's turn. */
  #giveUp(reason: string): void {
    this.#reasons.push(`${this.#left[0]}: ${reason}`);
    this.#left = this.#left.slice(1);
    this.#failures = [];
    this.#restart();
  }

  #restart(): void {
    this.#turn += 1;
    this.#earlierDecodeTimeS += this.#decoder?.decodeTimeS ?? 0;
    this.#decoder?.close();
    this.#decoder = null;
    const begun = this.#held !== null && this.#held.length > 0;
    this.#held ??= [];
    if (begun || this.#left.length === 0) this.#open();
    else this.#events.onKeyframeNeeded();
  }
}
