/** What a gateway tells everybody before they join (`GET v1/config`), as far as the choice of a way needs it. */

import { type Gateway, request } from "./http.ts";

/** See docs/http-api.md. */
export interface GatewayConfig {
  /** Whether there is native WebRTC; null if the gateway has not said. */
  readonly nativeMode: boolean | null;
  /** What the operator wants `auto` to mean; null if the gateway has not said. */
  readonly policy: string | null;
  /** A word for the network that we come from; empty if the gateway has not said. */
  readonly network: string;
}

const UNKNOWN: GatewayConfig = { nativeMode: null, policy: null, network: "" };

/** Ask. A gateway that does not answer in time has said nothing. @param timeoutMs how long to wait. */
export async function gatewayConfig(gateway: Gateway, timeoutMs: number): Promise<GatewayConfig> {
  try {
    const response = await request(gateway, "v1/config", { cache: "no-store", signal: AbortSignal.timeout(timeoutMs) });
    const body = (await response.json()) as Record<string, unknown> | null;
    return {
      nativeMode: typeof body?.native_mode === "boolean" ? body.native_mode : null,
      policy: typeof body?.policy === "string" ? body.policy : null,
      network: typeof body?.network === "string" ? body.network : "",
    };
  } catch {
    return UNKNOWN;
  }
}
