/** Whether surfaces can be seen: they are in the page, not scrolled or hidden away, and the page itself is shown. */

/** Watches the surfaces of one room. */
export class VisibilityWatch {
  readonly #tell = new Map<Element, (visible: boolean) => void>();
  readonly #within = new Map<Element, boolean>();
  readonly #observer: IntersectionObserver | null;
  readonly #pageChanged = (): void => {
    for (const surface of this.#within.keys()) this.#report(surface);
  };

  constructor() {
    this.#observer =
      typeof IntersectionObserver === "undefined"
        ? null
        : new IntersectionObserver((entries) => {
            for (const { target, isIntersecting } of entries) {
              if (!this.#tell.has(target)) continue;
              this.#within.set(target, isIntersecting);
              this.#report(target);
            }
          });
    if (this.#observer !== null) document.addEventListener("visibilitychange", this.#pageChanged);
  }

  /** Tell of every change from now on; the first comes soon. */
  watch(surface: Element, changed: (visible: boolean) => void): void {
    this.#tell.set(surface, changed);
    this.#observer?.observe(surface);
  }

  forget(surface: Element): void {
    this.#observer?.unobserve(surface);
    this.#tell.delete(surface);
    this.#within.delete(surface);
  }

  close(): void {
    this.#observer?.disconnect();
    if (this.#observer !== null) document.removeEventListener("visibilitychange", this.#pageChanged);
    this.#tell.clear();
    this.#within.clear();
  }

  #report(surface: Element): void {
    this.#tell.get(surface)?.((this.#within.get(surface) ?? true) && document.visibilityState === "visible");
  }
}
