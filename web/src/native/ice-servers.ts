/**
 * Which STUN and TURN servers native WebRTC may use: what the gateway says (`GET /v1/ice`), or what the page was told instead.
 * Credentials expire; they are asked for again when half of their time is over.
 */

import { type Gateway, HttpError, request } from "./http.ts";

/** What a page may decide itself; null leaves it to the gateway. */
export interface IceOptions {
  readonly iceServers: readonly RTCIceServer[] | null;
  readonly iceTransportPolicy: RTCIceTransportPolicy | null;
}

/** What a connection is made with. */
export interface IceConfiguration {
  readonly iceServers: RTCIceServer[];
  readonly iceTransportPolicy: RTCIceTransportPolicy;
}

/** A gateway that does not answer holds nobody up for longer. */
const ANSWER_MS = 3_000;
/** Used when the gateway does not say for how long its answer holds. */
const USUAL_TTL_S = 600;

/** Asks once for all connections of a room. */
export class IceServers {
  readonly #gateway: Gateway;
  readonly #options: IceOptions;
  readonly #now: () => number;
  #told: Promise<IceConfiguration> | null = null;
  #staleAt = 0;

  /** @param now milliseconds. */
  constructor(gateway: Gateway, options: IceOptions, now: () => number = () => performance.now()) {
    this.#gateway = gateway;
    this.#options = options;
    this.#now = now;
  }

  /** For the next connection. A gateway that cannot say leaves it without servers: WHIP itself will tell what is wrong. */
  async configuration(): Promise<IceConfiguration> {
    const { iceServers, iceTransportPolicy } = this.#options;
    if (iceServers !== null) return { iceServers: [...iceServers], iceTransportPolicy: iceTransportPolicy ?? "all" };
    if (this.#told === null || this.#now() >= this.#staleAt) this.#told = this.#ask();
    const told = await this.#told;
    return { ...told, iceTransportPolicy: iceTransportPolicy ?? told.iceTransportPolicy };
  }

  async #ask(): Promise<IceConfiguration> {
    this.#staleAt = Number.POSITIVE_INFINITY;
    try {
      const signal = AbortSignal.timeout(ANSWER_MS);
      const response = await request(this.#gateway, "v1/ice", { cache: "no-store", signal });
      const { configuration, ttlS } = iceConfigurationOf(await response.json());
      this.#staleAt = this.#now() + 500 * ttlS;
      return configuration;
    } catch (error) {
      // A gateway without such an address is asked no more; any other failure is of the moment.
      if (!(error instanceof HttpError && error.status === 404)) this.#told = null;
      return { iceServers: [], iceTransportPolicy: "all" };
    }
  }
}

/** The gateway's answer, typed; servers that are none are left out. */
export function iceConfigurationOf(body: unknown): { configuration: IceConfiguration; ttlS: number } {
  const { ice_servers: servers, policy, ttl } = (body ?? {}) as Record<string, unknown>;
  const iceServers = Array.isArray(servers) ? servers.map(serverOf).filter((server) => server !== null) : [];
  const iceTransportPolicy = policy === "relay" ? "relay" : "all";
  const ttlS = typeof ttl === "number" && ttl > 0 ? ttl : USUAL_TTL_S;
  return { configuration: { iceServers, iceTransportPolicy }, ttlS };
}

function serverOf(body: unknown): RTCIceServer | null {
  const { urls, username, credential } = (body ?? {}) as Record<string, unknown>;
  if (!Array.isArray(urls) || urls.length === 0 || !urls.every((url) => typeof url === "string")) return null;
  if (typeof username !== "string" || typeof credential !== "string") return { urls };
  return { urls, username, credential };
}
