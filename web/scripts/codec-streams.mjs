/**
 * Our WebAssembly codecs as filters between standard input and output, for tests that compare them with somebody else's.
 *
 *     node scripts/codec-streams.mjs encode '{"width":…,"height":…,"framerate":…,"bitrateBps":…,"temporalLayers":…,"content":…}'
 *         I420 pictures in, one behind the other; access units out
 *     node scripts/codec-streams.mjs decode
 *         access units in; I420 pictures out
 *
 * An access unit, and a picture that comes out, stands behind its length in octets (32 bits, little endian); a length of 0
 * says that there is none. The first picture becomes a keyframe.
 */
import { readFileSync } from "node:fs";
import { buffer } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { runnerImport } from "vite";

const source = (name) => fileURLToPath(new URL(`../src/codecs/${name}`, import.meta.url));
const load = async (name) => (await runnerImport(source(name))).module;

function write(octets) {
  const message = new Uint8Array(4 + octets.length);
  new DataView(message.buffer).setUint32(0, octets.length, true);
  message.set(octets, 4);
  process.stdout.write(message);
}

const [job, settings] = process.argv.slice(2);
const compiled = new WebAssembly.Module(readFileSync(source("generated/h264.wasm")));
const input = await buffer(process.stdin);

if (job === "encode") {
  const { H264Encoder, pictureSize } = await load("h264-encoder.ts");
  const config = JSON.parse(settings);
  const encoder = H264Encoder.create(compiled, config);
  const size = pictureSize("I420", config.width, config.height);
  for (let index = 0; (index + 1) * size <= input.length; index += 1) {
    encoder.input("I420").set(input.subarray(index * size, (index + 1) * size));
    write(encoder.encode("I420", (index * 1e6) / config.framerate, index === 0)?.data ?? new Uint8Array());
  }
} else if (job === "decode") {
  const { H264Decoder } = await load("h264-decoder.ts");
  const decoder = H264Decoder.create(compiled);
  for (let at = 0; at + 4 <= input.length; ) {
    const length = input.readUInt32LE(at);
    write(decoder.decode(input.subarray(at + 4, at + 4 + length))?.data ?? new Uint8Array());
    at += 4 + length;
  }
} else {
  console.error("encode or decode?");
  process.exitCode = 2;
}
