/** HTTP lanes, request by request: what leaves when, in what size, and what happens when something on the way is difficult. */

import { describe, expect, it } from "vitest";
import { lengthOf } from "../wire/batch.ts";
import { HttpLane } from "./http-lane.ts";
import { FakeRequests, settled } from "./testing/fake-requests.ts";
import { FakeTime } from "./testing/fake-world.ts";

const BASE = "https://example.test/v1/sessions/ab/http/cd";

const delimited = (...messages: Uint8Array<ArrayBuffer>[]): Uint8Array<ArrayBuffer> => {
  const octets = messages.flatMap((message) => [...lengthOf(message), ...message]);
  return Uint8Array.from(octets);
};
const MARKER = Uint8Array.of(0x80, 0, 0);
const message = (octet: number, size = 1): Uint8Array<ArrayBuffer> => new Uint8Array(size).fill(octet);

class Scene {
  readonly time = new FakeTime();
  readonly requests = new FakeRequests();
  readonly events: string[] = [];
  readonly lane: HttpLane;
  readonly #toWrite: Uint8Array<ArrayBuffer>[] = [];

  constructor(kind: "http-stream" | "http-poll") {
    const { time, requests } = this;
    this.lane = new HttpLane(
      kind,
      BASE,
      {
        opened: () => this.events.push("opened"),
        received: (data) => this.events.push(`received ${data?.join(",")}`),
        writable: () => this.#writeAll(),
        lost: (code, reason, opened) => this.events.push(`lost ${code} ${reason} ${opened}`),
      },
      { clock: time, timers: time, request: requests.request },
    );
  }

  /** A streamed lane whose marker has come. */
  static async streaming(): Promise<Scene> {
    const scene = new Scene("http-stream");
    await scene.requests.to("up/0").answer(204);
    await scene.requests.to("stream").stream(delimited(MARKER));
    expect(scene.events).toEqual(["opened"]);
    return scene;
  }

  /** Have something to send, as a pump has. */
  async send(...messages: Uint8Array<ArrayBuffer>[]): Promise<void> {
    this.#toWrite.push(...messages);
    this.#writeAll();
    await settled();
  }

  async pass(duration: number): Promise<void> {
    this.time.advance(duration);
    await settled();
  }

  get uploads(): string[] {
    return this.requests.all.filter(({ method, body }) => method === "POST" && body.length > 0).map(({ path }) => path);
  }

  #writeAll(): void {
    while (this.#toWrite.length > 0 && this.lane.isReady) {
      this.lane.write(this.#toWrite.shift() as Uint8Array<ArrayBuffer>);
    }
  }
}

describe("a streamed lane", () => {
  it("opens with its marker, and then gives messages however they are cut", async () => {
    const scene = new Scene("http-stream");
    expect(scene.requests.paths).toEqual(["stream", "up/0"]);
    const octets = delimited(MARKER, message(1), message(2, 3));
    await scene.requests.to("stream").stream(octets.slice(0, 5));
    expect(scene.events).toEqual([]);
    await scene.requests.to("stream").stream(octets.slice(5, 14));
    await scene.requests.to("stream").stream(octets.slice(14));
    expect(scene.events).toEqual(["opened", "received 1", "received 2,2,2"]);
  });

  it("is given up when another request was answered and the marker has not come 0.8 s later", async () => {
    const scene = new Scene("http-stream");
    await scene.pass(3);
    await scene.requests.to("up/0").answer(204);
    await scene.pass(0.79);
    expect(scene.events).toEqual([]);
    await scene.pass(0.02);
    expect(scene.events).toEqual(["lost 1006  false"]);
    expect(scene.requests.to("stream").aborted).toBe(true);
  });

  it("is lost with its response", async () => {
    const scene = await Scene.streaming();
    await scene.requests.to("stream").end();
    expect(scene.events.at(-1)).toBe("lost 1006  true");
  });

  it("is lost when something on the way answers in the gateway's place", async () => {
    const scene = new Scene("http-stream");
    await scene.requests.to("stream").stream(new TextEncoder().encode("<html>Please log in</html>"));
    expect(scene.events).toEqual(["lost 1006  false"]);
  });
});

