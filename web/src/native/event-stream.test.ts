import { describe, expect, it } from "vitest";
import { EventStreamParser } from "./event-stream.ts";

const TEXT =
  ': hello\n\nevent: ready\ndata: {}\n\ndata: a\ndata:b\r\n\r\nevent: nothing\n\nevent:track\ndata: {"x":1}\n\n';
const EVENTS = [
  { event: "ready", data: "{}" },
  { event: "message", data: "a\nb" },
  { event: "track", data: '{"x":1}' },
];

describe("EventStreamParser", () => {
  it("finds the events in one piece", () => {
    expect(new EventStreamParser().push(TEXT)).toEqual(EVENTS);
  });

  it("finds the same events wherever the text is cut", () => {
    for (let cut = 0; cut < TEXT.length; cut += 1) {
      const parser = new EventStreamParser();
      expect([...parser.push(TEXT.slice(0, cut)), ...parser.push(TEXT.slice(cut))]).toEqual(EVENTS);
    }
  });

  it("does not collect an endless event", () => {
    expect(() => new EventStreamParser().push(`data: ${"x".repeat(1_000_001)}`)).toThrow(RangeError);
  });
});
