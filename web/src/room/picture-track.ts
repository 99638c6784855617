/** Somebody's pictures as a MediaStreamTrack, in the best way that this browser has. Used by `reception`. */

interface TrackGenerator extends MediaStreamTrack {
  readonly writable: WritableStream<VideoFrame>;
}
type TrackGeneratorConstructor = new (init: { kind: "video" }) => TrackGenerator;

const generatorConstructor = (): TrackGeneratorConstructor | undefined =>
  (globalThis as { MediaStreamTrackGenerator?: TrackGeneratorConstructor }).MediaStreamTrackGenerator;

/**
 * Make a track of what a decoder shows.
 *
 * @param surface where it is painted.
 * @param copyTo lets the decoder write its pictures there as well: exact, and also while the page is hidden.
 * @throws DOMException when this browser has no way at all.
 */
export function pictureTrack(
  surface: HTMLCanvasElement,
  copyTo: (writable: WritableStream<VideoFrame>) => void,
): MediaStreamTrack {
  const Generator = generatorConstructor();
  if (Generator !== undefined) {
    const track = new Generator({ kind: "video" });
    copyTo(track.writable);
    return track;
  }
  return firstOf(capture(surface) ?? captureCopy(surface));
}

/** Not every browser captures a canvas that it has given to a worker. */
function capture(surface: HTMLCanvasElement): MediaStream | null {
  try {
    return surface.captureStream();
  } catch {
    return null;
  }
}

/** Draw what the surface shows on a canvas that can be captured, as long as somebody wants it. */
function captureCopy(surface: HTMLCanvasElement): MediaStream {
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d", { alpha: false });
  const stream = canvas.captureStream();
  const track = firstOf(stream);
  const draw = (): void => {
    if (track.readyState === "ended") return;
    const { width, height } = surface;
    if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
    if (width > 0 && height > 0) context?.drawImage(surface, 0, 0);
    requestAnimationFrame(draw);
  };
  draw();
  return stream;
}

function firstOf(stream: MediaStream): MediaStreamTrack {
  const [track] = stream.getVideoTracks();
  if (track === undefined) throw new DOMException("Pictures cannot be captured here.", "NotSupportedError");
  return track;
}
