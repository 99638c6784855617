/**
 * Where the WebAssembly codecs are, and how a window or a worker gets them. A worklet cannot fetch: its window loads the
 * module and posts it.
 */
/// <reference path="./wasm-url.d.ts" />

import { CodecUnavailable } from "./codec-error.ts";
// Made by `make wasm`, not kept in the repository.
import h264Url from "./generated/h264.wasm?url";
import opusUrl from "./generated/opus.wasm?url";

/** The modules that there are; each has encoder and decoder. */
export type WasmCodec = "h264" | "opus";

const addresses: Record<WasmCodec, string> = { h264: h264Url, opus: opusUrl };
const modules = new Map<WasmCodec, Promise<WebAssembly.Module>>();

/**
 * The compiled module of a codec; fetched once in a realm, and again after a failure.
 *
 * @throws CodecUnavailable: it is not there, or this browser cannot compile it.
 */
export function loadWasm(codec: WasmCodec): Promise<WebAssembly.Module> {
  const loaded = modules.get(codec);
  if (loaded !== undefined) return loaded;
  const loading = compile(addresses[codec]).catch((error: unknown) => {
    modules.delete(codec);
    throw new CodecUnavailable(`the ${codec} module cannot be used: ${String(error)}`, { cause: error });
  });
  modules.set(codec, loading);
  return loading;
}

async function compile(address: string): Promise<WebAssembly.Module> {
  const response = await fetch(address, { credentials: "same-origin" });
  if (!response.ok) throw new Error(`${address} answered ${response.status}`);
  // Streaming insists on the media type, which some servers do not know.
  const streams = response.headers.get("content-type")?.startsWith("application/wasm") === true;
  return streams ? WebAssembly.compileStreaming(response) : WebAssembly.compile(await response.arrayBuffer());
}
