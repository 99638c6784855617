/** A hidden video element that plays a track, for pictures to be grabbed off it. Used where there is no better way. */

import type { PictureView } from "./picture-grabber.ts";

/** A camera in the dark gives few pictures, a still screen none; send the present one again after so long. */
const PATIENCE_MS = 250;
/** Where nobody tells of new pictures, look for one as often as a camera makes them. */
const BLIND_PATIENCE_MS = 33;

const microsecondsNow = (): number => Math.round(performance.now() * 1000);

/** Plays until it is closed; the track itself is left alone. */
export class VideoElementView implements PictureView {
  readonly #track: MediaStreamTrack;
  readonly #video = document.createElement("video");
  #callback: number | null = null;
  #ended: (() => void) | null = null;
  #canvas: HTMLCanvasElement | null = null;

  constructor(track: MediaStreamTrack) {
    this.#track = track;
    this.#video.muted = true;
    this.#video.playsInline = true;
    this.#video.srcObject = new MediaStream([track]);
    // Some browsers decode nothing for an element that is not on the page.
    this.#video.setAttribute("aria-hidden", "true");
    this.#video.style.cssText = "position:fixed;inset:auto auto 0 0;width:1px;height:1px;opacity:0;pointer-events:none";
    document.body.append(this.#video);
    void this.#video.play().catch(() => undefined);
  }

  get patienceMs(): number {
    return document.hidden || !this.#tells ? BLIND_PATIENCE_MS : PATIENCE_MS;
  }

  onNext(callback: (timestampUs: number) => void): void {
    if (!this.#tells) return;
    this.#callback = this.#video.requestVideoFrameCallback((now, { captureTime }) => {
      this.#callback = null;
      callback(Math.round((captureTime ?? now) * 1000));
    });
  }

  cancelNext(): void {
    if (this.#callback !== null) this.#video.cancelVideoFrameCallback(this.#callback);
    this.#callback = null;
  }

  async grab(timestampUs: number): Promise<VideoFrame | ImageBitmap> {
    const { videoWidth: width, videoHeight: height } = this.#video;
    if (width === 0 || this.#video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) throw new Error("no picture yet");
    const frame = this.#frame(timestampUs);
    if (frame !== null) return frame;
    return createImageBitmap(this.#video).catch(() => this.#drawn(width, height));
  }

  nowUs(): number {
    return microsecondsNow();
  }

  onEnded(callback: () => void): void {
    this.#ended = callback;
    this.#track.addEventListener("ended", callback);
  }

  close(): void {
    this.cancelNext();
    if (this.#ended !== null) this.#track.removeEventListener("ended", this.#ended);
    this.#video.srcObject = null;
    this.#video.remove();
  }

  get #tells(): boolean {
    return "requestVideoFrameCallback" in this.#video;
  }

  /** Costs no copy; null where there is no WebCodecs, or it does not take video elements. */
  #frame(timestamp: number): VideoFrame | null {
    if (typeof VideoFrame === "undefined") return null;
    try {
      return new VideoFrame(this.#video, { timestamp });
    } catch {
      return null;
    }
  }

  /** For browsers that cannot make a bitmap of a video. */
  #drawn(width: number, height: number): Promise<ImageBitmap> {
    this.#canvas ??= document.createElement("canvas");
    if (this.#canvas.width !== width || this.#canvas.height !== height) Object.assign(this.#canvas, { width, height });
    this.#canvas.getContext("2d", { alpha: false })?.drawImage(this.#video, 0, 0, width, height);
    return createImageBitmap(this.#canvas);
  }
}
