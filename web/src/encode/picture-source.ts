/**
 * Makes one kind of stream out of the kinds of picture source that browsers need (`base/sources.ts`). Used by the encode
 * worker. Queues: none of our own; the browser keeps the newest picture, and a port is asked only when a picture is wanted.
 */

import type { CapturedPicture, PictureSource, TransferredTrack } from "../base/sources.ts";

/** A picture that whoever reads it closes. */
export interface SourcePicture extends CapturedPicture {
  close(): void;
}

interface TrackProcessor {
  readonly readable: ReadableStream<VideoFrame>;
}
type TrackProcessorConstructor = new (init: { track: TransferredTrack }) => TrackProcessor;

/** Pulls out of a track processor's stream. */
function ofFrames(frames: ReadableStream<VideoFrame>, ended: () => void): ReadableStream<SourcePicture> {
  const reader = frames.getReader();
  return new ReadableStream<SourcePicture>(
    {
      async pull(controller) {
        const { done, value } = await reader.read().catch(() => ({ done: true as const, value: undefined }));
        if (done) {
          ended();
          controller.close();
          return;
        }
        controller.enqueue({ picture: value, timestampUs: value.timestamp, close: () => value.close() });
      },
      async cancel() {
        ended();
        await reader.cancel();
      },
    },
    // Nothing is read before it is wanted: the browser then still has the newest.
    { highWaterMark: 0 },
  );
}

/** Asks the window for one picture at a time. */
function ofPort(port: MessagePort, waitMs: () => number): ReadableStream<SourcePicture> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const pullWhenDue = () => {
    const wait = waitMs();
    if (wait > 0) timer = setTimeout(pullWhenDue, wait);
    else port.postMessage({ type: "pull" });
  };
  let cancelled = false;
  return new ReadableStream<SourcePicture>(
    {
      start(controller) {
        port.onmessage = (event: MessageEvent<CapturedPicture | null>) => {
          const captured = event.data;
          if (cancelled) captured?.picture.close();
          else if (captured === null) controller.close();
          else controller.enqueue({ ...captured, close: () => captured.picture.close() });
        };
      },
      pull: pullWhenDue,
      cancel() {
        cancelled = true;
        clearTimeout(timer);
        port.postMessage({ type: "stop" });
        port.close();
      },
    },
    { highWaterMark: 0 },
  );
}

/**
 * The pictures of a source, read only as they are wanted.
 *
 * @param waitMs asked before the window grabs a picture: how long not to, ms; 0 or less: grab it.
 * @throws TypeError when the source is a track and this worker cannot read tracks.
 */
export function picturesFrom(source: PictureSource, waitMs: () => number): ReadableStream<SourcePicture> {
  if (source.kind === "stream") return ofFrames(source.stream, () => undefined);
  if (source.kind === "port") return ofPort(source.port, waitMs);
  const { track } = source;
  const Processor = (globalThis as { MediaStreamTrackProcessor?: TrackProcessorConstructor }).MediaStreamTrackProcessor;
  if (Processor === undefined) {
    track.stop();
    throw new TypeError("this worker has no MediaStreamTrackProcessor");
  }
  return ofFrames(new Processor({ track }).readable, () => track.stop());
}
