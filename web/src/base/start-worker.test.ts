import { beforeEach, expect, it, vi } from "vitest";
import { startWorker, type WorkerRealm } from "./start-worker.ts";

const made: string[] = [];
const scripts: string[] = [];

const realmAt = (origin: string): WorkerRealm => ({
  origin,
  make: (address, name) => {
    made.push(address);
    return { name } as unknown as Worker;
  },
  addressOf: (script) => {
    scripts.push(script);
    return "blob:one";
  },
  forget: (address) => void made.splice(made.indexOf(address), 1),
});

beforeEach(() => {
  made.length = 0;
  scripts.length = 0;
});

it("starts scripts of the page's own origin directly", () => {
  startWorker("https://a.example/assets/encode.js", "encode", realmAt("https://a.example"));
  startWorker("/src/encode/worker.ts", "encode", realmAt("https://a.example"));
  expect(made).toEqual(["https://a.example/assets/encode.js", "/src/encode/worker.ts"]);
});

it("leads the way to scripts of another origin, and cleans up behind itself", () => {
  vi.useFakeTimers();
  startWorker("https://gateway.example/assets/encode.js", "encode", realmAt("https://a.example"));
  expect(made).toEqual(["blob:one"]);
  expect(scripts).toEqual(['import "https://gateway.example/assets/encode.js";']);
  vi.runAllTimers();
  expect(made).toEqual([]);
  vi.useRealTimers();
});
