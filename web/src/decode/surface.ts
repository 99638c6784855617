/**
 * The window's half of painting: makes the canvas that a page shows, and gives it to the decode worker, or paints what the
 * worker sends where a canvas cannot be given away. Used by `room`.
 */

import { drawOn, type PaintMessage } from "./painter.ts";

/** A canvas for a page, and what the decode worker paints it by. */
export interface Surface {
  readonly element: HTMLCanvasElement;
  /** Goes with `addVideo`; to be transferred. */
  readonly far: OffscreenCanvas | MessagePort;
}

/** Make a surface for one track. */
export function createSurface(element = document.createElement("canvas")): Surface {
  if ("transferControlToOffscreen" in element && typeof OffscreenCanvas !== "undefined") {
    return { element, far: element.transferControlToOffscreen() };
  }
  const { port1, port2 } = new MessageChannel();
  paintFrom(port1, element);
  return { element, far: port2 };
}

/** Paint what comes, and say so each time, so that no more than one picture is on its way. */
export function paintFrom(port: MessagePort, element: HTMLCanvasElement): void {
  const context = element.getContext("2d", { alpha: false });
  port.onmessage = ({ data: image }: MessageEvent<PaintMessage>) => {
    if (context !== null) drawOn(context, image);
    if (!("rgba" in image)) image.close();
    port.postMessage("painted");
  };
}
