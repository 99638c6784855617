import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { VisibilityWatch } from "./visibility.ts";

type Seen = (entries: ReadonlyArray<{ target: Element; isIntersecting: boolean }>) => void;

class FakePage extends EventTarget {
  visibilityState: DocumentVisibilityState = "visible";

  show(visible: boolean): void {
    this.visibilityState = visible ? "visible" : "hidden";
    this.dispatchEvent(new Event("visibilitychange"));
  }
}

let page: FakePage;
let seen: Seen;
let watch: VisibilityWatch;
const surface = {} as Element;
const told: boolean[] = [];

beforeEach(() => {
  told.length = 0;
  page = new FakePage();
  vi.stubGlobal("document", page);
  vi.stubGlobal(
    "IntersectionObserver",
    class {
      constructor(callback: Seen) {
        seen = callback;
      }
      observe(): void {}
      unobserve(): void {}
      disconnect(): void {}
    },
  );
  watch = new VisibilityWatch();
  watch.watch(surface, (visible) => void told.push(visible));
});

afterEach(() => vi.unstubAllGlobals());

it("wants both the surface in view and the page shown", () => {
  seen([{ target: surface, isIntersecting: true }]);
  page.show(false);
  seen([{ target: surface, isIntersecting: false }]);
  page.show(true);
  seen([{ target: surface, isIntersecting: true }]);
  expect(told).toEqual([true, false, false, false, true]);
});

it("says nothing of what it was told to forget, or after its end", () => {
  watch.forget(surface);
  seen([{ target: surface, isIntersecting: false }]);
  watch.watch(surface, (visible) => void told.push(visible));
  watch.close();
  seen([{ target: surface, isIntersecting: false }]);
  page.show(false);
  expect(told).toEqual([]);
});
