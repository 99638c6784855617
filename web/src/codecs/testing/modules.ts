/** The built modules for tests in Node, which cannot fetch a file. */

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { WasmCodec } from "../wasm.ts";

/** The page's modules, and the one with the kernels' self-test in it. */
type BuiltModule = WasmCodec | "h264-selftest";

const compiled = new Map<BuiltModule, WebAssembly.Module>();

/** @throws Error: it was not built; its text says how. */
export function builtModule(codec: BuiltModule): WebAssembly.Module {
  const known = compiled.get(codec);
  if (known !== undefined) return known;
  const file = fileURLToPath(new URL(`../generated/${codec}.wasm`, import.meta.url));
  let octets: Buffer<ArrayBuffer>;
  try {
    octets = readFileSync(file);
  } catch {
    throw new Error(`${file} is not there: build it with \`make wasm\``);
  }
  const module = new WebAssembly.Module(octets);
  compiled.set(codec, module);
  return module;
}
