// What one would write first: WebCodecs, one WebSocket, everything sent at once and in order, nothing ever dropped.
//
// A message is a kind (0 delta frame, 1 keyframe, 2 Opus packet), its timestamp in µs as a double, and the data.
globalThis.latencyNaive = (() => {
  const KEYFRAME_SECONDS = 4;
  const HEADER = 9;
  const VIDEO = { codec: "avc1.42001f", width: 640, height: 360 };
  const AUDIO = { codec: "opus", sampleRate: 48_000, numberOfChannels: 1 };

  // Plays what comes, 40 ms late at first; what is more than 400 ms behind is thrown away, or nothing would be heard in time again.
  const player = `registerProcessor("naive-player", class extends AudioWorkletProcessor {
    constructor() {
      super();
      this.queue = [];
      this.offset = 0;
      this.waiting = 0;
      this.started = false;
      this.port.onmessage = ({ data }) => { this.queue.push(data); this.waiting += data.length; };
    }
    process(_, [[output]]) {
      if (this.waiting > 0.4 * sampleRate) {
        while (this.waiting > 0.04 * sampleRate) this.shift();
      }
      if (!this.started && this.waiting < 0.04 * sampleRate) return true;
      this.started = this.waiting > 0;
      for (let index = 0; index < output.length && this.queue.length > 0; index++) {
        output[index] = this.queue[0][this.offset++];
        this.waiting--;
        if (this.offset === this.queue[0].length) { this.queue.shift(); this.offset = 0; }
      }
      return true;
    }
    shift() {
      this.waiting -= this.queue.shift().length - this.offset;
      this.offset = 0;
    }
  });`;

  const opened = (url) =>
    new Promise((resolve, reject) => {
      const socket = new WebSocket(url);
      socket.binaryType = "arraybuffer";
      socket.onopen = () => resolve(socket);
      socket.onerror = () => reject(new Error(`no connection to ${url}`));
    });
  const failed = (error) => {
    throw error;
  };

  function message(kind, chunk) {
    const octets = new Uint8Array(HEADER + chunk.byteLength);
    const view = new DataView(octets.buffer);
    view.setUint8(0, kind);
    view.setFloat64(1, chunk.timestamp);
    chunk.copyTo(octets.subarray(HEADER));
    return octets;
  }

  async function each(track, use) {
    const reader = new MediaStreamTrackProcessor({ track }).readable.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      use(value);
      value.close();
    }
  }

  let canvas = null;
  let node = null;
  let hears = false;
  let painted = 0;
  let bytes = 0;

  return {
    async send(url, bitrateBps, withSound) {
      const socket = await opened(url);
      const stream = await navigator.mediaDevices.getUserMedia({ audio: withSound, video: true });
      const video = new VideoEncoder({
        output: (chunk) => socket.send(message(chunk.type === "key" ? 1 : 0, chunk)),
        error: failed,
      });
      video.configure({
        ...VIDEO,
        bitrate: bitrateBps,
        framerate: 30,
        latencyMode: "realtime",
        avc: { format: "annexb" },
      });
      let next = 0;
      void each(stream.getVideoTracks()[0], (frame) => {
        const keyFrame = frame.timestamp >= next;
        if (keyFrame) next = frame.timestamp + KEYFRAME_SECONDS * 1e6;
        video.encode(frame, { keyFrame });
      });
      if (!withSound) return;
      const audio = new AudioEncoder({ output: (chunk) => socket.send(message(2, chunk)), error: failed });
      audio.configure({ ...AUDIO, bitrate: 32_000 });
      void each(stream.getAudioTracks()[0], (data) => audio.encode(data));
    },
    async receive(url) {
      canvas = document.createElement("canvas");
      [canvas.width, canvas.height] = [VIDEO.width, VIDEO.height];
      document.body.append(canvas);
      const surface = canvas.getContext("2d");
      const video = new VideoDecoder({
        output: (frame) => {
          surface.drawImage(frame, 0, 0);
          frame.close();
          painted++;
        },
        error: failed,
      });
      video.configure({ codec: VIDEO.codec, optimizeForLatency: true });
      const context = new AudioContext({ sampleRate: 48_000 });
      await context.resume();
      await context.audioWorklet.addModule(URL.createObjectURL(new Blob([player], { type: "text/javascript" })));
      node = new AudioWorkletNode(context, "naive-player", { numberOfInputs: 0, outputChannelCount: [1] });
      node.connect(context.destination);
      const audio = new AudioDecoder({
        output: (data) => {
          const samples = new Float32Array(data.numberOfFrames);
          data.copyTo(samples, { planeIndex: 0, format: "f32-planar" });
          data.close();
          node.port.postMessage(samples, [samples.buffer]);
        },
        error: failed,
      });
      audio.configure(AUDIO);
      const socket = await opened(url);
      socket.onmessage = ({ data }) => {
        const view = new DataView(data);
        const kind = view.getUint8(0);
        const chunk = { type: kind === 0 ? "delta" : "key", timestamp: view.getFloat64(1), data: new Uint8Array(data, HEADER) };
        if (kind === 2) {
          hears = true;
          audio.decode(new EncodedAudioChunk(chunk));
        } else {
          bytes += data.byteLength - HEADER;
          video.decode(new EncodedVideoChunk(chunk));
        }
      };
    },
    live: () => painted > 0,
    watch: (seconds) => latencyWatch.begin(canvas, hears ? node : null, seconds, () => ({ bytes, decoded: painted })),
  };
})();
