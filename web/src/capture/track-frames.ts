/** Whether this browser can give the raw frames of a track in the window. */
export const canReadFrames = (): boolean => "MediaStreamTrackProcessor" in globalThis;
