/** A picture and a tone to send, and a look at what came: whether it is that picture. */

import { toneOf } from "../native/tone.ts";

const WIDTH = 320;
const HEIGHT = 180;
const FPS = 15;
const DARK = 40;
const BRIGHT = 210;
const TOLERANCE = 30;
const LOOK_WIDTH = 64;
const LOOK_HEIGHT = 36;
const TONE_HZ = 440;
const TONE_LEVEL = 0.1;

/** Tracks to publish; `stop` ends them. */
export interface SampleMedia {
  readonly picture: MediaStreamTrack;
  /** Null where the browser lets no sound begin without a click. */
  readonly tone: MediaStreamTrack | null;
  stop(): void;
}

/** The left half dark, the right half bright, and a grey bar below that moves. @param audio null for no tone. */
export function sampleMedia(audio: AudioContext | null): SampleMedia {
  const canvas = document.createElement("canvas");
  canvas.width = WIDTH;
  canvas.height = HEIGHT;
  const context = canvas.getContext("2d");
  let number = 0;
  const draw = (): void => {
    if (context === null) return;
    const grey = (level: number) => `rgb(${level} ${level} ${level})`;
    context.fillStyle = grey(DARK);
    context.fillRect(0, 0, WIDTH / 2, HEIGHT);
    context.fillStyle = grey(BRIGHT);
    context.fillRect(WIDTH / 2, 0, WIDTH / 2, HEIGHT);
    context.fillStyle = grey(128);
    context.fillRect((number * 8) % (WIDTH - 16), HEIGHT / 2, 16, HEIGHT / 2);
    number += 1;
  };
  draw();
  const timer = setInterval(draw, 1000 / FPS);
  const [picture] = canvas.captureStream(FPS).getVideoTracks();
  if (picture === undefined) throw new DOMException("This canvas gives no track.", "NotSupportedError");
  const tone = toneOf(audio, TONE_HZ, TONE_LEVEL);
  const stop = (): void => {
    clearInterval(timer);
    picture.stop();
    tone?.stop();
  };
  return { picture, tone: tone?.track ?? null, stop };
}

/** Whether what an element shows is our picture. @param canvas to look with, the same each time. */
export function showsOurPicture(surface: HTMLElement, canvas: HTMLCanvasElement): boolean {
  if (!(surface instanceof HTMLCanvasElement || surface instanceof HTMLVideoElement)) return false;
  canvas.width = LOOK_WIDTH;
  canvas.height = LOOK_HEIGHT;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (context === null) return false;
  context.drawImage(surface, 0, 0, LOOK_WIDTH, LOOK_HEIGHT);
  const { data } = context.getImageData(0, 0, LOOK_WIDTH, LOOK_HEIGHT);
  return isOurPicture(data, LOOK_WIDTH, LOOK_HEIGHT);
}

/** @param pixels RGBA. */
export function isOurPicture(pixels: Uint8ClampedArray, width: number, height: number): boolean {
  const mean = (from: number, to: number): number => {
    let sum = 0;
    let count = 0;
    for (let y = 0; y < Math.floor(height / 3); y += 1) {
      for (let x = from; x < to; x += 1) {
        sum += pixels[(y * width + x) * 4 + 1] ?? 0;
        count += 1;
      }
    }
    return sum / Math.max(1, count);
  };
  const margin = Math.floor(width / 8);
  const middle = Math.floor(width / 2);
  const near = (value: number, wanted: number) => Math.abs(value - wanted) < TOLERANCE;
  return near(mean(margin, middle - margin), DARK) && near(mean(middle + margin, width - margin), BRIGHT);
}
