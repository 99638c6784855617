/** Messages and their fragments, for tests: the same ones at each run. */

import { dataCountFor, encodeParity, MAX_INDEX, split } from "../erasure.ts";

/** A repeatable source of whole numbers below a bound. */
export function randomSource(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 48271) % 2147483647;
    return state % below;
  };
}

/** A message, how it is cut, and k of its fragments in some order. */
export interface Block {
  readonly message: Uint8Array<ArrayBuffer>;
  readonly dataCount: number;
  readonly kept: readonly number[];
}

/** A block of any size and with any losses. */
export function randomBlock(random: (below: number) => number): Block {
  const message = Uint8Array.from({ length: 1 + random(2000) }, () => random(256));
  const dataCount = dataCountFor(message.length, 1 + random(message.length));
  const kept = new Set<number>();
  while (kept.size < dataCount) kept.add(random(4) === 0 ? random(dataCount) : random(MAX_INDEX + 1));
  return { message, dataCount, kept: [...kept] };
}

/** The payload of one fragment. */
export function fragmentOf({ message, dataCount }: Block, index: number): Uint8Array<ArrayBuffer> {
  const fragments = index < dataCount ? split(message, dataCount) : encodeParity(message, dataCount, [index]);
  return fragments[index < dataCount ? index : 0] as Uint8Array<ArrayBuffer>;
}
