import { expect, it } from "vitest";
import { LaneMemory } from "./lane-memory.ts";

function makeMemory(stored: string | null = null) {
  const storage = {
    stored,
    getItem: () => storage.stored,
    setItem: (_: string, value: string) => {
      storage.stored = value;
    },
  };
  return { storage, memory: new LaneMemory(() => storage) };
}

it("remembers for each gateway what worked, and forgets it when WebSockets do", () => {
  const { memory } = makeMemory();
  memory.remember("https://one.test/a/", "http-poll");
  memory.remember("https://two.test/", "http-stream");
  expect(memory.recall("wss://one.test/b/")).toBe("http-poll");
  expect(memory.recall("https://two.test/")).toBe("http-stream");
  memory.remember("https://one.test/", "websocket");
  expect(memory.recall("https://one.test/")).toBeNull();
});

it("keeps no more than twenty", () => {
  const { memory, storage } = makeMemory();
  for (let gateway = 0; gateway < 30; gateway += 1) memory.remember(`https://${gateway}.test/`, "http-poll");
  expect(Object.keys(JSON.parse(storage.stored ?? ""))).toHaveLength(20);
  expect(memory.recall("https://9.test/")).toBeNull();
  expect(memory.recall("https://29.test/")).toBe("http-poll");
});

it.each(["", "7", "null", "[]", '{"one.test":"pigeon"}'])("makes nothing of %j", (stored) => {
  expect(makeMemory(stored).memory.recall("https://one.test/")).toBeNull();
});

it("does without storage", () => {
  const memory = new LaneMemory(() => {
    throw new Error("denied");
  });
  memory.remember("https://one.test/", "http-poll");
  expect(memory.recall("https://one.test/")).toBeNull();
});
