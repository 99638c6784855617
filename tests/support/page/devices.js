// Cameras and microphones made of real MediaStreamTracks that a test can unplug: an init script for any browser.
//
// Needs GEOMETRY and QUIET_MARGIN (clip_time_code.py), SCREEN_START_MS and
// OPTIONS: { width, height, fps, startMs, seconds, toneHz }. With startMs null the picture's time code is the wall clock
// (ms, modulo 2²⁴), and with toneHz null the sound is a chirp whose pitch tells the time (chirp.py): whoever has the same
// clock can say how old a picture or a sound is.
globalThis.wsmediaDevices = (() => {
  if (!isSecureContext) return null;
  const CHIRP = { lowHz: 400, hertzPerSecond: 200, seconds: 5 };
  const options = OPTIONS;
  const now = () => performance.timeOrigin + performance.now();
  const began = now();
  const plugged = new Map();
  const open = new Map();
  const plug = (kind, id, label) => plugged.set(id, { deviceId: id, groupId: "test", kind, label, toJSON() { return this; } });
  plug("videoinput", "camera-1", "Test camera 1");
  plug("audioinput", "microphone-1", "Test microphone 1");

  const texture = (() => {
    const canvas = document.createElement("canvas");
    canvas.width = options.width * 1.5;
    canvas.height = options.height * 1.5;
    const context = canvas.getContext("2d");
    let seed = 1;
    const random = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
    for (let index = 0; index < 1500; index++) {
      const size = (0.01 + 0.1 * random() ** 3) * canvas.width;
      context.fillStyle = `hsl(${360 * random()} 40% ${20 + 60 * random()}%)`;
      context.fillRect(canvas.width * random() - size / 2, canvas.height * random() - size / 2, size, size);
    }
    return canvas;
  })();

  function drawTimeCode(context, timeMs) {
    const g = GEOMETRY;
    const { width, height } = context.canvas;
    const octets = [(timeMs >> 16) & 255, (timeMs >> 8) & 255, timeMs & 255];
    let crc = g.crc_initial;
    for (const octet of octets) {
      crc ^= octet;
      for (let bit = 0; bit < 8; bit++) crc = (crc & 0x80 ? (crc << 1) ^ g.crc_polynomial : crc << 1) & 255;
    }
    octets.push(crc);
    const fill = (left, top, across, down, style) => {
      const x = Math.round(left * width);
      const y = Math.round(top * height);
      context.fillStyle = style;
      context.fillRect(x, y, Math.round((left + across) * width) - x, Math.round((top + down) * height) - y);
    };
    const margin = QUIET_MARGIN;
    fill(g.left - margin, g.top - margin, g.columns * g.cell_width + 2 * margin, g.rows * g.cell_height + 2 * margin, "#000");
    for (let index = 0; index < g.columns * g.rows; index++) {
      if (((octets[index >> 3] >> (7 - (index & 7))) & 1) === 0) continue;
      const column = index % g.columns;
      const row = Math.floor(index / g.columns);
      fill(g.left + column * g.cell_width, g.top + row * g.cell_height, g.cell_width, g.cell_height, "#fff");
    }
  }

  function camera(wanted, startMs = options.startMs) {
    const canvas = document.createElement("canvas");
    canvas.width = options.width;
    canvas.height = options.height;
    const context = canvas.getContext("2d");
    const draw = () => {
      const seconds = (now() - began) / 1000;
      const x = (0.25 + 0.25 * Math.sin(seconds * 0.9)) * canvas.width;
      const y = (0.25 + 0.25 * Math.sin(seconds * 0.7 + 1)) * canvas.height;
      context.drawImage(texture, -x, -y);
      const code = startMs === null ? now() : startMs + ((now() - began) % (options.seconds * 1000));
      drawTimeCode(context, Math.floor(code) % 2 ** 24);
    };
    draw();
    const track = canvas.captureStream(options.fps).getVideoTracks()[0];
    const timer = setInterval(() => {
      if (track.readyState === "ended") clearInterval(timer);
      else draw();
    }, 1000 / options.fps);
    const settings = track.getSettings.bind(track);
    track.getSettings = () => ({
      ...settings(), width: canvas.width, height: canvas.height, frameRate: options.fps, deviceId: wanted.deviceId,
    });
    return track;
  }

  const chirp = `registerProcessor("chirp", class extends AudioWorkletProcessor {
    constructor({ processorOptions }) { super(); this.began = processorOptions.began; this.phase = 0; }
    process(_, [[output]]) {
      for (let index = 0; index < output.length; index++) {
        const seconds = (this.began + currentTime + index / sampleRate) % ${CHIRP.seconds};
        this.phase += (2 * Math.PI * (${CHIRP.lowHz} + ${CHIRP.hertzPerSecond} * seconds)) / sampleRate;
        output[index] = 0.4 * Math.sin(this.phase);
      }
      return true;
    }
  });`;

  async function microphone(wanted) {
    const audio = new AudioContext({ sampleRate: 48000 });
    await audio.resume();
    let source;
    if (options.toneHz === null) {
      await audio.audioWorklet.addModule(URL.createObjectURL(new Blob([chirp], { type: "text/javascript" })));
      // The wall clock at the context's time 0. A reading can only come too late: the earliest of many is the best.
      let zero = Number.POSITIVE_INFINITY;
      for (let index = 0; index < 25; index++) {
        await new Promise((resolve) => setTimeout(resolve, 4));
        zero = Math.min(zero, now() / 1000 - audio.currentTime);
      }
      source = new AudioWorkletNode(audio, "chirp", { numberOfInputs: 0, processorOptions: { began: zero } });
    } else {
      source = audio.createOscillator();
      source.frequency.value = options.toneHz;
      source.start();
    }
    const loudness = audio.createGain();
    loudness.gain.value = options.toneHz === null ? 1 : 0.4;
    const destination = new MediaStreamAudioDestinationNode(audio, { channelCount: 1 });
    source.connect(loudness).connect(destination);
    const track = destination.stream.getAudioTracks()[0];
    const settings = track.getSettings.bind(track);
    track.getSettings = () => ({ ...settings(), deviceId: wanted.deviceId });
    const stop = track.stop.bind(track);
    let closing = false;
    track.stop = () => {
      stop();
      // It is "closed" only some time after it was told to.
      if (!closing) void audio.close();
      closing = true;
    };
    return track;
  }

  function choose(kind, constraint) {
    const devices = [...plugged.values()].filter((device) => device.kind === kind);
    const id = constraint?.deviceId;
    const exact = typeof id === "object" && id !== null && "exact" in id ? [id.exact].flat() : null;
    const ideal = [typeof id === "string" ? id : (id?.ideal ?? [])].flat();
    if (devices.length === 0) throw new DOMException("Requested device not found", "NotFoundError");
    if (exact === null) return devices.find((device) => ideal.includes(device.deviceId)) ?? devices[0];
    const found = devices.find((device) => exact.includes(device.deviceId));
    if (found !== undefined) return found;
    // Firefox has no constructor for this error.
    throw Object.assign(new Error("no such device"), { name: "OverconstrainedError", constraint: "deviceId" });
  }

  navigator.mediaDevices.getUserMedia = async (constraints) => {
    const tracks = [];
    for (const [kind, constraint, make] of [
      ["videoinput", constraints.video, camera],
      ["audioinput", constraints.audio, microphone],
    ]) {
      if (!constraint) continue;
      const device = choose(kind, constraint);
      const track = await make(device);
      Object.defineProperty(track, "label", { value: device.label });
      // Firefox's tracks let listeners hear what a script dispatches only if these ask for it.
      track.addEventListener = (type, listener, settings) =>
        EventTarget.prototype.addEventListener.call(track, type, listener, settings, true);
      tracks.push(track);
      open.set(track, device.deviceId);
    }
    return new MediaStream(tracks);
  };
  // The system's dialogue has chosen the whole screen.
  navigator.mediaDevices.getDisplayMedia = async () => {
    const track = camera({ deviceId: "screen" }, SCREEN_START_MS);
    const settings = track.getSettings;
    track.getSettings = () => ({ ...settings(), displaySurface: "monitor" });
    open.set(track, "screen");
    return new MediaStream([track]);
  };
  navigator.mediaDevices.enumerateDevices = async () => [...plugged.values()];

  const changed = () => navigator.mediaDevices.dispatchEvent(new Event("devicechange"));
  return {
    /** Put a device in: "videoinput" or "audioinput". */
    plug(kind, id, label) {
      plug(kind, id, label);
      changed();
    },
    /** Pull a device out, as a person does: its tracks end by themselves. */
    unplug(id) {
      plugged.delete(id);
      for (const [track, deviceId] of open) {
        if (deviceId !== id || track.readyState === "ended") continue;
        track.stop();
        track.dispatchEvent(new Event("ended"));
      }
      changed();
    },
    /** Ids of the devices that are in use now. */
    inUse: () => [...open].filter(([track]) => track.readyState === "live").map(([, id]) => id),
  };
})();
