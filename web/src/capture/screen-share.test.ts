import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ScreenShare, screenProblemOf } from "./screen-share.ts";

class FakeTrack {
  contentHint = "";
  live = true;
  onended: (() => void) | null = null;

  stop(): void {
    this.live = false;
  }
}

/** The browser's dialog, answered by hand. */
class FakeDialog {
  readonly asked: DisplayMediaStreamOptions[] = [];
  readonly given: FakeTrack[] = [];
  #answer: { resolve: (stream: unknown) => void; reject: (error: unknown) => void } | null = null;

  getDisplayMedia(options: DisplayMediaStreamOptions): Promise<unknown> {
    this.asked.push(options);
    return new Promise((resolve, reject) => {
      this.#answer = { resolve, reject };
    });
  }

  choose(): FakeTrack {
    const track = new FakeTrack();
    this.given.push(track);
    this.#answer?.resolve({ getVideoTracks: () => [track], getTracks: () => [track] });
    return track;
  }

  refuse(name: string, message = ""): void {
    this.#answer?.reject(new DOMException(message, name));
  }
}

let dialog: FakeDialog;
let screen: ScreenShare;
let changes: number;

beforeEach(() => {
  dialog = new FakeDialog();
  vi.stubGlobal("navigator", { mediaDevices: dialog });
  vi.stubGlobal("isSecureContext", true);
  screen = new ScreenShare();
  changes = 0;
  screen.addEventListener("change", () => {
    changes += 1;
  });
});

afterEach(() => vi.unstubAllGlobals());

describe("ScreenShare", () => {
  it("gives a track that wants to be sharp and may be slow", async () => {
    const started = screen.start();
    const track = dialog.choose();
    expect(await started).toBe(track);
    expect(track.contentHint).toBe("detail");
    expect(dialog.asked[0]?.video).toMatchObject({ frameRate: { max: 8 } });
    expect([screen.track, screen.problem, changes]).toEqual([track, null, 1]);
  });

  it("shares one thing, however often it is asked", async () => {
    const both = [screen.start(), screen.start()];
    const track = dialog.choose();
    expect(await Promise.all(both)).toEqual([track, track]);
    expect(await screen.start()).toBe(track);
    expect(dialog.asked).toHaveLength(1);
  });

  it("notices the browser's own stop button", async () => {
    const started = screen.start();
    const track = dialog.choose();
    await started;
    track.onended?.();
    expect([screen.track, screen.problem, changes]).toEqual([null, null, 2]);
  });

  it("stops the track, and tells once", async () => {
    const started = screen.start();
    const track = dialog.choose();
    await started;
    screen.stop();
    screen.stop();
    expect([track.live, screen.track, changes]).toEqual([false, null, 2]);
  });

  it("wants nothing any more that is chosen after the end", async () => {
    const started = screen.start();
    screen.stop();
    const track = dialog.choose();
    expect(await started).toBeNull();
    expect([track.live, screen.track, screen.problem]).toEqual([false, null, null]);
  });

  it("says why there is nothing, and forgets it with the next success", async () => {
    const started = screen.start();
    dialog.refuse("NotReadableError");
    expect(await started).toBeNull();
    expect(screen.problem).toBe("busy");
    const again = screen.start();
    dialog.choose();
    await again;
    expect(screen.problem).toBeNull();
  });

  it("tells apart a browser that cannot from a page that may not", async () => {
    vi.stubGlobal("navigator", { mediaDevices: {} });
    expect(ScreenShare.supported).toBe(false);
    await screen.start();
    expect(screen.problem).toBe("unsupported");
    vi.stubGlobal("navigator", {});
    vi.stubGlobal("isSecureContext", false);
    await screen.start();
    expect(screen.problem).toBe("insecure");
  });
});

describe("screenProblemOf", () => {
  it.each([
    ["NotAllowedError", "Permission denied by user", "cancelled"],
    ["NotAllowedError", "", "cancelled"],
    ["NotAllowedError", "Permission denied by system", "denied"],
    ["NotSupportedError", "", "unsupported"],
    ["NotReadableError", "", "busy"],
    ["AbortError", "", "busy"],
  ])("%s (%s) is %s", (name, message, problem) => {
    expect(screenProblemOf(new DOMException(message, name))).toBe(problem);
  });
});
