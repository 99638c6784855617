/** Tries several rungs with short head starts and says which is the best that carries media. Used by `AutoLink`. */

import { NATIVE_RUNGS, type NativeRung } from "./vocabulary.ts";

/** How much earlier a rung is begun than the next one, ms. */
const HEAD_START_MS = 100;
/** A better rung wins if it needs no more than this beyond a worse one, ms. */
const GRACE_MS = 250;

/**
 * Climb.
 *
 * @param rungs in any order.
 * @param attempt whether a rung carries media; gives up when the signal says so.
 * @returns the winner, null if none carries anything. What is still being tried then is given up.
 */
export async function climb(
  rungs: readonly NativeRung[],
  attempt: (rung: NativeRung, signal: AbortSignal) => Promise<boolean>,
  signal: AbortSignal,
): Promise<NativeRung | null> {
  const over = new AbortController();
  const give = (): void => over.abort();
  signal.addEventListener("abort", give);
  if (signal.aborted) give();
  const ladder = NATIVE_RUNGS.filter((rung) => rungs.includes(rung));
  const open = new Set<NativeRung>(ladder);
  try {
    return await new Promise<NativeRung | null>((resolve) => {
      let best: NativeRung | null = null;
      const decide = (): void => {
        const hopeful = ladder.filter((rung) => open.has(rung));
        const better =
          best === null ? hopeful : hopeful.filter((rung) => ladder.indexOf(rung) < ladder.indexOf(best as NativeRung));
        if (better.length === 0) resolve(best);
      };
      over.signal.addEventListener("abort", () => resolve(best));
      if (ladder.length === 0 || over.signal.aborted) resolve(null);
      ladder.forEach((rung, index) => {
        void later(index * HEAD_START_MS, over.signal)
          .then(() => !over.signal.aborted && attempt(rung, over.signal))
          .catch(() => false)
          .then((carries) => {
            open.delete(rung);
            if (carries && (best === null || ladder.indexOf(rung) < ladder.indexOf(best))) {
              if (best === null) void later(GRACE_MS, over.signal).then(() => resolve(best));
              best = rung;
            }
            decide();
          });
      });
    });
  } finally {
    signal.removeEventListener("abort", give);
    over.abort();
  }
}

function later(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (ms === 0 || signal.aborted) {
      resolve();
      return;
    }
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
