/**
 * One block's assembly: fragments go in, in any order and perhaps twice; when there are enough, the message comes out.
 *
 * The session's receiving half has one for each block that is under way.
 */

import { RemoteProtocolError } from "../base/errors.ts";
import { fragmentSize, MAX_INDEX, recover } from "./erasure.ts";

/** Collects the fragments of one message. It keeps at most `dataCount` of them, and none once it is complete. */
export class Assembler {
  readonly #dataCount: number;
  readonly #messageLength: number;
  readonly #size: number;
  readonly #fragments = new Map<number, Uint8Array>();
  #isComplete = false;

  /**
   * @param dataCount k, how many parts the message was cut into.
   * @param messageLength its octets; the caller bounds them.
   * @throws RemoteProtocolError a message of that length cannot be cut so.
   */
  constructor(dataCount: number, messageLength: number) {
    this.#size = fragmentSize(messageLength, dataCount);
    if (this.#size === 0) {
      throw new RemoteProtocolError(`a message of ${messageLength} octets in ${dataCount} fragments`);
    }
    this.#dataCount = dataCount;
    this.#messageLength = messageLength;
  }

  /** Whether `add` has given the message. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  /** How many more fragments it takes. */
  get missing(): number {
    return this.#isComplete ? 0 : this.#dataCount - this.#fragments.size;
  }

  /**
   * Take a fragment, a view that is kept; a repetition, and any fragment after the last that was needed, is ignored.
   *
   * @returns the message, once: when this fragment made it complete.
   * @throws RemoteProtocolError the index or the size is impossible, or an earlier fragment had the same index and other
   *   octets.
   */
  add(index: number, payload: Uint8Array): Uint8Array<ArrayBuffer> | null {
    if (index < 0 || index > MAX_INDEX) throw new RemoteProtocolError("fragment with an impossible index");
    if (payload.length !== this.#sizeOf(index)) throw new RemoteProtocolError("fragment of a wrong size");
    if (this.#isComplete) return null;
    const known = this.#fragments.get(index);
    if (known !== undefined) {
      if (!known.every((octet, at) => octet === payload[at])) {
        throw new RemoteProtocolError("fragment that contradicts an earlier one");
      }
      return null;
    }
    this.#fragments.set(index, payload);
    if (this.#fragments.size < this.#dataCount) return null;
    this.#isComplete = true;
    const message = recover(this.#fragments, this.#dataCount, this.#messageLength);
    this.#fragments.clear();
    return message;
  }

  /**
   * See that another fragment of this block says the same of the message.
   *
   * @throws RemoteProtocolError it does not.
   */
  check(dataCount: number, messageLength: number): void {
    if (dataCount !== this.#dataCount || messageLength !== this.#messageLength) {
      throw new RemoteProtocolError("fragments of one block that contradict each other");
    }
  }

  #sizeOf(index: number): number {
    return index === this.#dataCount - 1 ? this.#messageLength - index * this.#size : this.#size;
  }
}
