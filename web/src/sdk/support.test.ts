import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { missing, supports } from "./support.ts";

const EVERYTHING = [
  "WebSocket",
  "Worker",
  "VideoDecoder",
  "WebAssembly",
  "AudioWorkletNode",
  "RTCPeerConnection",
] as const;

beforeEach(() => {
  vi.stubGlobal("isSecureContext", true);
  for (const name of EVERYTHING) vi.stubGlobal(name, class {});
});

afterEach(() => vi.unstubAllGlobals());

/** Take it away: tests for presence ask for the name alone. */
function without(name: string): void {
  Reflect.deleteProperty(globalThis, name);
}

it("finds nothing missing in a browser that has everything", () => {
  expect(missing()).toBeNull();
  expect(supports("native")).toBe(true);
});

it("does without WebCodecs, and without WebAssembly, but not without both", () => {
  without("VideoDecoder");
  expect([missing(), missing("tunnel", "wasm"), missing("tunnel", "webcodecs")]).toEqual([null, null, "WebCodecs"]);
  without("WebAssembly");
  expect(missing()).toBe("WebCodecs");
  expect(missing("tunnel", "wasm")).toBe("WebAssembly");
});

it("names what is missing", () => {
  without("RTCPeerConnection");
  expect([missing("native"), missing("tunnel")]).toEqual(["WebRTC", null]);
  without("AudioWorkletNode");
  expect(missing()).toBe("AudioWorklet");
  vi.stubGlobal("isSecureContext", false);
  expect(missing()).toBe("secure context");
});
