/**
 * A message on its way: repeated whole, or cut into fragments of which any that are as many as the data restore it.
 *
 * The dispatcher makes a block of every message that somebody waits for (CONTROL, a packet of audio, a frame of video) and
 * asks it for one piece after another, each for a lane of its own. Acknowledgements come back to it, so that it knows when
 * the far end has enough, and asks for more pieces when younger data of other lanes arrived first.
 */

import type { Seconds } from "../base/time.ts";
import { encodeParity } from "../fec/erasure.ts";
import { encodeFragment } from "../wire/fragment.ts";

/** The `videoTrackId` of everything else. */
export const NOT_VIDEO = -1;
/** Parity fragments of a block (PROTOCOL.md §3.8): more would cost the far end too much to decode. */
export const MAX_SPARES = 32;

/** What goes first. */
export const Urgency = { CONTROL: 0, AUDIO: 1, VIDEO: 2 } as const;
export type Urgency = (typeof Urgency)[keyof typeof Urgency];

/** What one may say of a block; without it, one piece that is the whole message. */
export interface BlockOptions {
  /** The block number; of no meaning when the message travels whole. */
  readonly number?: number;
  /** How many pieces hold the message, 1 … 200. */
  readonly dataCount?: number;
  /** How many more are sent at once, so that as many may be late. */
  readonly spareCount?: number;
  /** The video track whose frame it is. */
  readonly videoTrackId?: number;
}

/** One message and its pieces. `dataCount` 1 means that every piece is the whole message. */
export class Block {
  readonly message: Uint8Array<ArrayBuffer>;
  readonly urgency: Urgency;
  readonly number: number;
  readonly dataCount: number;
  readonly videoTrackId: number;
  readonly createdAt: Seconds;
  /** When the last piece was given to a lane. */
  sentAt: Seconds;
  toSend: number;
  piecesSent = 0;
  acknowledged = 0;
  hedges = 0;
  /** The lanes that were given a piece, in that order. */
  readonly laneIds: number[] = [];
  /** Parity that is made and not sent, in order. */
  #parity: Uint8Array<ArrayBuffer>[] = [];

  /** @param message what the far end shall have. */
  constructor(message: Uint8Array<ArrayBuffer>, urgency: Urgency, now: Seconds, options: BlockOptions = {}) {
    this.message = message;
    this.urgency = urgency;
    this.number = options.number ?? 0;
    this.dataCount = options.dataCount ?? 1;
    this.videoTrackId = options.videoTrackId ?? NOT_VIDEO;
    this.createdAt = now;
    this.sentAt = now;
    this.toSend = this.dataCount + (options.spareCount ?? 0);
  }

  /** Whether the far end has enough of it. */
  get isDelivered(): boolean {
    return this.acknowledged >= this.dataCount;
  }

  /** Octets of the message in a piece; the last one may have fewer. */
  get pieceSize(): number {
    return Math.ceil(this.message.length / this.dataCount);
  }

  /** The next piece as a message for that lane; call it while `toSend` is above 0. */
  nextPiece(laneId: number, now: Seconds): Uint8Array<ArrayBuffer> {
    const index = this.piecesSent;
    this.piecesSent += 1;
    this.toSend -= 1;
    this.sentAt = now;
    if (!this.laneIds.includes(laneId)) this.laneIds.push(laneId);
    const { message, dataCount } = this;
    if (dataCount === 1) return message;
    const size = this.pieceSize;
    const payload = index < dataCount ? message.subarray(index * size, (index + 1) * size) : this.#nextParity(index);
    return encodeFragment(dataCount, index, this.number, message.length, payload);
  }

  #nextParity(index: number): Uint8Array<ArrayBuffer> {
    if (this.#parity.length === 0) {
      // All that will be sent now in one computation.
      const indices = Array.from({ length: this.toSend + 1 }, (_, ahead) => index + ahead);
      this.#parity = encodeParity(this.message, this.dataCount, indices);
    }
    return this.#parity.shift() as Uint8Array<ArrayBuffer>;
  }

  /** Send that many pieces more, if there are any left that the far end has not been sent. */
  askForMore(count: number): void {
    const left = this.dataCount > 1 ? this.dataCount + MAX_SPARES - this.piecesSent - this.toSend : count;
    this.toSend += Math.max(Math.min(count, left), 0);
  }

  /** Send no more of it. */
  dropRest(): void {
    this.toSend = 0;
  }
}
