import { describe, expect, it } from "vitest";
import { SourceReader } from "./source-reader.ts";

/** Something that must be closed exactly once. */
class Picture {
  closed = 0;
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }

  close(): void {
    this.closed += 1;
  }
}

/** A source that is filled by hand and takes its time to be cancelled. */
function source(cancelled: Promise<void> = Promise.resolve()) {
  let controller: ReadableStreamDefaultController<Picture> | undefined;
  let cancels = 0;
  const stream = new ReadableStream<Picture>({
    start(given) {
      controller = given;
    },
    cancel() {
      cancels += 1;
      return cancelled;
    },
  });
  return {
    stream,
    give: (picture: Picture) => controller?.enqueue(picture),
    end: () => controller?.close(),
    get cancels() {
      return cancels;
    },
  };
}

describe("SourceReader", () => {
  it("takes what comes, in order, and closes all of it", async () => {
    const taken: string[] = [];
    const reader = new SourceReader<Picture>(
      (picture) => void taken.push(picture.name),
      () => undefined,
    );
    const camera = source();
    const pictures = [new Picture("a"), new Picture("b")];
    for (const picture of pictures) camera.give(picture);
    camera.end();
    await reader.read(camera.stream);
    expect(taken).toEqual(["a", "b"]);
    expect(pictures.map(({ closed }) => closed)).toEqual([1, 1]);
  });

  it("reads the newest source although an older one was asked for while the first was being cancelled", async () => {
    const taken: string[] = [];
    const reader = new SourceReader<Picture>(
      (picture) => void taken.push(picture.name),
      () => undefined,
    );
    let release = () => {};
    const slow = source(
      new Promise((resolve) => {
        release = resolve;
      }),
    );
    const [middle, newest] = [source(), source()];
    const first = reader.read(slow.stream);
    await Promise.resolve();
    const second = reader.read(middle.stream);
    const third = reader.read(newest.stream);
    release();
    await Promise.all([first, second]);
    expect([slow.cancels, middle.cancels, newest.cancels]).toEqual([1, 1, 0]);
    newest.give(new Picture("newest"));
    newest.end();
    await third;
    expect(taken).toEqual(["newest"]);
  });

  it("tells what went wrong with one, and goes on with the next", async () => {
    const failures: string[] = [];
    const reader = new SourceReader<Picture>(
      ({ name }) => {
        if (name === "bad") throw new TypeError("cannot scale");
      },
      (detail) => void failures.push(detail),
    );
    const camera = source();
    const pictures = [new Picture("bad"), new Picture("good")];
    for (const picture of pictures) camera.give(picture);
    camera.end();
    await reader.read(camera.stream);
    expect(failures).toEqual(["TypeError: cannot scale"]);
    expect(pictures.map(({ closed }) => closed)).toEqual([1, 1]);
  });

  it("waits with a new source until the last picture of the old one was taken", async () => {
    const begun: string[] = [];
    let finish = (): void => undefined;
    const reader = new SourceReader<Picture>(
      ({ name }) => {
        begun.push(name);
        if (name !== "old") return;
        return new Promise<void>((resolve) => {
          finish = resolve;
        });
      },
      () => undefined,
    );
    const [old, middle, newest] = [source(), source(), source()];
    const last = new Picture("old");
    old.give(last);
    const first = reader.read(old.stream);
    await expect.poll(() => begun).toEqual(["old"]);
    const second = reader.read(middle.stream);
    const third = reader.read(newest.stream);
    middle.give(new Picture("middle"));
    newest.give(new Picture("newest"));
    newest.end();
    await expect.poll(() => old.cancels).toBe(1);
    // Whatever else is ready to run has run by then.
    await new Promise((resolve) => setImmediate(resolve));
    expect([begun, last.closed]).toEqual([["old"], 0]);
    finish();
    await Promise.all([first, second, third]);
    expect([begun, last.closed, middle.cancels]).toEqual([["old", "newest"], 1, 1]);
  });
});
