/** Whether calls are possible in this browser at this address, before anything is tried. */

import { canReadFrames } from "../capture/track-frames.ts";
import type { CallMode } from "../room/call.ts";
import { type Explanation, strings } from "./strings.ts";

/** Why no call is possible; null if one is. */
export function impossible(mode: CallMode): Explanation | null {
  if (!window.isSecureContext) return strings.browser.insecure;
  const missingNatively = missingForNative();
  if (mode === "native") return missingNatively === null ? null : strings.browser.unsupported(missingNatively);
  const missing = missingForTunnel();
  if (missing === null) return null;
  return missingNatively === null ? strings.browser.unsupportedTunnel(missing) : strings.browser.unsupported(missing);
}

function missingForTunnel(): string | null {
  if (typeof WebSocket === "undefined" || typeof Worker === "undefined") return "WebSocket";
  if (typeof VideoDecoder === "undefined" || typeof AudioDecoder === "undefined") return "WebCodecs";
  if (typeof AudioWorkletNode === "undefined") return "AudioWorklet";
  if (!("transferControlToOffscreen" in HTMLCanvasElement.prototype)) return "OffscreenCanvas";
  if (!canReadFrames()) return "MediaStreamTrackProcessor";
  return null;
}

function missingForNative(): string | null {
  return typeof RTCPeerConnection === "undefined" ? "WebRTC" : null;
}
