/** What becomes of connections on which nothing is said: closed, forgotten, or kept for as long as we look. */

import { type Result, resultOf, rounded } from "./result.ts";
import { ask, type Site, webSocketUrl } from "./site.ts";

const GRACE_MS = 4_000;
/** The tunnel says something at least every few seconds; who closes later than this closes nothing of it. */
const HARMLESS_S = 20;

/** One connection that was silent. */
export interface Silence {
  readonly kept: boolean;
  /** For how long it was watched, or lived. */
  readonly seconds: number;
  /** It was closed; else it was forgotten, and nobody said so. */
  readonly closed: boolean;
}

/** Be silent on a WebSocket and in the middle of an answer. */
export async function checkIdle(site: Site): Promise<Result> {
  const both = await Promise.all([inAnswer(site), onWebSocket(site)]);
  return judgeIdle(
    both.filter((silence) => silence !== null),
    site.silenceS,
  );
}

/** @param silences of connections that came to be at all. @param watchedS for how long they were watched. */
export function judgeIdle(silences: readonly Silence[], watchedS: number): Result {
  const worst = [...silences].sort((a, b) => Number(a.kept) - Number(b.kept) || a.seconds - b.seconds)[0];
  if (worst === undefined) return resultOf("idle", "untested", "no-connection");
  if (worst.kept) return resultOf("idle", "well", "kept", { watched_s: watchedS });
  const figures = { after_s: rounded(worst.seconds), watched_s: watchedS };
  if (!worst.closed) return resultOf("idle", "hindered", "forgotten", figures);
  return resultOf("idle", worst.seconds >= HARMLESS_S ? "well" : "hindered", "closed", figures);
}

async function inAnswer(site: Site): Promise<Silence | null> {
  let since: number | null = null;
  const over = (kept: boolean, closed: boolean): Silence | null =>
    since === null ? null : { kept, closed, seconds: (performance.now() - since) / 1000 };
  const signal = AbortSignal.timeout(site.silenceS * 1000 + GRACE_MS);
  try {
    const response = await ask(site, `v1/check/idle?seconds=${site.silenceS}`, { signal });
    if (!response.ok) return null;
    const reader = response.body?.getReader();
    let last = new Uint8Array();
    for (let read = await reader?.read(); read !== undefined && !read.done; read = await reader?.read()) {
      since ??= performance.now();
      last = read.value;
    }
    const ended = new TextDecoder().decode(last).endsWith("end\n");
    const silence = over(ended, !ended);
    // Held back until its end, it was never silent on the last part of the way.
    return silence?.kept && silence.seconds < site.silenceS / 2 ? null : silence;
  } catch {
    return over(false, !signal.aborted);
  }
}

function onWebSocket(site: Site): Promise<Silence | null> {
  return new Promise((resolve) => {
    const socket = new WebSocket(webSocketUrl(site), "wsmedia.v1");
    let since: number | null = null;
    const finish = (kept: boolean, closed: boolean) => {
      clearTimeout(timer);
      socket.onclose = null;
      socket.close();
      resolve(since === null ? null : { kept, closed, seconds: (performance.now() - since) / 1000 });
    };
    const timer = setTimeout(() => finish(false, false), site.silenceS * 1000 + GRACE_MS);
    socket.onopen = () => {
      socket.send(`silent ${site.silenceS}`);
      since = performance.now();
    };
    socket.onmessage = () => finish(true, false);
    socket.onclose = () => finish(false, true);
  });
}
