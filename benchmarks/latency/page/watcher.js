// Notes which pictures are shown when, what is heard, and what the receiver's own figures say. An init script for receivers.
//
// Needs GEOMETRY, readerOf (benchmarks/browser/page/code-reader.js) and wsmediaTest (tests/support/page/probe.js).
//
// A picture counts as shown at the first animation frame at which it is what the element shows: that is when a display of
// 60 Hz would have begun to show it, and the same for a canvas and a video element.
globalThis.latencyWatch = (() => {
  const now = () => performance.timeOrigin + performance.now();
  const seen = [];
  const samples = [];
  let unreadable = 0;
  let hears = false;

  return {
    now,
    seen,
    /**
     * @param element what is watched: a canvas or a video.
     * @param node the sound, or null.
     * @param sample gives figures of the moment as an object, now and then; may be asynchronous.
     */
    async begin(element, node, seconds, sample) {
      const read = readerOf(GEOMETRY);
      const look = () => {
        requestAnimationFrame(look);
        const code = read(element);
        if (code === null) unreadable++;
        else if (code !== seen.at(-1)?.[1]) seen.push([now(), code]);
      };
      requestAnimationFrame(look);
      setInterval(async () => samples.push({ at: now(), ...(await sample()) }), 250);
      hears = node !== null;
      if (hears) await wsmediaTest.recordNode("far", node, seconds);
    },
    /** Everything so far; the sound as wsmediaTest.recorded gives it. */
    async end() {
      const sound = hears ? await wsmediaTest.recorded("far") : null;
      return { seen: [...seen], samples: [...samples], unreadable, sound };
    },
  };
})();
