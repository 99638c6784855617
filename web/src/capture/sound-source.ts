/**
 * The raw sound of a live track, in the best of the ways that this browser offers to get it to a worker: Chromium has
 * MediaStreamTrackProcessor for sound, elsewhere an audio worklet listens. Used by `room` for microphones and shared screens.
 */

import type { SoundSource } from "../base/sources.ts";
import { SoundCapture } from "./sound-capture.ts";

interface TrackProcessor {
  readonly readable: ReadableStream<AudioData>;
}
type TrackProcessorConstructor = new (init: { track: MediaStreamTrack }) => TrackProcessor;

let capture: SoundCapture | null = null;

function ofProcessor(track: MediaStreamTrack): SoundSource | null {
  const Processor = (globalThis as { MediaStreamTrackProcessor?: TrackProcessorConstructor }).MediaStreamTrackProcessor;
  if (Processor === undefined) return null;
  try {
    return { kind: "stream", stream: new Processor({ track }).readable };
  } catch {
    // There are browsers that have it for pictures only.
    return null;
  }
}

/** Sound blocks of a track, about 10 ms each. The track stays its owner's. */
export function soundOf(track: MediaStreamTrack): SoundSource {
  const processed = ofProcessor(track);
  if (processed !== null) return processed;
  const { port1, port2 } = new MessageChannel();
  capture ??= new SoundCapture();
  // Where no audio worklet can be had, no call is possible: the page says so before anything is captured.
  void capture.connect(track, port2).catch(() => undefined);
  return { kind: "port", port: port1 };
}
