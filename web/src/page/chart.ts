/** A small line chart of the last two minutes; its figures stand beside it as text, for eyes and for screen readers. */

import { linePath, scaleTop, xOf } from "./chart-geometry.ts";
import { element, svg } from "./dom.ts";
import { MOST_SAMPLES, SAMPLE_MS, type Sample } from "./history.ts";
import { strings } from "./strings.ts";

const SIZE = { width: 320, height: 64 };
const words = strings.details;

/** One line of a chart. */
export interface Series {
  readonly label: string;
  value(sample: Sample): number | null;
}

/** What a chart shows. */
export interface ChartSpec {
  readonly title: string;
  /** The smallest value that the scale ends with, so that a quiet line does not look wild. */
  readonly least: number;
  format(value: number | null): string;
  readonly series: readonly Series[];
}

/** A chart. */
export class Chart {
  readonly root: HTMLElement;
  readonly #spec: ChartSpec;
  readonly #svg: SVGSVGElement;
  readonly #lines: readonly SVGPathElement[];
  readonly #cursor = svg("line", { class: "chart-cursor", y1: 0, y2: SIZE.height });
  readonly #values: readonly HTMLElement[];
  readonly #top = element("span", { class: "chart-top" });
  readonly #when = element("span", { class: "chart-when" });
  #samples: readonly Sample[] = [];
  /** The sample that the pointer is on; null: the newest. */
  #pointed: number | null = null;

  constructor(spec: ChartSpec) {
    this.#spec = spec;
    this.#lines = spec.series.map((_, index) => svg("path", { class: `chart-line line-${index + 1}` }));
    this.#values = spec.series.map(() => element("dd", {}));
    this.#svg = svg(
      "svg",
      {
        class: "chart-plot",
        viewBox: `0 -2 ${SIZE.width} ${SIZE.height + 4}`,
        preserveAspectRatio: "none",
        role: "img",
      },
      ...[0, 0.5, 1].map((share) =>
        svg("line", { class: "chart-grid", x2: SIZE.width, y1: share * SIZE.height, y2: share * SIZE.height }),
      ),
      this.#cursor,
      ...this.#lines,
    );
    this.#svg.addEventListener("pointermove", (event) => this.#point(event));
    this.#svg.addEventListener("pointerleave", () => this.#point(null));
    const legend = spec.series.map(({ label }, index) =>
      element(
        "div",
        { class: `legend line-${index + 1}` },
        element("dt", {}, element("span", { class: "legend-line", "aria-hidden": "true" }), label),
        this.#values[index],
      ),
    );
    this.root = element(
      "figure",
      { class: "chart" },
      element("figcaption", {}, spec.title, this.#when),
      element("dl", { class: "legends" }, ...legend),
      element("div", { class: "chart-area" }, this.#svg, this.#top),
    );
    this.show([]);
  }

  /** @param samples the oldest first. */
  show(samples: readonly Sample[]): void {
    this.#samples = samples;
    const rows = this.#spec.series.map((series) => samples.map((sample) => series.value(sample)));
    const highest = Math.max(0, ...rows.flat().filter((value) => value !== null));
    const top = scaleTop(highest, this.#spec.least);
    const frame = { ...SIZE, slots: MOST_SAMPLES, top };
    this.#lines.forEach((line, index) => {
      line.setAttribute("d", linePath(rows[index] ?? [], frame));
    });
    this.#top.textContent = this.#spec.format(top);
    this.#showValues();
    const figures = this.#spec.series.map(({ label }, index) =>
      words.figure(label, this.#values[index]?.textContent ?? ""),
    );
    this.#svg.setAttribute("aria-label", words.chart(this.#spec.title, figures.join(", ")));
  }

  #showValues(): void {
    const newest = this.#samples.length - 1;
    const index = this.#pointed === null ? newest : Math.max(0, newest - this.#pointed);
    const sample = this.#samples[index];
    this.#values.forEach((value, at) => {
      value.textContent = this.#spec.format(
        sample === undefined ? null : (this.#spec.series[at]?.value(sample) ?? null),
      );
    });
    const seconds = ((newest - index) * SAMPLE_MS) / 1000;
    this.#when.textContent = seconds > 0 ? words.ago(seconds) : "";
    const x = xOf(index, this.#samples.length, { ...SIZE, slots: MOST_SAMPLES, top: 1 });
    this.#cursor.setAttribute("visibility", this.#pointed === null ? "hidden" : "visible");
    for (const end of ["x1", "x2"]) this.#cursor.setAttribute(end, x.toFixed(1));
  }

  #point(event: PointerEvent | null): void {
    this.#pointed = null;
    if (event !== null && this.#samples.length > 0) {
      const box = this.#svg.getBoundingClientRect();
      const slot = Math.round((1 - (event.clientX - box.left) / box.width) * (MOST_SAMPLES - 1));
      this.#pointed = Math.max(0, Math.min(this.#samples.length - 1, slot));
    }
    this.#showValues();
  }
}