describe("uploads", () => {
  it("take what is written in one turn together, and say where they begin", async () => {
    const scene = await Scene.streaming();
    await scene.send(message(1), message(2, 3));
    expect(scene.uploads).toEqual(["up/0"]);
    expect([...scene.requests.to("up/0").body]).toEqual([...delimited(message(1), message(2, 3))]);
    await scene.pass(0.02);
    await scene.send(message(3));
    expect(scene.uploads).toEqual(["up/0", "up/12"]);
  });

  it("leave 20 ms apart, two under way at most, and let the rest wait outside", async () => {
    const scene = await Scene.streaming();
    await scene.send(message(1));
    expect(scene.lane.isReady).toBe(false);
    await scene.send(message(2));
    await scene.pass(0.019);
    expect(scene.uploads).toEqual(["up/0"]);
    await scene.pass(0.002);
    expect(scene.uploads).toEqual(["up/0", "up/5"]);
    await scene.send(message(3));
    await scene.pass(1);
    expect(scene.uploads).toHaveLength(2);
    await scene.requests.to("up/0").answer(204);
    expect(scene.uploads).toEqual(["up/0", "up/5", "up/10"]);
  });

  it("are spread over a longer round trip, up to 40 ms apart", async () => {
    const scene = await Scene.streaming();
    for (let round = 0; round < 12; round += 1) {
      await scene.send(message(round));
      await scene.pass(0.06);
      await scene.requests.to(scene.uploads.at(-1) as string).answer(204);
    }
    const before = scene.uploads.length;
    await scene.send(message(1));
    await scene.send(message(2));
    await scene.pass(0.025);
    expect(scene.uploads).toHaveLength(before + 1);
    await scene.pass(0.01);
    expect(scene.uploads).toHaveLength(before + 2);
  });

  it("cut a large message, and become smaller where a proxy says so", async () => {
    const scene = await Scene.streaming();
    await scene.send(message(7, 60_000));
    expect(scene.requests.to("up/0").body).toHaveLength(49_152);
    await scene.requests.to("up/0").answer(413);
    expect(scene.requests.to("up/0").body).toHaveLength(24_576);
    await scene.requests.to("up/0").answer(204);
    expect(scene.requests.to("up/24576").body).toHaveLength(24_576);
    await scene.requests.to("up/24576").answer(204);
    await scene.pass(0.1);
    expect(scene.requests.to("up/49152").body).toHaveLength(60_004 - 49_152);
    expect(scene.events).toEqual(["opened"]);
  });

  it("give up where not even 8 kB may pass", async () => {
    const scene = await Scene.streaming();
    await scene.send(message(7, 60_000));
    for (let halving = 0; halving < 4; halving += 1) await scene.requests.to("up/0").answer(413);
    expect(scene.events.at(-1)).toBe("lost 1006 HTTP 413 true");
  });

  it.each([502, 408, null])("are repeated once after %s", async (status) => {
    const scene = await Scene.streaming();
    await scene.send(message(1));
    const fail = async (): Promise<void> => {
      const last = scene.requests.to("up/0");
      await (status === null ? last.fail() : last.answer(status));
    };
    await fail();
    await scene.pass(0.11);
    expect(scene.uploads).toEqual(["up/0", "up/0"]);
    expect(scene.events).toEqual(["opened"]);
    await fail();
    expect(scene.events.at(-1)).toMatch(/^lost 1006/);
  });

  it("tell with what code the gateway has closed the lane", async () => {
    const scene = await Scene.streaming();
    await scene.send(message(1));
    await scene.requests.to("up/0").answer(410, JSON.stringify({ code: 1013, reason: "too many lanes" }));
    expect(scene.events.at(-1)).toBe("lost 1013 too many lanes true");
  });

  it("bring the last words at once, and outlive the page", async () => {
    const scene = await Scene.streaming();
    await scene.send(message(1));
    scene.lane.write(message(9));
    scene.lane.close(4000);
    expect(scene.requests.paths.slice(-2)).toEqual(["up/5", "end/4000"]);
    expect(scene.requests.to("up/5").keepalive).toBe(true);
    expect(scene.requests.to("end/4000").keepalive).toBe(true);
    await scene.requests.to("up/5").answer(204);
    await scene.requests.to("end/4000").answer(204);
    expect(scene.requests.to("stream").aborted).toBe(true);
    expect(scene.events).toEqual(["opened"]);
  });

  it("tell the gateway of a lane that is closed without any last words", async () => {
    const scene = await Scene.streaming();
    scene.lane.close(1001);
    expect(scene.requests.paths.at(-1)).toBe("end/1000");
  });
});

describe("a polled lane", () => {
  it("opens at once, with two polls outstanding", async () => {
    const scene = new Scene("http-poll");
    await settled();
    expect(scene.events).toEqual(["opened"]);
    expect(scene.requests.paths).toEqual(["poll/0", "poll/1"]);
  });

  it("takes answers in the order of their numbers, and messages that lie in two of them", async () => {
    const scene = new Scene("http-poll");
    const octets = delimited(message(1), message(2, 4), message(3));
    await scene.requests.to("poll/1").answer(200, octets.slice(7));
    expect(scene.events).toEqual(["opened"]);
    await scene.requests.to("poll/0").answer(200, octets.slice(0, 7));
    expect(scene.events).toEqual(["opened", "received 1", "received 2,2,2,2", "received 3"]);
    expect(scene.requests.paths).toEqual(["poll/0", "poll/1", "poll/2", "poll/3"]);
    await scene.requests.to("poll/2").answer(204);
    expect(scene.requests.paths.at(-1)).toBe("poll/4");
  });

  it("asks again once for an answer that was lost", async () => {
    const scene = new Scene("http-poll");
    await settled();
    await scene.requests.to("poll/0").fail();
    await scene.pass(0.11);
    expect(scene.requests.paths).toEqual(["poll/0", "poll/1", "poll/0"]);
    await scene.requests.to("poll/0").answer(200, delimited(message(1)));
    expect(scene.events).toEqual(["opened", "received 1"]);
    await scene.requests.to("poll/1").answer(502);
    await scene.pass(0.11);
    await scene.requests.to("poll/1").answer(502);
    expect(scene.events.at(-1)).toBe("lost 1006  true");
  });

  it("does not wait for ever for an answer", async () => {
    const scene = new Scene("http-poll");
    await settled();
    await scene.pass(12.1);
    expect(scene.requests.all[0]?.aborted).toBe(true);
    await scene.pass(0.11);
    expect(scene.requests.paths.slice(2)).toContain("poll/0");
  });
});
