/** Puts fragments together again that came over several lanes (PROTOCOL.md §3.8). */

import { Assembler } from "../fec/assembler.ts";
import type { Fragment } from "../wire/fragment.ts";

/** Blocks that may be incomplete at once; the oldest is given up for a new one. */
export const MAX_BLOCKS = 128;
/** Octets of fragments that may wait; the oldest blocks are given up for new ones. */
export const MAX_BYTES = 4_000_000;
/** How far below the newest block number one may be; older fragments, and those of finished blocks, are dropped. */
export const HISTORY = 1024;

const HALF = 2 ** 31;

/** A block of which some fragments have come, and their octets. */
interface Incomplete {
  readonly assembler: Assembler;
  size: number;
}

/** All blocks of which some fragments have come. */
export class IncomingBlocks {
  /** Fragments that nobody needed any more. */
  fragmentsLate = 0;
  readonly #incomplete = new Map<number, Incomplete>();
  #bytes = 0;
  #newest: number | null = null;
  /** At a block's number modulo the length: 1 if it is finished or given up. */
  readonly #finished = new Uint8Array(HISTORY);

  /**
   * Take a fragment; gives the message when it is the last that was missing.
   *
   * @throws RemoteProtocolError it contradicts another one of its block.
   */
  receive(fragment: Fragment): Uint8Array<ArrayBuffer> | null {
    const { blockNumber, dataCount, messageLength, payload } = fragment;
    if (!this.#isOpen(blockNumber)) {
      this.fragmentsLate += 1;
      return null;
    }
    let block = this.#incomplete.get(blockNumber);
    if (block === undefined) {
      block = { assembler: new Assembler(dataCount, messageLength), size: 0 };
      this.#incomplete.set(blockNumber, block);
    } else {
      block.assembler.check(dataCount, messageLength);
    }
    block.size += payload.length;
    this.#bytes += payload.length;
    const message = block.assembler.add(fragment.index, payload);
    if (message !== null) this.#finish(blockNumber, block);
    else this.#makeRoom();
    return message;
  }

  /** Whether fragments of that block are still of use; a new number moves the history. */
  #isOpen(number: number): boolean {
    const newest = this.#newest;
    if (newest === null) {
      this.#newest = number;
      return true;
    }
    const step = (number - newest) >>> 0;
    if (step > 0 && step < HALF) {
      this.#forget(newest, step);
      this.#newest = number;
      return true;
    }
    return (newest - number) >>> 0 < HISTORY && this.#finished[number % HISTORY] === 0;
  }

  /** The places of the numbers that follow `newest` still say what was there 1024 blocks ago. */
  #forget(newest: number, step: number): void {
    if (step >= HISTORY) this.#finished.fill(0);
    else for (let ahead = 1; ahead <= step; ahead += 1) this.#finished[(newest + ahead) % HISTORY] = 0;
  }

  #finish(number: number, block: Incomplete): void {
    this.#incomplete.delete(number);
    this.#bytes -= block.size;
    if (this.#age(number) < HISTORY) this.#finished[number % HISTORY] = 1;
  }

  /** How far below the newest number this one is. */
  #age(number: number): number {
    return ((this.#newest ?? 0) - number) >>> 0;
  }

  #makeRoom(): void {
    while (this.#incomplete.size > MAX_BLOCKS || this.#bytes > MAX_BYTES) {
      let oldest: [number, Incomplete] | null = null;
      for (const entry of this.#incomplete) {
        if (oldest === null || this.#age(entry[0]) > this.#age(oldest[0])) oldest = entry;
      }
      if (oldest === null) return;
      this.#finish(oldest[0], oldest[1]);
    }
  }
}
