/**
 * Gives painted pictures to a stream as well, for pages that want a remote camera as a MediaStreamTrack. Used by the decode
 * worker. Queues: what the stream's own generator holds; a picture that it has no room for is left out.
 */

import type { Image } from "./painter.ts";

const BT_709: VideoColorSpaceInit = { matrix: "bt709", primaries: "bt709", transfer: "bt709", fullRange: false };

function frameOf(image: Image, timestamp: number): VideoFrame {
  if (!("planes" in image)) return new VideoFrame(image, { timestamp });
  const { width: codedWidth, height: codedHeight } = image;
  return new VideoFrame(image.planes(), { format: "I420", codedWidth, codedHeight, timestamp, colorSpace: BT_709 });
}

/** Writes until it is closed or the far end has enough. */
export class FrameCopier {
  readonly #writer: WritableStreamDefaultWriter<VideoFrame>;
  #open = true;

  constructor(writable: WritableStream<VideoFrame>) {
    this.#writer = writable.getWriter();
    this.#writer.closed.catch(() => undefined).finally(() => this.#end());
  }

  /** Copy a picture; the caller keeps the original. */
  write(image: Image, timestamp: number): void {
    if (!this.#open || (this.#writer.desiredSize ?? 0) <= 0) return;
    const copy = frameOf(image, timestamp);
    this.#writer.write(copy).catch(() => {
      copy.close();
      this.#end();
    });
  }

  /** Say that no more pictures come. */
  close(): void {
    if (this.#open) this.#writer.close().catch(() => undefined);
    this.#end();
  }

  #end(): void {
    this.#open = false;
  }
}
