/**
 * How much faster do our SIMD kernels make openh264 than clang's own vectors? `make bench-kernels` runs it in Node (V8, as
 * in Chromium).
 *
 * The same module encodes and decodes the same pictures with and without kernels in turns, so that a change of the
 * machine's pace meets both; each figure is the median of the passes, by CPU time: what a core could do that has nothing
 * else to do. Also checks that both give the same octets. Writes .cache/benchmarks/wasm_kernels.json. ARGS: number of
 * passes (9).
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { cpus } from "node:os";
import { fileURLToPath, pathToFileURL } from "node:url";
import { contents } from "./contents.mjs";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const PASSES = Number(process.argv[2] ?? 9);
const WARM_UP = 2;
const FRAMERATE = 30;
const SIZES = [
  { width: 640, height: 360, bitrateBps: 1_000_000, count: 90 },
  { width: 1280, height: 720, bitrateBps: 2_500_000, count: 45 },
];

/** The page's own wrappers, from their TypeScript. */
async function loadCodecs() {
  const { createServer } = await import(pathToFileURL(createRequire(`${ROOT}web/`).resolve("vite")).href);
  const server = await createServer({
    root: `${ROOT}web`,
    server: { middlewareMode: true, watch: null, ws: false },
    logLevel: "error",
    appType: "custom",
  });
  const { H264Encoder } = await server.ssrLoadModule("/src/codecs/h264-encoder.ts");
  const { H264Decoder } = await server.ssrLoadModule("/src/codecs/h264-decoder.ts");
  await server.close();
  return { H264Encoder, H264Decoder };
}

/** CPU time of this process in milliseconds. */
function cpuMilliseconds() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Pictures a second, and what came out. Only the codec's time counts, not the copying of the input. */
function encodePass(H264Encoder, module, config, pictures, kernels) {
  const encoder = H264Encoder.create(module, config, { kernels });
  const units = [];
  let milliseconds = 0;
  for (const [i, picture] of pictures.entries()) {
    encoder.input("I420").set(picture);
    const began = cpuMilliseconds();
    const encoded = encoder.encode("I420", (i * 1e6) / FRAMERATE, i === 0);
    milliseconds += cpuMilliseconds() - began;
    if (encoded !== null) units.push(encoded.data);
  }
  encoder.close();
  return { rate: (pictures.length / milliseconds) * 1000, units };
}

function decodePass(H264Decoder, module, units, kernels) {
  const decoder = H264Decoder.create(module, { kernels });
  const began = cpuMilliseconds();
  for (const unit of units) decoder.decode(unit);
  const rate = (units.length / (cpuMilliseconds() - began)) * 1000;
  decoder.close();
  return rate;
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

/** Medians without and with kernels, and their ratio. */
const compare = (without, with_) => ({
  without: median(without),
  with: median(with_),
  ratio: median(with_) / median(without),
});

function measure(codecs, module, name, { width, height, bitrateBps, count }) {
  const { make, kind } = contents[name];
  const picture = make(width, height);
  const pictures = Array.from({ length: count }, (_, index) => picture(index));
  const config = { width, height, framerate: FRAMERATE, bitrateBps, temporalLayers: 1, content: kind };
  const encode = { true: [], false: [] },
    decode = { true: [], false: [] };
  let octets = 0,
    coded = 0;
  for (let pass = 0; pass < WARM_UP + PASSES; pass += 1) {
    const outputs = {};
    for (const kernels of pass % 2 === 0 ? [false, true] : [true, false]) {
      const { rate, units } = encodePass(codecs.H264Encoder, module, config, pictures, kernels);
      const decoded = decodePass(codecs.H264Decoder, module, units, kernels);
      outputs[kernels] = Buffer.concat(units);
      coded = units.length;
      if (pass < WARM_UP) continue;
      encode[kernels].push(rate);
      decode[kernels].push(decoded);
    }
    if (!outputs.true.equals(outputs.false)) throw new Error(`${name} ${width}x${height}: the streams differ`);
    octets = outputs.true.length;
  }
  return {
    content: name,
    size: `${width}x${height}`,
    coded: `${coded}/${count}`,
    kilobits_per_second: (octets * 8 * FRAMERATE) / count / 1000,
    encode: compare(encode.false, encode.true),
    decode: compare(decode.false, decode.true),
  };
}

const figure = (number) => String(Math.round(number)).padStart(5);
const row = (r) =>
  `${r.content.padEnd(8)} ${r.size.padEnd(9)} ${figure(r.kilobits_per_second)} kb/s ${r.coded.padStart(6)}` +
  ` | encode ${figure(r.encode.without)} → ${figure(r.encode.with)} /s  × ${r.encode.ratio.toFixed(2)}` +
  ` | decode ${figure(r.decode.without)} → ${figure(r.decode.with)} /s  × ${r.decode.ratio.toFixed(2)}`;

const module = new WebAssembly.Module(readFileSync(`${ROOT}web/src/codecs/generated/h264.wasm`));
const codecs = await loadCodecs();
console.log(
  `Node ${process.versions.node}, ${cpus()[0]?.model ?? "unknown processor"}; medians of ${PASSES} passes in turns`,
);
const results = [];
for (const size of SIZES) {
  for (const name of Object.keys(contents)) {
    results.push(measure(codecs, module, name, size));
    console.log(row(results.at(-1)));
  }
}
mkdirSync(`${ROOT}.cache/benchmarks`, { recursive: true });
writeFileSync(
  `${ROOT}.cache/benchmarks/wasm_kernels.json`,
  `${JSON.stringify({ node: process.versions.node, passes: PASSES, results }, null, 1)}\n`,
);
