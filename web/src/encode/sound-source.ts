/**
 * Makes one kind of stream out of the kinds of sound source that browsers need (`base/sources.ts`). Used by the encode worker.
 * Queues: a track processor's is the browser's; of a port, the audio worklet drops what was not taken.
 */

import type { SoundBlock, SoundReaderMessage } from "../base/sound-port.ts";
import type { SoundSource } from "../base/sources.ts";
import { mixDown } from "./audio-framer.ts";

/** A block that whoever reads it closes. */
export interface SourceSound extends SoundBlock {
  close(): void;
}

const nothing = (): void => undefined;

function blockOf(data: AudioData): SourceSound {
  const channels = Array.from({ length: data.numberOfChannels }, (_, planeIndex) => {
    const samples = new Float32Array(data.numberOfFrames);
    data.copyTo(samples, { planeIndex, format: "f32-planar" });
    return samples;
  });
  const { sampleRate, timestamp } = data;
  data.close();
  return { samples: mixDown(channels), sampleRate, timestampUs: timestamp, close: nothing };
}

function ofStream(stream: ReadableStream<AudioData>): ReadableStream<SourceSound> {
  const reader = stream.getReader();
  return new ReadableStream<SourceSound>(
    {
      async pull(controller) {
        const { done, value } = await reader.read().catch(() => ({ done: true as const, value: undefined }));
        if (done) controller.close();
        else controller.enqueue(blockOf(value));
      },
      cancel: () => reader.cancel(),
    },
    { highWaterMark: 0 },
  );
}

function ofPort(port: MessagePort): ReadableStream<SourceSound> {
  const tell = (message: SoundReaderMessage) => port.postMessage(message);
  let cancelled = false;
  return new ReadableStream<SourceSound>({
    start(controller) {
      port.onmessage = (event: MessageEvent<SoundBlock>) => {
        if (cancelled) return;
        tell({ type: "taken" });
        controller.enqueue({ ...event.data, close: nothing });
      };
    },
    cancel() {
      cancelled = true;
      tell({ type: "stop" });
      port.close();
    },
  });
}

/** The sound of a source, mono, in blocks of about 10 ms. */
export const soundFrom = (source: SoundSource): ReadableStream<SourceSound> =>
  source.kind === "stream" ? ofStream(source.stream) : ofPort(source.port);
