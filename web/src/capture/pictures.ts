/**
 * The raw pictures of a live track, in the best of the ways that this browser offers to get them to a worker. Chromium has
 * MediaStreamTrackProcessor in the window only, so its stream is made here; Safari has it in workers only, so they are given
 * the track; elsewhere the pictures are grabbed off a hidden video element. Used by `room` for cameras and screens.
 */

import type { PictureSource, TransferredTrack } from "../base/sources.ts";
import { startWorker } from "../base/start-worker.ts";
import { PictureGrabber } from "./picture-grabber.ts";
import probeWorkerUrl from "./probe-worker.ts?worker&url";
import { VideoElementView } from "./video-element-view.ts";

interface TrackProcessor {
  readonly readable: ReadableStream<VideoFrame>;
}
type TrackProcessorConstructor = new (init: { track: MediaStreamTrack }) => TrackProcessor;

const PROBE_DEADLINE_MS = 3_000;

const processorConstructor = (): TrackProcessorConstructor | undefined =>
  (globalThis as { MediaStreamTrackProcessor?: TrackProcessorConstructor }).MediaStreamTrackProcessor;

let workersRead = false;
let probing: Promise<void> | null = null;

/** Whether a track can be given to a worker; tried on one that is of no further use. */
function tracksAreTransferable(): boolean {
  const [track] = document.createElement("canvas").captureStream(0).getVideoTracks();
  if (track === undefined) return false;
  const { port1, port2 } = new MessageChannel();
  try {
    port1.postMessage(track, [track as unknown as Transferable]);
    return true;
  } catch {
    return false;
  } finally {
    track.stop();
    port1.close();
    port2.close();
  }
}

/** Ask a worker whether it has a track processor; no answer counts as no. */
function workersHaveProcessor(): Promise<boolean> {
  const worker = startWorker(probeWorkerUrl, "wsmedia probe");
  return new Promise<boolean>((resolve) => {
    worker.onmessage = (event: MessageEvent<boolean>) => resolve(event.data);
    worker.onerror = () => resolve(false);
    setTimeout(() => resolve(false), PROBE_DEADLINE_MS);
  }).finally(() => worker.terminate());
}

/** Find out which way is the best here. Sources that are made before this has resolved work too, but may cost more. */
export function preparePictures(): Promise<void> {
  probing ??= (async () => {
    if (processorConstructor() !== undefined) return;
    workersRead = tracksAreTransferable() && (await workersHaveProcessor());
  })().catch(() => undefined);
  return probing;
}

/** Pictures of a track, from now until whoever reads them has enough; the track itself is left alone. */
export function picturesOf(track: MediaStreamTrack): PictureSource {
  const Processor = processorConstructor();
  if (Processor !== undefined) return { kind: "stream", stream: new Processor({ track }).readable };
  if (workersRead) return { kind: "track", track: track.clone() as unknown as TransferredTrack };
  const { port1, port2 } = new MessageChannel();
  new PictureGrabber(port1, new VideoElementView(track));
  return { kind: "port", port: port2 };
}
