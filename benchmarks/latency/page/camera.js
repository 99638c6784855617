// A camera whose pictures show the wall clock: getUserMedia gives it in place of the one of tests/support/page/devices.js,
// whose microphone stays. An init script for senders.
//
// Needs GEOMETRY, QUIET_MARGIN, WORKER (camera-worker.js as text) and PICTURES: { width, height, fps }.
globalThis.latencyCamera = (() => {
  if (!isSecureContext) return null;
  let worker = null;

  function open() {
    const track = new MediaStreamTrackGenerator({ kind: "video" });
    worker = new Worker(URL.createObjectURL(new Blob([WORKER], { type: "text/javascript" })));
    const { writable } = track;
    worker.postMessage({ ...PICTURES, writable, geometry: GEOMETRY, margin: QUIET_MARGIN }, [writable]);
    const settings = track.getSettings.bind(track);
    const { width, height, fps: frameRate } = PICTURES;
    track.getSettings = () => ({ ...settings(), width, height, frameRate, deviceId: "camera-1" });
    return track;
  }

  const before = navigator.mediaDevices.getUserMedia;
  navigator.mediaDevices.getUserMedia = async (constraints) => {
    const tracks = constraints.video ? [open()] : [];
    if (constraints.audio) tracks.push(...(await before({ audio: constraints.audio })).getAudioTracks());
    return new MediaStream(tracks);
  };

  return {
    /** { made: the time codes of all pictures, ms; skipped, late: how many were not made, or not in time }. */
    figures: () =>
      new Promise((resolve) => {
        worker.addEventListener("message", ({ data }) => resolve(data), { once: true });
        worker.postMessage("figures");
      }),
  };
})();
