// Encodes, decodes and paints pictures one at a time in a worker, as the encode and decode workers do, and takes the times.

import { codecNameFor } from "../../../web/src/base/h264.ts";
import { H264Decoder } from "../../../web/src/codecs/h264-decoder.ts";
import { H264Encoder } from "../../../web/src/codecs/h264-encoder.ts";
import { loadWasm } from "../../../web/src/codecs/wasm.ts";
import { CanvasPainter } from "../../../web/src/decode/painter.ts";

const FRAMERATE = 30;

/** Moving pictures as I420: a texture that is panned over, as a camera does. */
function pictures(width, height, count) {
  const texture = new OffscreenCanvas(width * 1.5, height * 1.5);
  const paint = texture.getContext("2d");
  let seed = 1;
  const random = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
  for (let index = 0; index < 4000; index++) {
    const size = (0.004 + 0.12 * random() ** 4) * texture.width;
    paint.fillStyle = `hsl(${360 * random()} 40% ${20 + 60 * random()}%)`;
    paint.fillRect(texture.width * random() - size / 2, texture.height * random() - size / 2, size, size);
  }
  const view = new OffscreenCanvas(width, height);
  const context = view.getContext("2d", { willReadFrequently: true });
  return Array.from({ length: count }, (_, index) => {
    const seconds = index / FRAMERATE;
    const x = (0.25 + 0.25 * Math.sin(seconds * 0.9)) * width;
    const y = (0.25 + 0.25 * Math.sin(seconds * 0.7 + 1)) * height;
    context.drawImage(texture, -x, -y);
    return toI420(context.getImageData(0, 0, width, height));
  });
}

function toI420({ data, width, height }) {
  const planes = new Uint8Array((width * height * 3) / 2);
  for (let index = 0; index < width * height; index++) {
    planes[index] = 16 + 0.257 * data[4 * index] + 0.504 * data[4 * index + 1] + 0.098 * data[4 * index + 2];
  }
  let at = width * height;
  for (const [red, green, blue] of [
    [-0.148, -0.291, 0.439],
    [0.439, -0.368, -0.071],
  ]) {
    for (let row = 0; row < height; row += 2) {
      for (let column = 0; column < width; column += 2) {
        const from = 4 * (row * width + column);
        planes[at++] = 128 + red * data[from] + green * data[from + 1] + blue * data[from + 2];
      }
    }
  }
  return planes;
}

async function withWasm(setting) {
  const { width, height, bitrateBps } = setting;
  const module = await loadWasm("h264");
  const encoder = H264Encoder.create(module, {
    width, height, bitrateBps, framerate: FRAMERATE, temporalLayers: 2, content: "motion",
  });
  const decoder = H264Decoder.create(module);
  return {
    async encode(index, frame) {
      await frame.copyTo(encoder.input("I420"));
      return encoder.encode("I420", frame.timestamp, index === 0)?.data ?? null;
    },
    async decode(data) {
      decoder.decode(data);
      return decoder.take();
    },
    close() {
      encoder.close();
      decoder.close();
    },
  };
}

async function withWebCodecs({ width, height, bitrateBps }) {
  let done = () => undefined;
  const codec = codecNameFor(width, height, FRAMERATE);
  const failed = (error) => done(Promise.reject(error));
  const encoder = new VideoEncoder({
    output: (chunk) => {
      const data = new Uint8Array(chunk.byteLength);
      chunk.copyTo(data);
      done(data);
    },
    error: failed,
  });
  encoder.configure({
    codec, width, height, framerate: FRAMERATE, bitrate: bitrateBps, latencyMode: "realtime", scalabilityMode: "L1T2",
    avc: { format: "annexb" },
  });
  const decoder = new VideoDecoder({
    output: (frame) => done(frame),
    error: failed,
  });
  decoder.configure({ codec, optimizeForLatency: true });
  const next = () => new Promise((resolve) => (done = resolve));
  return {
    encode(index, frame) {
      const encoded = next();
      encoder.encode(frame, { keyFrame: index === 0 });
      // The rate control may leave a picture out; then nothing comes.
      return Promise.race([encoded, encoder.flush().then(() => null)]);
    },
    decode(data, index) {
      const decoded = next();
      decoder.decode(new EncodedVideoChunk({ type: index === 0 ? "key" : "delta", timestamp: index * 33_333, data }));
      return decoded;
    },
    close() {
      encoder.close();
      decoder.close();
    },
  };
}

async function run(setting) {
  const { width, height, backend, count } = setting;
  const source = pictures(width, height, 60);
  const codec = await (backend === "wasm" ? withWasm(setting) : withWebCodecs(setting));
  const painter = new CanvasPainter(new OffscreenCanvas(width, height));
  const encodeMs = [];
  const decodeMs = [];
  const paintMs = [];
  let bytes = 0;
  let decoded = 0;
  for (let index = 0; index < count; index++) {
    // There and back again, so that nothing jumps.
    const turn = index % (2 * source.length - 2);
    const data = source[turn < source.length ? turn : 2 * source.length - 2 - turn];
    const timestamp = Math.round((index * 1e6) / FRAMERATE);
    const frame = new VideoFrame(data, { format: "I420", codedWidth: width, codedHeight: height, timestamp });
    const began = performance.now();
    const encoded = await codec.encode(index, frame);
    encodeMs.push(performance.now() - began);
    frame.close();
    if (encoded === null) continue;
    bytes += encoded.byteLength;
    const then = performance.now();
    const image = await codec.decode(encoded, decoded++);
    const at = performance.now();
    painter.paint(image);
    image.close();
    decodeMs.push(at - then);
    paintMs.push(performance.now() - at);
  }
  codec.close();
  return { encodeMs, decodeMs, paintMs, bytes };
}

addEventListener("message", ({ data }) => {
  run(data).then(postMessage, (error) => postMessage({ error: String(error) }));
});
