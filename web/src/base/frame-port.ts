/**
 * How encoded frames cross from one worker to another: a `MessagePort` per track with a `FrameWriter` at the end that
 * gives frames and a `FrameReader` at the end that takes them. Encode worker → tunnel and tunnel → decode worker use the
 * same pair, so that media never touches the main thread. What a reader has not taken yet is bounded; a full port means
 * that the writer drops the frame (and, for video, everything up to the next keyframe) instead of queueing it.
 */

import type { EncodedFrame } from "./media.ts";

/** What a writer posts. The frame's buffer is transferred. */
export type FrameWriterMessage = { readonly type: "frame"; readonly frame: EncodedFrame } | { readonly type: "ended" };

/** What a reader posts. */
export type FrameReaderMessage =
  | { readonly type: "taken"; readonly count: number }
  | { readonly type: "ready"; readonly ready: boolean }
  | { readonly type: "keyframeNeeded" }
  | { readonly type: "targetBitrate"; readonly bitrateBps: number };

/** The part of `MessagePort` that this needs; tests put two arrays behind it. */
export interface PortLike {
  onmessage: ((event: MessageEvent) => void) | null;
  postMessage(message: unknown, transfer: Transferable[]): void;
  close(): void;
}

/** What the reader tells the writer; every handler is optional. */
export interface FrameWriterEvents {
  /** The reader became ready for frames, or not: while it is not, do not even encode. */
  onReadyChanged?(ready: boolean): void;
  /** Make the next frame a keyframe. */
  onKeyframeNeeded?(): void;
  /** Encode no more than this. */
  onTargetBitrate?(bitrateBps: number): void;
}

/** The giving end of a frame port. */
export class FrameWriter {
  readonly #port: PortLike;
  readonly #events: FrameWriterEvents;
  readonly #limit: number;
  #outstanding = 0;
  #ready = true;
  #needsKeyframe = false;
  #overflowed = false;

  /**
   * @param port one end of a `MessageChannel` of its own.
   * @param limit most frames that may wait unread in the port; what comes on top is dropped.
   */
  constructor(port: PortLike, events: FrameWriterEvents = {}, limit = 64) {
    this.#port = port;
    this.#events = events;
    this.#limit = limit;
    port.onmessage = (event) => this.#receive(event.data as FrameReaderMessage);
  }

  /** Whether the next frame will be taken: ask before capturing or encoding one. */
  get ready(): boolean {
    return this.#ready && this.#outstanding < this.#limit;
  }

  /**
   * Give one frame; its buffer is gone afterwards if it was taken.
   *
   * @returns false if the frame was dropped because the reader is behind. A dropped video frame that others refer to
   *   makes every following one undecodable, so those are dropped too until a keyframe comes, which is asked for when
   *   the reader takes frames again.
   */
  write(frame: EncodedFrame, isVideo: boolean): boolean {
    if (this.#needsKeyframe && isVideo && !frame.keyframe) return false;
    if (this.#outstanding >= this.#limit) {
      if (isVideo && !frame.discardable) {
        this.#needsKeyframe = true;
        this.#overflowed = true;
      }
      return false;
    }
    this.#needsKeyframe = false;
    this.#outstanding += 1;
    this.#port.postMessage({ type: "frame", frame } satisfies FrameWriterMessage, [frame.data.buffer]);
    return true;
  }

  /** Say that no more frames come, and close the port. */
  end(): void {
    this.#port.postMessage({ type: "ended" } satisfies FrameWriterMessage, []);
    this.#port.onmessage = null;
    this.#port.close();
  }

  #receive(message: FrameReaderMessage): void {
    switch (message.type) {
      case "taken":
        this.#outstanding = Math.max(0, this.#outstanding - message.count);
        if (this.#overflowed && this.#outstanding < this.#limit) {
          this.#overflowed = false;
          this.#events.onKeyframeNeeded?.();
        }
        break;
      case "ready":
        if (this.#ready !== message.ready) {
          this.#ready = message.ready;
          this.#events.onReadyChanged?.(message.ready);
        }
        break;
      case "keyframeNeeded":
        this.#events.onKeyframeNeeded?.();
        break;
      case "targetBitrate":
        this.#events.onTargetBitrate?.(message.bitrateBps);
        break;
    }
  }
}

/** What the writer tells the reader. */
export interface FrameReaderEvents {
  /** One frame; it counts as taken when this returns. */
  onFrame(frame: EncodedFrame): void;
  /** The track has ended; no more frames come. */
  onEnded?(): void;
}

/** The taking end of a frame port. */
export class FrameReader {
  readonly #port: PortLike;

  /** @param port the other end of the writer's channel; it starts to deliver at once. */
  constructor(port: PortLike, events: FrameReaderEvents) {
    this.#port = port;
    port.onmessage = (event) => {
      const message = event.data as FrameWriterMessage;
      if (message.type === "ended") {
        events.onEnded?.();
        return;
      }
      events.onFrame(message.frame);
      this.#post({ type: "taken", count: 1 });
    };
  }

  /** Tell the writer whether it makes sense to encode now. */
  setReady(ready: boolean): void {
    this.#post({ type: "ready", ready });
  }

  /** Ask for a keyframe; the asker coalesces. */
  requestKeyframe(): void {
    this.#post({ type: "keyframeNeeded" });
  }

  /** Tell the writer how much it may send. */
  setTargetBitrate(bitrateBps: number): void {
    this.#post({ type: "targetBitrate", bitrateBps });
  }

  /** Stop reading. */
  close(): void {
    this.#port.onmessage = null;
    this.#port.close();
  }

  #post(message: FrameReaderMessage): void {
    this.#port.postMessage(message, []);
  }
}
