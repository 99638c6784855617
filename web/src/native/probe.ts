/**
 * Does WebRTC get through to this gateway, one way or another? A probe sends a quiet tone and waits for it to come back
 * (`POST v1/probe`). The ladder and the doctor use it.
 */

import { type Exchange, offerProbe } from "./exchange.ts";
import { type Gateway, HttpError } from "./http.ts";
import { toneOf } from "./tone.ts";

/** What to try. */
export interface ProbeOptions {
  /** Where tokens are in use: the room that the token is for. */
  readonly room?: string;
  /** Default: none, so the addresses of this machine only. */
  readonly iceServers?: readonly RTCIceServer[];
  /** `relay`: only by a relay of `iceServers`. Default: `all`. */
  readonly iceTransportPolicy?: RTCIceTransportPolicy;
  /** Give up after so long, ms. Default: 5000. */
  readonly timeoutMs?: number;
  /** Plays the tone; one that does not run, or null, makes the gateway send silence instead. */
  readonly audioContext?: AudioContext | null;
  readonly signal?: AbortSignal;
}

/** One end of the pair that carried the echo. */
export interface ProbedCandidate {
  readonly type: RTCIceCandidateType;
  /** How the peer is reached from there: always `udp` here, for a relay speaks UDP to it. */
  readonly protocol: string;
  /** Relays: how the relay is reached: `udp`, `tcp` or `tls`; null for others. */
  readonly relayProtocol: string | null;
  /** As far as the browser tells; null if it does not. */
  readonly address: string | null;
}

/** How far a probe has come. */
export type ProbeFailure =
  /** The gateway cannot be reached by HTTP, or does not answer in time. */
  | "noServer"
  /** It does not take the probe; `detail` is its reason. */
  | "refused"
  /** There was nothing to try: no relay let us in, or the browser allows no WebRTC. */
  | "noCandidates"
  /** No pair of addresses answers. */
  | "noConnection"
  /** Connected, but nothing comes back. */
  | "noMedia"
  | "aborted";

export type ProbeResult =
  | {
      readonly ok: true;
      /** From the beginning until the echo, ms. */
      readonly elapsedMs: number;
      readonly local: ProbedCandidate | null;
      readonly remote: ProbedCandidate | null;
      /** Of the pair, ms; null if the browser does not tell. */
      readonly roundTripMs: number | null;
    }
  | {
      readonly ok: false;
      readonly elapsedMs: number;
      readonly failure: ProbeFailure;
      /** A sentence of the gateway's or the browser's; may be empty. */
      readonly detail: string;
    };

const DEFAULT_TIMEOUT_MS = 5_000;
/** One packet could be anything; three are media. */
const ENOUGH_PACKETS = 3;
const LOOK_EVERY_MS = 20;
const TONE_HZ = 440;
/** Nobody hears it but the gateway. */
const TONE_LEVEL = 0.01;

/** Try once. Never throws. */
export async function probe(gateway: Gateway, options: ProbeOptions = {}): Promise<ProbeResult> {
  const began = performance.now();
  const attempt = new AbortController();
  const give = (reason: "timeout" | "aborted") => () => attempt.abort(reason);
  const timer = setTimeout(give("timeout"), options.timeoutMs ?? DEFAULT_TIMEOUT_MS);
  const aborted = give("aborted");
  options.signal?.addEventListener("abort", aborted);
  if (options.signal?.aborted) aborted();
  const tone = toneOf(options.audioContext ?? null, TONE_HZ, TONE_LEVEL);
  let stage: ProbeFailure = "noServer";
  let exchange: Exchange | null = null;
  try {
    attempt.signal.throwIfAborted();
    const connection = new RTCPeerConnection({
      bundlePolicy: "max-bundle",
      iceServers: [...(options.iceServers ?? [])],
      iceTransportPolicy: options.iceTransportPolicy ?? "all",
    });
    exchange = { connection, close: () => connection.close() };
    exchange = await offerProbe(gateway, connection, tone?.track ?? null, options.room ?? "", attempt.signal, () => {
      stage = "noCandidates";
      if (!/^a=candidate:/m.test(connection.localDescription?.sdp ?? "")) throw new NothingToTry();
      stage = "noServer";
    });
    stage = "noConnection";
    for (;;) {
      attempt.signal.throwIfAborted();
      if (connection.connectionState === "connected") stage = "noMedia";
      if (connection.connectionState === "failed") throw new NothingToTry();
      const report = await connection.getStats();
      if (packetsOf(report) >= ENOUGH_PACKETS) return { ok: true, elapsedMs: elapsed(began), ...pairOf(report) };
      await pause(LOOK_EVERY_MS, attempt.signal);
    }
  } catch (error) {
    const refused = error instanceof HttpError && error.status !== 0;
    const failure = options.signal?.aborted ? "aborted" : refused ? "refused" : stage;
    const detail = error instanceof HttpError || error instanceof DOMException ? error.message : "";
    return { ok: false, elapsedMs: elapsed(began), failure, detail };
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener("abort", aborted);
    exchange?.close();
    tone?.stop();
  }
}

/** Thrown inside when waiting longer would change nothing. */
class NothingToTry extends Error {}

const elapsed = (began: number): number => Math.round(performance.now() - began);

function packetsOf(report: RTCStatsReport): number {
  let packets = 0;
  for (const entry of report.values()) {
    if (entry.type === "inbound-rtp") packets += Number(entry.packetsReceived ?? 0);
  }
  return packets;
}

/** The pair that is in use. */
export function pairOf(report: RTCStatsReport): {
  readonly local: ProbedCandidate | null;
  readonly remote: ProbedCandidate | null;
  readonly roundTripMs: number | null;
} {
  const entries = [...report.values()];
  const transport = entries.find((entry) => entry.type === "transport" && entry.selectedCandidatePairId !== undefined);
  // Firefox marks the pair itself.
  const pair =
    entries.find((entry) => entry.type === "candidate-pair" && entry.id === transport?.selectedCandidatePairId) ??
    entries.find((entry) => entry.type === "candidate-pair" && (entry.selected === true || entry.nominated === true));
  const seconds: unknown = pair?.currentRoundTripTime;
  return {
    local: candidateOf(entries, pair?.localCandidateId),
    remote: candidateOf(entries, pair?.remoteCandidateId),
    roundTripMs: typeof seconds === "number" ? seconds * 1000 : null,
  };
}

function candidateOf(entries: readonly RTCStats[], id: unknown): ProbedCandidate | null {
  const entry = entries.find((one) => one.id === id) as
    | (RTCStats & { candidateType: RTCIceCandidateType; protocol: string; relayProtocol?: string; address?: string })
    | undefined;
  if (entry === undefined) return null;
  const { candidateType: type, protocol, relayProtocol, address } = entry;
  return { type, protocol, relayProtocol: relayProtocol ?? null, address: address ?? null };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
