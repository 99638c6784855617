// What a test asks of a call page: time codes in pictures, what is heard, how long it takes. An init script.
//
// Needs readTimeCode (time_code.js) and GEOMETRY (clip_time_code.py).
globalThis.wsmediaTest = (() => {
  const canvas = new OffscreenCanvas(320, 180);
  const analysers = new Map();
  const recorders = new Map();
  const now = () => performance.timeOrigin + performance.now();

  // The recorder keeps the last seconds in the audio thread, so a blocked main thread loses nothing of them.
  const recorder = `registerProcessor("wsmedia-test-recorder", class extends AudioWorkletProcessor {
    constructor({ processorOptions }) {
      super();
      this.ring = new Float32Array(processorOptions.seconds * sampleRate);
      this.written = 0;
      this.port.onmessage = () => {
        const { ring, written } = this;
        const length = Math.min(written, ring.length);
        const samples = new Float32Array(length);
        for (let index = 0; index < length; index++) samples[index] = ring[(written - length + index) % ring.length];
        this.port.postMessage({ samples, rate: sampleRate, endTime: currentTime }, [samples.buffer]);
      };
    }
    process([[input]]) {
      const length = input?.length ?? 128;
      for (let index = 0; index < length; index++) this.ring[this.written++ % this.ring.length] = input?.[index] ?? 0;
      return true;
    }
  });`;

  /** The wall clock at a context's time 0, s. A reading can only come too late: the earliest of many is the best. */
  async function zeroOf(context) {
    let zero = Number.POSITIVE_INFINITY;
    for (let index = 0; index < 25; index++) {
      await new Promise((resolve) => setTimeout(resolve, 4));
      zero = Math.min(zero, now() / 1000 - context.currentTime);
    }
    return zero;
  }

  const probe = {
    now,
    /** The time code in an element's picture, or null. */
    timeCode(element) {
      const width = element?.videoWidth ?? element?.width ?? 0;
      if (!width) return null;
      const context = canvas.getContext("2d", { willReadFrequently: true });
      // What is transparent, as before the first picture, must not show the picture that was read before.
      context.clearRect(0, 0, 320, 180);
      context.drawImage(element, 0, 0, 320, 180);
      return readTimeCode(context.getImageData(0, 0, 320, 180), GEOMETRY);
    },
    person(name) {
      return window.wsmedia?.participants.find((person) => person.name === name) ?? null;
    },
    /** Where somebody's camera (or screen) is painted. */
    surfaceOf(name, source = "camera") {
      const person = this.person(name);
      return person === null ? null : (window.wsmedia.surface(person.participantId, source) ?? null);
    },
    timeCodeOf(name, source = "camera") {
      const surface = this.surfaceOf(name, source);
      return surface === null ? null : this.timeCode(surface);
    },
    ownTimeCode() {
      return this.timeCode(document.querySelector(".tile.self video"));
    },
    /** A track's figures, or null. */
    reading(direction, kind, name = null, source = null) {
      const id = name === null ? null : this.person(name)?.participantId;
      return (
        window.wsmedia?.tracks.find(
          (track) =>
            track.direction === direction &&
            track.kind === kind &&
            (name === null || track.participantId === id) &&
            (source === null || track.source === source),
        ) ?? null
      );
    },

    /** The last third of a second of what is heard of somebody, or null. */
    soundOf(name) {
      const person = this.person(name);
      const node = person && window.wsmedia.audioNode(person.participantId);
      if (!node) return null;
      let analyser = analysers.get(node);
      if (!analyser) {
        analyser = node.context.createAnalyser();
        analyser.fftSize = 16384;
        node.connect(analyser);
        analysers.set(node, analyser);
      }
      const samples = new Float32Array(analyser.fftSize);
      analyser.getFloatTimeDomainData(samples);
      return { rate: node.context.sampleRate, samples: Array.from(samples, (sample) => Math.round(sample * 32767)) };
    },

    /** Begin to record what is heard of somebody; once for each audio node. */
    async record(name, seconds = 12) {
      const person = this.person(name);
      const source = person && window.wsmedia.audioNode(person.participantId);
      if (!source) return false;
      await this.recordNode(name, source, seconds);
      return true;
    },
    /** The same for any audio node, under any name. */
    async recordNode(name, source, seconds = 12) {
      if (recorders.get(name)?.source === source) return;
      const { context } = source;
      await context.audioWorklet.addModule(URL.createObjectURL(new Blob([recorder], { type: "text/javascript" })));
      const node = new AudioWorkletNode(context, "wsmedia-test-recorder", {
        numberOfOutputs: 0,
        channelCount: 1,
        channelCountMode: "explicit",
        processorOptions: { seconds },
      });
      source.connect(node);
      recorders.set(name, { source, node, zero: await zeroOf(context) });
    },
    /** The wall clock of what the recorder hears now, s. */
    heardUntil(name) {
      const { source, zero } = recorders.get(name);
      return zero + source.context.currentTime;
    },
    /** What was recorded so far, as 16 bits in base64, and the wall clock at its end in seconds. */
    async recorded(name) {
      const heard = recorders.get(name);
      const { node } = heard;
      // A busy machine may have held the context up since, and its clock with it.
      const zero = await zeroOf(heard.source.context);
      heard.zero = zero;
      const answer = new Promise((resolve) => {
        node.port.addEventListener("message", ({ data }) => resolve(data), { once: true });
      });
      node.port.start();
      node.port.postMessage("give");
      const { samples, rate, endTime } = await answer;
      const words = Int16Array.from(samples, (sample) => Math.round(sample * 32767));
      const octets = new Uint8Array(words.buffer);
      let text = "";
      for (let at = 0; at < octets.length; at += 32768) text += String.fromCharCode(...octets.subarray(at, at + 32768));
      return { samples: btoa(text), rate, endsAt: zero + endTime };
    },

    /** Note from now on when each new picture of somebody was first seen: [wall clock ms, time code ms]. */
    watch(name, source = "camera") {
      const seen = [];
      let last = null;
      const look = () => {
        const code = this.timeCodeOf(name, source);
        if (code !== null && code !== last) {
          seen.push([now(), code]);
          last = code;
        }
      };
      const timer = setInterval(look, 8);
      probe.watched = { seen, stop: () => clearInterval(timer) };
    },
    /** How old the pictures were, ms, that came since `since`; right only with a camera that shows the wall clock. */
    ages(since = 0) {
      const day = 2 ** 24;
      return probe.watched.seen.filter(([at]) => at >= since).map(([at, code]) => (((at - code) % day) + day) % day);
    },
    /** The longest time without a new picture, ms, of those that ended after `since`. */
    longestPause(since = 0) {
      const times = probe.watched.seen.map(([at]) => at);
      return Math.max(0, ...times.map((at, index) => (index > 0 && at >= since ? at - times[index - 1] : 0)));
    },
    /** Keep the main thread busy. */
    block(milliseconds) {
      const end = performance.now() + milliseconds;
      while (performance.now() < end);
      return now();
    },
  };
  return probe;
})();
