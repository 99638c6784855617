/**
 * Decides which way to go, and when to try another: native rungs race with the tunnel at first, better ones are looked for as long
 * as the tunnel carries the call, and the tunnel is called when native WebRTC gives out. `AutoLink` does what is decided here.
 */

import { type GatewayConfig, gatewayConfig } from "../native/gateway-config.ts";
import { IceServers } from "../native/ice-servers.ts";
import { type ProbeOptions, type ProbeResult, probe } from "../native/probe.ts";
import type { AudioOutput } from "../playout/audio-output.ts";
import { climb } from "./climb.ts";
import type { LinkOptions } from "./link.ts";
import { type RungIce, rungsOf } from "./rungs.ts";
import { Verdicts } from "./verdicts.ts";
import { NATIVE_RUNGS, type NativeRung, POLICIES, type Policy, type RoomMode, type WayReading } from "./vocabulary.ts";
import type { WayLog } from "./way-log.ts";

/** A way that has been decided for. */
export interface Choice {
  readonly mode: RoomMode;
  readonly rung: NonNullable<WayReading["rung"]>;
  readonly why: NonNullable<WayReading["why"]>;
  /** Native: what to connect with; null: what the options say. */
  readonly ice: RungIce | null;
}

/** The ladder's surroundings; tests put their own in its place. */
export interface LadderParts {
  config(timeoutMs: number): Promise<GatewayConfig>;
  /** What native WebRTC may use. */
  ice(): Promise<RungIce>;
  probe(options: ProbeOptions): Promise<ProbeResult>;
  readonly verdicts: Verdicts;
  /** Milliseconds since the epoch. */
  now(): number;
  /** Tells when the network has changed, until the signal says so. */
  networkChanges(changed: () => void, signal: AbortSignal): void;
}

/** Who acts on decisions. */
export interface LadderHost {
  /** Enter the room by one more way. */
  enter(choice: Choice): void;
  /** There is no way at all. */
  hopeless(explanation: string): void;
}

/** What is not known by then is decided without. */
const CONFIG_MS = 400;
/** The tunnel begins so much later than the first probe, ms. */
const TUNNEL_AFTER_MS = 150;
/** What was the best the last time gets so long before everything else is tried as well, ms. */
const REMEMBERED_MS = 800;
/** With the tunnel remembered, probes wait until it is in, ms. */
const PROBES_AFTER_MS = 500;
const FIRST_PROBE_MS = 10_000;
const LATER_PROBE_MS = 5_000;
/** When to look for something better again, ms; the last one for ever. */
const AGAIN_AFTER_MS = [10_000, 60_000, 300_000] as const;
/** When native WebRTC has given out: the network may just be changing. */
const AFTER_LOSS_MS = 5_000;

