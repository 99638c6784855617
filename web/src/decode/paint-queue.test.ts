import { describe, expect, it } from "vitest";
import { PaintQueue } from "./paint-queue.ts";

const picture = (name: string, closed: string[] = []) => ({ name, close: () => closed.push(name) });

describe("PaintQueue", () => {
  it("shows a picture at once when there is no sound to wait for", () => {
    const queue = new PaintQueue<ReturnType<typeof picture>>(() => null);
    queue.push(picture("a"), 0, 1_000);
    expect(queue.take(1_000)?.picture.name).toBe("a");
    expect(queue.nextInMs(1_000)).toBeNull();
  });

  it("waits until the sound is due", () => {
    const queue = new PaintQueue<ReturnType<typeof picture>>((captureTimeUs) => captureTimeUs + 100_000);
    queue.push(picture("a"), 50_000, 60_000);
    expect(queue.take(60_000)).toBeNull();
    expect(queue.nextInMs(60_000)).toBe(90);
    expect(queue.take(147_000)?.picture.name).toBe("a");
  });

  it("never waits longer than 250 ms", () => {
    const queue = new PaintQueue<ReturnType<typeof picture>>(() => 10_000_000);
    queue.push(picture("a"), 0, 0);
    expect(queue.nextInMs(0)).toBe(250);
    expect(queue.take(250_000)?.picture.name).toBe("a");
  });

  it("shows the newest that is due after a stall, and closes the others", () => {
    const closed: string[] = [];
    const queue = new PaintQueue<ReturnType<typeof picture>>((captureTimeUs) => captureTimeUs);
    for (let i = 0; i < 4; i += 1) queue.push(picture(String(i), closed), i * 33_000, 0);
    expect(queue.take(70_000)?.picture.name).toBe("2");
    expect(closed).toEqual(["0", "1"]);
    expect(queue.nextInMs(70_000)).toBe(29);
  });

  it("shows all pictures of a fast camera although its sound is far behind", () => {
    const closed: string[] = [];
    const queue = new PaintQueue<ReturnType<typeof picture>>((captureTimeUs) => captureTimeUs + 900_000);
    const shown: string[] = [];
    for (let i = 0; i < 60; i += 1) {
      const nowUs = i * 16_667;
      queue.push(picture(String(i), closed), nowUs, nowUs);
      const due = queue.take(nowUs);
      if (due !== null) shown.push(due.picture.name);
    }
    expect(shown).toEqual(Array.from({ length: 54 }, (_, i) => String(i)));
    expect(closed).toEqual([]);
  });

  it("holds seven while nobody takes any, and lets the oldest go", () => {
    const closed: string[] = [];
    const queue = new PaintQueue<ReturnType<typeof picture>>(() => 10_000_000);
    for (let i = 0; i < 9; i += 1) queue.push(picture(String(i), closed), i, 0);
    expect(closed).toEqual(["0", "1"]);
    queue.clear();
    expect(closed).toHaveLength(9);
  });
});
