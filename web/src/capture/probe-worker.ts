/** Tells the window what only workers know: whether they have a track processor. Started once by `pictures.ts`. */

postMessage("MediaStreamTrackProcessor" in globalThis);
