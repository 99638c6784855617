/**
 * FRAGMENT: a part of one VIDEO or AUDIO message, or parity of its parts (PROTOCOL.md §3.8).
 *
 * What fragments say together is `fec`'s business; here each one is held against what it says of itself.
 */

import { CloseCode, RemoteProtocolError } from "../base/errors.ts";
import { viewOf } from "./media.ts";

export const FRAGMENT = 0x0a;
export const FRAGMENT_HEADER_BYTES = 12;

const MAX_DATA_COUNT = 200;
/** More parity would cost too much to decode. */
const MAX_PARITY_COUNT = 32;

/** One fragment of a block: a message of `messageLength` octets in `dataCount` parts. */
export interface Fragment {
  readonly type: "fragment";
  readonly dataCount: number;
  /** Below `dataCount` for the message's own octets, at least that for parity. */
  readonly index: number;
  readonly blockNumber: number;
  readonly messageLength: number;
  readonly payload: Uint8Array<ArrayBuffer>;
}

/**
 * Make a FRAGMENT: 12 octets of header and the payload.
 *
 * @param dataCount 1 … 200, such that the last part is not empty (`fec`'s `dataCountFor` gives such numbers).
 * @param index below `dataCount` + 32.
 * @param blockNumber 0 … 2^32-1.
 * @param messageLength octets of the message that is cut.
 * @param payload what `fec`'s `split` or `encodeParity` gave for this index.
 */
export function encodeFragment(
  dataCount: number,
  index: number,
  blockNumber: number,
  messageLength: number,
  payload: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const message = new Uint8Array(FRAGMENT_HEADER_BYTES + payload.length);
  const view = viewOf(message);
  view.setUint8(0, FRAGMENT);
  view.setUint8(1, dataCount);
  view.setUint8(2, index);
  view.setUint32(4, blockNumber);
  view.setUint32(8, messageLength);
  message.set(payload, FRAGMENT_HEADER_BYTES);
  return message;
}

/**
 * Read a FRAGMENT; its payload is a view of `data`.
 *
 * @throws RemoteProtocolError too short, a count or index out of range, a last part that would be empty, or a payload
 *   whose size is not that of its index (`malformed`); a message over `maxMessageBytes` (`too_large`).
 */
export function decodeFragment(data: Uint8Array<ArrayBuffer>, maxMessageBytes: number): Fragment {
  if (data.length <= FRAGMENT_HEADER_BYTES) throw new RemoteProtocolError("FRAGMENT without payload");
  const view = viewOf(data);
  const dataCount = view.getUint8(1);
  const index = view.getUint8(2);
  const messageLength = view.getUint32(8);
  if (dataCount < 1 || dataCount > MAX_DATA_COUNT || index >= dataCount + MAX_PARITY_COUNT) {
    throw new RemoteProtocolError("FRAGMENT with an impossible count or index");
  }
  if (messageLength > maxMessageBytes) {
    throw new RemoteProtocolError("message in fragments over the limit", CloseCode.TOO_LARGE);
  }
  const size = Math.ceil(messageLength / dataCount);
  const lastSize = messageLength - (dataCount - 1) * size;
  if (lastSize <= 0) throw new RemoteProtocolError("FRAGMENT of a message that is too short for so many");
  if (data.length - FRAGMENT_HEADER_BYTES !== (index === dataCount - 1 ? lastSize : size)) {
    throw new RemoteProtocolError("FRAGMENT of a wrong size");
  }
  const payload = data.subarray(FRAGMENT_HEADER_BYTES);
  return { type: "fragment", dataCount, index, blockNumber: view.getUint32(4), messageLength, payload };
}
