/** Whether rooms are possible in this browser at this address, before anything is tried. */

import type { CodecChoice } from "../base/backends.ts";
import type { RoomMode } from "../room/vocabulary.ts";

/** What may be missing; the words are those of the web's specifications. */
export type MissingFeature =
  | "secure context"
  | "WebSocket"
  | "Worker"
  | "WebCodecs"
  | "WebAssembly"
  | "AudioWorklet"
  | "WebRTC";

/**
 * The first thing that this browser lacks; null if rooms are possible.
 *
 * Codecs are not tried here: a track that cannot be encoded or decoded is a `problem` of the room.
 */
export function missing(mode: RoomMode = "tunnel", codecs: CodecChoice = "auto"): MissingFeature | null {
  if (globalThis.isSecureContext === false) return "secure context";
  if (mode === "native") return has("RTCPeerConnection") ? null : "WebRTC";
  if (!has("WebSocket")) return "WebSocket";
  if (!has("Worker")) return "Worker";
  const lacking = codecs === "wasm" ? "WebAssembly" : "WebCodecs";
  if (!(codecs !== "wasm" && has("VideoDecoder")) && !(codecs !== "webcodecs" && has("WebAssembly"))) return lacking;
  if (!has("AudioWorkletNode")) return "AudioWorklet";
  return null;
}

/** Whether rooms are possible here. */
export const supports = (mode: RoomMode = "tunnel", codecs: CodecChoice = "auto"): boolean =>
  missing(mode, codecs) === null;

const has = (name: string): boolean => name in globalThis;