/** The decisions about one room. */
export class Ladder {
  readonly #options: LinkOptions;
  readonly #policy: Policy;
  readonly #host: LadderHost;
  readonly #log: WayLog;
  readonly #parts: LadderParts;
  readonly #audioContext: AudioContext | null;
  readonly #over = new AbortController();
  readonly #open = new Map<RoomMode, Choice>();
  #network = "";
  #nativePossible = true;
  #climbing: AbortController | null = null;
  #climbs = 0;
  #fruitless = 0;
  #tunnelTimer: ReturnType<typeof setTimeout> | undefined;
  #climbTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    options: LinkOptions,
    policy: Policy,
    host: LadderHost,
    log: WayLog,
    parts: LadderParts,
    audioContext: AudioContext | null,
  ) {
    this.#options = options;
    this.#policy = policy;
    this.#host = host;
    this.#log = log;
    this.#parts = parts;
    this.#audioContext = audioContext;
  }

  /** Begin; everything else happens by itself. */
  async start(): Promise<void> {
    if (this.#policy !== "auto") {
      await this.#force(this.#policy);
      return;
    }
    const { nativeMode, policy, network } = await this.#parts.config(CONFIG_MS);
    if (this.#ended) return;
    this.#network = network;
    const wanted = POLICIES.find((known) => known === policy) ?? "auto";
    if (wanted !== "auto") {
      await this.#force(wanted);
      return;
    }
    if (nativeMode === false) {
      this.#nativePossible = false;
      this.#log.exist([]);
    }
    this.#parts.networkChanges(() => this.#networkChanged(), this.#over.signal);
    await this.#race();
  }

  /** A way has come up. */
  up(choice: Choice): void {
    this.#open.set(choice.mode, choice);
    this.#remember(choice);
    if (choice.mode === "native") {
      this.#climbing?.abort();
      clearTimeout(this.#tunnelTimer);
      clearTimeout(this.#climbTimer);
      this.#fruitless = 0;
    }
  }

  /** A way has given out, or was left. @param failed whether it was any good. */
  down(choice: Choice, failed: boolean): void {
    if (this.#open.get(choice.mode) === choice) this.#open.delete(choice.mode);
    if (!failed || this.#ended) return;
    if (choice.mode !== "native" || choice.why === "forced") return;
    if (choice.rung !== "native") this.#log.failed(choice.rung);
    this.#parts.verdicts.set(this.#network, null, this.#parts.now());
    this.#enterTunnel("lost");
    this.#climbIn(AFTER_LOSS_MS);
  }

  close(): void {
    this.#over.abort();
    this.#climbing?.abort();
    clearTimeout(this.#tunnelTimer);
    clearTimeout(this.#climbTimer);
  }

  get #ended(): boolean {
    return this.#over.signal.aborted;
  }

  async #force(policy: Exclude<Policy, "auto">): Promise<void> {
    if (policy === "tunnel" || policy === "native") {
      this.#enter({ mode: policy, rung: policy, why: "forced", ice: null });
      return;
    }
    const ice = (await this.#rungs()).get(policy);
    if (this.#ended) return;
    if (ice === undefined) this.#host.hopeless(`This server offers no way by ${policy}.`);
    else this.#enter({ mode: "native", rung: policy, why: "forced", ice });
  }

  async #race(): Promise<void> {
    const remembered = this.#parts.verdicts.get(this.#network, this.#parts.now());
    if (remembered === "tunnel" || !this.#nativePossible) {
      this.#enterTunnel(remembered === "tunnel" ? "remembered" : "first");
      this.#climbIn(PROBES_AFTER_MS);
      return;
    }
    const known = NATIVE_RUNGS.find((rung) => rung === remembered);
    if (known !== undefined) {
      const ice = (await this.#rungs()).get(known);
      if (this.#ended) return;
      if (ice !== undefined) {
        this.#enter({ mode: "native", rung: known, why: "remembered", ice });
        this.#tunnelIn(REMEMBERED_MS);
        return;
      }
    }
    this.#tunnelIn(TUNNEL_AFTER_MS);
    void this.#climb();
  }

  #tunnelIn(ms: number): void {
    clearTimeout(this.#tunnelTimer);
    this.#tunnelTimer = setTimeout(() => this.#enterTunnel("first"), ms);
  }

  #enterTunnel(why: Choice["why"]): void {
    clearTimeout(this.#tunnelTimer);
    if (!this.#open.has("tunnel")) this.#enter({ mode: "tunnel", rung: "tunnel", why, ice: null });
  }

  #enter(choice: Choice): void {
    if (this.#ended) return;
    this.#open.set(choice.mode, choice);
    this.#host.enter(choice);
  }

  #climbIn(ms: number): void {
    clearTimeout(this.#climbTimer);
    if (this.#nativePossible) this.#climbTimer = setTimeout(() => void this.#climb(), ms);
  }

  #networkChanged(): void {
    if (this.#open.has("native")) return;
    this.#fruitless = 0;
    this.#climbing?.abort();
    this.#climbIn(0);
  }

  /** Look for a native rung that carries media, and take it. */
  async #climb(): Promise<void> {
    if (this.#ended || this.#open.has("native") || !this.#nativePossible) return;
    const climbing = new AbortController();
    this.#climbing?.abort();
    this.#climbing = climbing;
    this.#climbs += 1;
    const timeoutMs = this.#climbs === 1 ? FIRST_PROBE_MS : LATER_PROBE_MS;
    const rungs = await this.#rungs();
    this.#log.exist([...rungs.keys()]);
    const attempt = async (rung: NativeRung, signal: AbortSignal): Promise<boolean> => {
      const ice = rungs.get(rung);
      if (ice === undefined) return false;
      this.#log.trying(rung);
      const { room } = this.#options;
      const result = await this.#parts.probe({ ...ice, room, timeoutMs, audioContext: this.#audioContext, signal });
      this.#log.tried(rung, result);
      return result.ok;
    };
    const winner = await climb([...rungs.keys()], attempt, climbing.signal);
    if (this.#climbing !== climbing || this.#ended || this.#open.has("native")) return;
    this.#climbing = null;
    const ice = winner === null ? undefined : rungs.get(winner);
    if (winner !== null && ice !== undefined) {
      this.#enter({ mode: "native", rung: winner, why: this.#open.has("tunnel") ? "better" : "first", ice });
      // It has carried an echo; should the room itself be out of its reach, the tunnel is not.
      if (!this.#open.has("tunnel")) this.#tunnelIn(REMEMBERED_MS);
      return;
    }
    this.#enterTunnel("first");
    const wait = AGAIN_AFTER_MS[Math.min(this.#fruitless, AGAIN_AFTER_MS.length - 1)] ?? AGAIN_AFTER_MS[0];
    this.#fruitless += 1;
    this.#climbIn(wait);
  }

  async #rungs(): Promise<Map<NativeRung, RungIce>> {
    const { iceServers, iceTransportPolicy } = await this.#parts.ice();
    return rungsOf(iceServers, iceTransportPolicy);
  }

  #remember({ rung }: Choice): void {
    if (rung !== "native" && this.#policy === "auto") this.#parts.verdicts.set(this.#network, rung, this.#parts.now());
  }
}

/** The browser's and the gateway's. */
export function realLadderParts(options: LinkOptions): LadderParts {
  const gateway = { url: options.url, token: options.token };
  const ice = new IceServers(gateway, options);
  return {
    config: async (timeoutMs) => {
      const config = await gatewayConfig(gateway, timeoutMs);
      return speaksH264() ? config : { ...config, nativeMode: false };
    },
    ice: () => ice.configuration(),
    probe: (probeOptions) => probe(gateway, probeOptions),
    verdicts: new Verdicts(options.url),
    now: () => Date.now(),
    networkChanges: (changed, signal) => {
      globalThis.addEventListener?.("online", changed, { signal });
      const { connection } = navigator as Navigator & { readonly connection?: EventTarget };
      connection?.addEventListener("change", changed, { signal });
    },
  };
}

/** Whether this browser's WebRTC has the codec that everybody in a room can decode: Firefox has it by a plugin that may be missing. */
const speaksH264 = (): boolean =>
  [RTCRtpSender, RTCRtpReceiver].every((end) =>
    end.getCapabilities("video")?.codecs.some(({ mimeType }) => mimeType.toLowerCase() === "video/h264"),
  );

/** The context whose sound a probe may send. */
export const contextOf = (output: AudioOutput): AudioContext | null => output.context ?? null;
