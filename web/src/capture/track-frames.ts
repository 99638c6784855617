/**
 * The raw sound blocks of a live track, as a stream that can be transferred to a worker. Chromium offers
 * MediaStreamTrackProcessor in the window only, so the stream is made here and read there.
 */

import type { SoundSource } from "../base/sources.ts";

interface TrackProcessor<Data> {
  readonly readable: ReadableStream<Data>;
}
type TrackProcessorConstructor = new <Data>(init: { track: MediaStreamTrack }) => TrackProcessor<Data>;

const processorConstructor = (): TrackProcessorConstructor | undefined =>
  (globalThis as { MediaStreamTrackProcessor?: TrackProcessorConstructor }).MediaStreamTrackProcessor;

/** Whether this browser can give raw frames at all. */
export const canReadFrames = (): boolean => processorConstructor() !== undefined;

function framesOf<Data>(track: MediaStreamTrack): ReadableStream<Data> {
  const Processor = processorConstructor();
  if (Processor === undefined) throw new TypeError("this browser has no MediaStreamTrackProcessor");
  return new Processor<Data>({ track }).readable;
}

/** Sound blocks of a microphone track, about 10 ms each. */
export const soundOf = (track: MediaStreamTrack): SoundSource => ({
  kind: "stream",
  stream: framesOf<AudioData>(track),
});
