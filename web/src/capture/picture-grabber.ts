/**
 * Answers a worker's wish for a picture with the newest that there is. Nothing is grabbed that was not asked for, and one wish
 * is open at a time: a busy encoder costs nothing here. For browsers without MediaStreamTrackProcessor.
 */

import { systemTimers, type Timers } from "../base/clock.ts";
import type { CapturedPicture } from "../base/sources.ts";
import { milliseconds, secondsOf } from "../base/time.ts";

/** Something that shows moving pictures, which can be grabbed. */
export interface PictureView {
  /** Call back once when there is a new picture, if this browser tells; `timestampUs` as in `CapturedPicture`. */
  onNext(callback: (timestampUs: number) => void): void;
  /** Forget the callback. */
  cancelNext(): void;
  /** How long to wait for a new picture before the present one is grabbed once more, ms. */
  readonly patienceMs: number;
  /** The present picture; rejects while there is none. */
  grab(timestampUs: number): Promise<VideoFrame | ImageBitmap>;
  /** The time on the clock of `onNext`, µs. */
  nowUs(): number;
  /** Call back when no more pictures come. */
  onEnded(callback: () => void): void;
  /** Let everything go. */
  close(): void;
}

/** The part of `MessagePort` that this needs. */
export interface GrabberPort {
  onmessage: ((event: MessageEvent) => void) | null;
  postMessage(message: unknown, transfer: Transferable[]): void;
  close(): void;
}

/** Serves one port until it is told to stop. */
export class PictureGrabber {
  readonly #port: GrabberPort;
  readonly #view: PictureView;
  readonly #timers: Timers;
  #timer: number | null = null;
  #wanted = false;
  #closed = false;

  constructor(port: GrabberPort, view: PictureView, timers: Timers = systemTimers) {
    this.#port = port;
    this.#view = view;
    this.#timers = timers;
    port.onmessage = (event: MessageEvent<{ type: "pull" | "stop" }>) => {
      if (event.data.type === "pull") this.#pull();
      else this.#close();
    };
    view.onEnded(() => {
      if (this.#closed) return;
      this.#port.postMessage(null, []);
      this.#close();
    });
  }

  #pull(): void {
    if (this.#wanted || this.#closed) return;
    this.#wanted = true;
    this.#wait();
  }

  #wait(): void {
    // Browsers stop telling of new pictures when the page is hidden, and a still screen has none.
    this.#timer = this.#timers.start(
      () => void this.#give(this.#view.nowUs()),
      secondsOf(milliseconds(this.#view.patienceMs)),
    );
    this.#view.onNext((timestampUs) => void this.#give(timestampUs));
  }

  async #give(timestampUs: number): Promise<void> {
    this.#rest();
    const picture = await this.#view.grab(timestampUs).catch(() => null);
    if (this.#closed) {
      picture?.close();
      return;
    }
    if (picture === null) {
      this.#wait();
      return;
    }
    this.#wanted = false;
    this.#port.postMessage({ picture, timestampUs } satisfies CapturedPicture, [picture]);
  }

  #rest(): void {
    if (this.#timer !== null) this.#timers.cancel(this.#timer);
    this.#timer = null;
    this.#view.cancelNext();
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#rest();
    this.#view.close();
    this.#port.onmessage = null;
    this.#port.close();
  }
}
