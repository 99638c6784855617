/** Opus by our own WebAssembly build of libopus. A packet is ready when `encode` returns: there is no queue. */

import { OpusEncoder } from "../codecs/opus-encoder.ts";
import { loadWasm } from "../codecs/wasm.ts";
import { type AudioFrame, FRAME_SAMPLES } from "./audio-framer.ts";
import type { SoundEncoder, SoundEncoderEvents } from "./sound-encoder.ts";

/** @throws CodecUnavailable when the module cannot be had; CodecError when it does not encode. */
export async function openWasmSoundEncoder(bitrateBps: number, events: SoundEncoderEvents): Promise<SoundEncoder> {
  return wasmSoundEncoder(await loadWasm("opus"), bitrateBps, events);
}

/** The same with the compiled module at hand. @throws CodecError when it does not encode. */
export function wasmSoundEncoder(
  module: WebAssembly.Module,
  bitrateBps: number,
  events: SoundEncoderEvents,
): SoundEncoder {
  // Another one is tried: what it heard must not be in the first packet.
  const trial = OpusEncoder.create(module, bitrateBps);
  trial.encode(new Float32Array(FRAME_SAMPLES));
  trial.close();
  const opus = OpusEncoder.create(module, bitrateBps);
  return {
    backend: "wasm",
    queueSize: 0,
    encode(frame: AudioFrame): void {
      const startedMs = performance.now();
      const data = opus.encode(frame.samples);
      events.onEncoded(data, frame, performance.now() - startedMs);
    },
    setBitrate: (bps) => opus.setBitrate(bps),
    close: () => opus.close(),
  };
}
