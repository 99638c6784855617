/**
 * Messages in the bodies of HTTP requests and responses (PROTOCOL.md §2.2): each is preceded by its length. The bodies of
 * one direction, one behind the other, are one row of messages; where a body ends says nothing. HTTP lanes use this.
 */

import { CloseCode, RemoteProtocolError } from "../base/errors.ts";

/** Octets of the length in front of a message. */
export const LENGTH_BYTES = 4;

/** The length that stands in front of a message of so many octets. */
export function lengthOf(message: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const length = new Uint8Array(LENGTH_BYTES);
  new DataView(length.buffer).setUint32(0, message.length);
  return length;
}

/** Finds the messages in octets that come in pieces of any size. */
export class BatchReader {
  readonly #maxMessageBytes: number;
  #rest: Uint8Array<ArrayBuffer> = new Uint8Array(0);

  /** @param maxMessageBytes what a message may have; nothing longer is ever kept. */
  constructor(maxMessageBytes: number) {
    this.#maxMessageBytes = maxMessageBytes;
  }

  /**
   * The messages that `data` completes, in order; each with a buffer of its own.
   *
   * @throws RemoteProtocolError an empty message (`malformed`) or one over the limit (`too_large`).
   */
  read(data: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer>[] {
    const all = this.#rest.length === 0 ? data : joined(this.#rest, data);
    const view = new DataView(all.buffer, all.byteOffset, all.byteLength);
    const messages: Uint8Array<ArrayBuffer>[] = [];
    let at = 0;
    while (all.length - at >= LENGTH_BYTES) {
      const length = view.getUint32(at);
      if (length === 0) throw new RemoteProtocolError("an empty message");
      if (length > this.#maxMessageBytes) throw new RemoteProtocolError("message over the limit", CloseCode.TOO_LARGE);
      const end = at + LENGTH_BYTES + length;
      if (end > all.length) break;
      messages.push(all.slice(at + LENGTH_BYTES, end));
      at = end;
    }
    this.#rest = all.slice(at);
    return messages;
  }
}

function joined(first: Uint8Array<ArrayBuffer>, second: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(first.length + second.length);
  whole.set(first);
  whole.set(second, first.length);
  return whole;
}
