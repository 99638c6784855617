/** The room's figures by the names of W3C's webrtc-stats (https://www.w3.org/TR/webrtc-stats/); what it has no name for begins with `wsmedia`. */

/** One entry. `id`, `type` and `timestamp` (ms since the Unix epoch) are there always; the rest depends on the type. */
export interface RoomStats {
  readonly id: string;
  readonly type: "inbound-rtp" | "outbound-rtp" | "codec" | "transport" | "candidate-pair" | "media-playout";
  readonly timestamp: number;
  readonly [name: string]: unknown;
}

/** As `RTCStatsReport`: entries by their id. */
export type RoomStatsReport = ReadonlyMap<string, RoomStats>;
