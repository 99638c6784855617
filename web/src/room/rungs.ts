/** Which rungs a gateway has, by the ICE servers that there are, and what each needs. Used by `AutoLink`. */

import { NATIVE_RUNGS, type NativeRung } from "./vocabulary.ts";

/** How a native connection is made. */
export interface RungIce {
  readonly iceServers: readonly RTCIceServer[];
  readonly iceTransportPolicy: RTCIceTransportPolicy;
}

/**
 * Sort servers by the rung that they make.
 *
 * @param servers as for `RTCPeerConnection`.
 * @param policy `relay`: nothing but relays may be used.
 * @returns what each rung that there is needs, in the order of the ladder.
 */
export function rungsOf(servers: readonly RTCIceServer[], policy: RTCIceTransportPolicy): Map<NativeRung, RungIce> {
  const byRung = new Map<NativeRung, RTCIceServer[]>();
  for (const server of servers) {
    for (const url of [server.urls].flat()) {
      const rung = rungOf(url);
      byRung.set(rung, [...(byRung.get(rung) ?? []), { ...server, urls: [url] }]);
    }
  }
  if (policy === "relay") byRung.delete("direct");
  else if (!byRung.has("direct")) byRung.set("direct", []);
  const rungs = NATIVE_RUNGS.filter((rung) => byRung.has(rung));
  return new Map(
    rungs.map((rung) => {
      const iceTransportPolicy = rung === "direct" ? "all" : "relay";
      return [rung, { iceServers: byRung.get(rung) ?? [], iceTransportPolicy }];
    }),
  );
}

/** STUN belongs to the way straight. */
function rungOf(url: string): NativeRung {
  const [, scheme = ""] = /^([a-z]+):/i.exec(url) ?? [];
  if (scheme.toLowerCase() === "turns") return "turn-tls";
  if (scheme.toLowerCase() !== "turn") return "direct";
  return /[?&]transport=tcp/i.test(url) ? "turn-tcp" : "turn-udp";
}
