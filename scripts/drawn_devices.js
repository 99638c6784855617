// Drawn people in place of cameras, and a drawn document in place of a screen; `PERSON` is set before.
// A wall with light from the left, shoulders, and a head that sways; all lengths are shares of the picture's height.
navigator.mediaDevices.getUserMedia = async ({ video }) => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 640, height: 360 });
  const context = canvas.getContext("2d");
  const oval = (x, y, radiusX, radiusY, colour) => {
    context.fillStyle = colour;
    context.beginPath();
    context.ellipse(x, y, radiusX, radiusY, 0, 0, 2 * Math.PI);
    context.fill();
  };
  const draw = () => {
    const seconds = performance.now() / 1000;
    context.setTransform(360, 0, 0, 360, 320 + 5 * Math.sin(seconds * 1.7), 3 * Math.sin(seconds * 2.3));
    context.fillStyle = PERSON.wall;
    context.fillRect(-1, -0.1, 2, 1.2);
    const light = context.createLinearGradient(-0.9, 0, 0.9, 0.4);
    light.addColorStop(0, "#ffffff66");
    light.addColorStop(1, "#00000038");
    context.fillStyle = light;
    context.fillRect(-1, -0.1, 2, 1.2);
    if (PERSON.long) {
      oval(0, 0.46, 0.185, 0.24, PERSON.hair);
      oval(0, 0.64, 0.2, 0.19, PERSON.hair);
    }
    oval(0, 1.1, 0.4, 0.34, PERSON.shirt);
    oval(0, 0.74, 0.072, 0.1, PERSON.skin);
    oval(0, 0.73, 0.072, 0.07, "#00000022");
    oval(0, 0.5, 0.145, 0.19, PERSON.skin);
    context.save();
    context.beginPath();
    context.moveTo(-0.2, 0.2);
    context.lineTo(-0.2, 0.52);
    context.quadraticCurveTo(-0.1, 0.36, 0.03, 0.385);
    context.quadraticCurveTo(0.12, 0.4, 0.2, 0.52);
    context.lineTo(0.2, 0.2);
    context.clip();
    oval(0, 0.45, 0.158, 0.17, PERSON.hair);
    context.restore();
    for (const side of [-1, 1]) {
      oval(side * 0.056, 0.5, 0.013, 0.016, "#28201e");
      oval(side * 0.09, 0.56, 0.024, 0.016, "#d0504022");
    }
    context.strokeStyle = "#96423f";
    context.lineWidth = 0.01;
    context.lineCap = "round";
    context.beginPath();
    context.arc(0, 0.555, 0.055, 0.18 * Math.PI, 0.82 * Math.PI);
    context.stroke();
  };
  draw();
  const stream = canvas.captureStream(PERSON.fps ?? 5);
  setInterval(draw, 1000 / (PERSON.fps ?? 5));
  const audio = new AudioContext();
  const voice = new GainNode(audio, { gain: PERSON.speaks ? 0.2 : 0 });
  const microphone = new MediaStreamAudioDestinationNode(audio);
  const hum = new OscillatorNode(audio, { frequency: 180 });
  hum.connect(voice).connect(microphone);
  const sound = microphone.stream.getAudioTracks()[0];
  hum.start();
  return new MediaStream(video ? [...stream.getVideoTracks(), sound] : [sound]);
};
navigator.mediaDevices.getDisplayMedia = async () => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 1280, height: 720 });
  const context = canvas.getContext("2d");
  const box = (x, y, width, height, colour) => {
    context.fillStyle = colour;
    context.fillRect(x, y, width, height);
  };
  const write = (text, x, y, size, weight = 400) => {
    context.fillStyle = "#1d2330";
    context.font = `${weight} ${size}px system-ui, sans-serif`;
    context.fillText(text, x, y);
  };
  const draw = () => {
    box(0, 0, 1280, 720, "#fcfcfe");
    box(0, 0, 1280, 8, "#4450cc");
    write("Round trips by network", 90, 120, 52, 700);
    write("Median of a week, in milliseconds", 90, 170, 28);
    const rows = [["Office", 38, "#4450cc"], ["Hotel", 96, "#4450cc"], ["Train", 171, "#b3400f"], ["Guest WLAN", 64, "#4450cc"]];
    rows.forEach(([name, value, colour], index) => {
      const y = 250 + index * 105;
      write(name, 90, y + 40, 32);
      box(330, y, value * 4, 58, colour);
      write(String(value), 350 + value * 4, y + 40, 32, 600);
    });
  };
  draw();
  setInterval(draw, 500);
  return canvas.captureStream(2);
};
navigator.mediaDevices.enumerateDevices = async () =>
  [
    ["videoinput", "Built-in camera"],
    ["audioinput", "Built-in microphone"],
    ["audiooutput", "Built-in speakers"],
  ].map(([kind, label]) => ({ kind, label, deviceId: label, groupId: "" }));
