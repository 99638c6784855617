/**
 * The systematic Cauchy code of PROTOCOL.md §3.8: parity fragments of a message, and the message from any k fragments.
 *
 * The session's sending half cuts and encodes with it; `assembler` recovers with it. The cost of either is the message's
 * length times the number of parity fragments that are made or used.
 */

import { LocalProtocolError } from "../base/errors.ts";
import { addMultiple, logarithmOf, overRow, powerOf, timesRow } from "./field.ts";

/** More parts than this are never made of a message. */
export const MAX_DATA_COUNT = 200;
/** The highest index of a fragment. */
export const MAX_INDEX = 254;

/**
 * Octets of each fragment but the last data fragment, which may be shorter.
 *
 * @param length octets of the message.
 * @param dataCount how many parts it has.
 * @returns the size; 0 if such a message cannot be cut into so many, for there are 1 to 200, and none is empty.
 */
export function fragmentSize(length: number, dataCount: number): number {
  if (dataCount < 1 || dataCount > MAX_DATA_COUNT) return 0;
  const size = Math.ceil(length / dataCount);
  return (dataCount - 1) * size < length ? size : 0;
}

/**
 * How many parts to cut a message into.
 *
 * @param length octets of the message, at least 1.
 * @param maxSize octets of a fragment's payload, at least 1.
 * @returns the fewest parts that are no larger than `maxSize`, but `MAX_DATA_COUNT` if those were more.
 */
export const dataCountFor = (length: number, maxSize: number): number =>
  Math.max(1, Math.ceil(length / Math.max(maxSize, Math.ceil(length / MAX_DATA_COUNT))));

/** The data fragments of a message, as views of it. @throws LocalProtocolError it cannot be cut into so many. */
export function split(data: Uint8Array<ArrayBuffer>, dataCount: number): Uint8Array<ArrayBuffer>[] {
  const size = checkedSize(data.length, dataCount);
  return Array.from({ length: dataCount }, (_, index) => data.subarray(index * size, (index + 1) * size));
}

/**
 * Make parity fragments of a message.
 *
 * @param data the message, at least one octet.
 * @param dataCount k, how many parts it is cut into.
 * @param indices which parity fragments, each k … 254.
 * @returns one payload for each index, `fragmentSize` octets long.
 * @throws LocalProtocolError the message cannot be cut into so many, or an index is out of range.
 */
export function encodeParity(
  data: Uint8Array<ArrayBuffer>,
  dataCount: number,
  indices: readonly number[],
): Uint8Array<ArrayBuffer>[] {
  const size = checkedSize(data.length, dataCount);
  const parts = split(data, dataCount);
  return indices.map((index) => {
    if (index < dataCount || index > MAX_INDEX) throw new LocalProtocolError("an index that is not that of parity");
    const parity = new Uint8Array(size);
    parts.forEach((part, at) => {
      addMultiple(parity, part, overRow(index ^ at));
    });
    return parity;
  });
}

/**
 * Make a message of `dataCount` or more of its fragments.
 *
 * @param fragments payloads of the right sizes by index.
 * @param dataCount k, how many parts the message was cut into.
 * @param length octets of the message.
 */
export function recover(
  fragments: ReadonlyMap<number, Uint8Array>,
  dataCount: number,
  length: number,
): Uint8Array<ArrayBuffer> {
  const size = fragmentSize(length, dataCount);
  // The last part may be continued with zeros while it is worked out.
  const message = new Uint8Array(dataCount * size);
  const missing: number[] = [];
  for (let index = 0; index < dataCount; index += 1) {
    const part = fragments.get(index);
    if (part === undefined) missing.push(index);
    else message.set(part, index * size);
  }
  if (missing.length > 0) {
    const parity = [...fragments.keys()].filter((index) => index >= dataCount).slice(0, missing.length);
    const shares = parity.map((index) => shareOfMissing(index, fragments, dataCount));
    inverse(parity, missing).forEach((factors, nth) => {
      const at = (missing[nth] as number) * size;
      const part = message.subarray(at, at + size);
      shares.forEach((share, row) => {
        addMultiple(part, share, timesRow(factors[row] as number));
      });
    });
  }
  return message.subarray(0, length);
}

/** What is left of a parity fragment when the parts that are there are taken out. */
function shareOfMissing(index: number, fragments: ReadonlyMap<number, Uint8Array>, dataCount: number): Uint8Array {
  const share = Uint8Array.from(fragments.get(index) as Uint8Array);
  for (const [at, part] of fragments) {
    if (at < dataCount) addMultiple(share, part, overRow(index ^ at));
  }
  return share;
}

/** The inverse of the square matrix of 1 / (row + column), by Cauchy's formula in logarithms: n² steps, not n³. */
function inverse(rows: readonly number[], columns: readonly number[]): number[][] {
  const distances = (from: number, to: readonly number[]) =>
    to.reduce((sum, other) => (other === from ? sum : sum + logarithmOf(from ^ other)), 0);
  const ofRows = rows.map((row) => distances(row, columns) - distances(row, rows));
  const ofColumns = columns.map((column) => distances(column, rows) - distances(column, columns));
  return columns.map((column, at) =>
    rows.map((row, nth) => powerOf((ofRows[nth] as number) + (ofColumns[at] as number) - logarithmOf(row ^ column))),
  );
}

function checkedSize(length: number, dataCount: number): number {
  const size = fragmentSize(length, dataCount);
  if (size === 0) throw new LocalProtocolError(`${length} octets cannot be cut into ${dataCount} parts`);
  return size;
}
