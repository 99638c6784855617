/** A chart's arithmetic: how high its scale goes, and the line through its values. */

const STEPS = [1, 1.5, 2, 3, 4, 5, 6, 8, 10];

/** The round number that a scale ends with so that `value` fits. @param least what it is at least. */
export function scaleTop(value: number, least: number): number {
  const wanted = Math.max(value, least);
  const power = 10 ** Math.floor(Math.log10(wanted));
  return (STEPS.find((step) => step * power >= wanted) ?? 10) * power;
}

/** What a line is drawn into. */
export interface Frame {
  readonly width: number;
  readonly height: number;
  /** Values that the whole width holds; fewer are drawn at its right end. */
  readonly slots: number;
  readonly top: number;
}

/** Where a value stands from the left. @param index of `count` values. */
export const xOf = (index: number, count: number, { width, slots }: Frame): number =>
  ((slots - count + index) / (slots - 1)) * width;

/** An SVG path through the values; where one is missing the line is broken, a single value is a dot. */
export function linePath(values: readonly (number | null)[], frame: Frame): string {
  let path = "";
  let drawing = false;
  values.forEach((value, index) => {
    if (value === null) {
      drawing = false;
      return;
    }
    const x = xOf(index, values.length, frame).toFixed(1);
    const y = (frame.height * (1 - Math.min(1, Math.max(0, value / frame.top)))).toFixed(1);
    const alone = !drawing && (values[index + 1] ?? null) === null;
    path += `${drawing ? "L" : "M"}${x} ${y}${alone ? "h0.1" : ""}`;
    drawing = true;
  });
  return path;
}
