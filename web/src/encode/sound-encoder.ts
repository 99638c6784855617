/**
 * What the encode worker wants of an Opus encoder, whichever implementation it is, and how one is chosen: by encoding 20 ms of
 * silence, libopus first, since it is the same everywhere and costs little.
 */

import type { CodecBackend, CodecChoice } from "../base/backends.ts";
import type { AudioFrame } from "./audio-framer.ts";

/** What an encoder tells. */
export interface SoundEncoderEvents {
  /** One packet of 20 ms. @param spentMs what it took to make it. */
  onEncoded(data: Uint8Array<ArrayBuffer>, frame: AudioFrame, spentMs: number): void;
  /** It is broken and of no use any more. */
  onError(detail: string): void;
}

/** One working Opus encoder: mono, 48 kHz, packets of 20 ms. */
export interface SoundEncoder {
  readonly backend: CodecBackend;
  /** Frames that have gone in and not come out. */
  readonly queueSize: number;
  /** @throws Error when it cannot. */
  encode(frame: AudioFrame): void;
  /** @throws Error when it cannot. */
  setBitrate(bitrateBps: number): void;
  close(): void;
}

/** Makes an encoder that has shown that it works; rejects with an Error that says why it does not. */
export type OpenSoundEncoder = (bitrateBps: number, events: SoundEncoderEvents) => Promise<SoundEncoder>;

const ORDER: Readonly<Record<CodecChoice, readonly CodecBackend[]>> = {
  auto: ["wasm", "webcodecs"],
  webcodecs: ["webcodecs"],
  wasm: ["wasm"],
};

/** Which backends one track may still use. */
export class SoundEncoderChoice {
  readonly #openers: Readonly<Record<CodecBackend, OpenSoundEncoder>>;
  readonly #reasons: string[] = [];
  #left: readonly CodecBackend[];

  constructor(codecs: CodecChoice, openers: Readonly<Record<CodecBackend, OpenSoundEncoder>>) {
    this.#left = ORDER[codecs];
    this.#openers = openers;
  }

  /** Why none is left, one clause per backend. */
  get reason(): string {
    return this.#reasons.join("; ");
  }

  /** The first that works; null: none does. One that has failed is not tried again. */
  async open(bitrateBps: number, events: SoundEncoderEvents): Promise<SoundEncoder | null> {
    for (const backend of this.#left) {
      try {
        return await this.#openers[backend](bitrateBps, events);
      } catch (error) {
        this.giveUp(backend, error instanceof Error ? error.message : String(error));
      }
    }
    return null;
  }

  /** Do not use this one any more. */
  giveUp(backend: CodecBackend, reason: string): void {
    this.#left = this.#left.filter((other) => other !== backend);
    this.#reasons.push(`${backend}: ${reason}`);
  }
}
