/** Where tiles go so that faces are as large as they can be. Sizes are CSS pixels; everything here is arithmetic. */

/** A place on the stage. */
export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** What there is to fill. */
export interface Area {
  readonly width: number;
  readonly height: number;
}

/** Columns and the tiles' size. */
export interface TileLayout extends Area {
  readonly columns: number;
}

/** One large tile, and the others in a strip beside or below it. */
export interface FeaturedLayout {
  readonly feature: Rect;
  readonly strip: readonly Rect[];
}

/** More pictures than these are of no use to eyes, and too much for most machines. */
export const MOST_TILES = 16;
/** Pictures fill their tiles; on a wide screen little of a 16:9 picture is cut away, on a phone it may be a square. */
const WIDEST = 16 / 9;
const TALLEST_WIDE_SCREEN = 4 / 3;
const TALLEST_TALL_SCREEN = 1;
/** A face in less than this cannot be told from another; three stand side by side on the smallest phone. */
const SMALLEST_WIDTH = 92;
const SMALLEST_HEIGHT = 64;

/** The number of columns that gives the largest tiles. @param count number of tiles, at least 1. */
export function arrange(count: number, { width, height }: Area, gap: number): TileLayout {
  const tallest = width > height ? TALLEST_WIDE_SCREEN : TALLEST_TALL_SCREEN;
  let best: TileLayout = { columns: 1, width: 0, height: 0 };
  for (let columns = 1; columns <= count; columns += 1) {
    const rows = Math.ceil(count / columns);
    const cellWidth = (width - gap * (columns - 1)) / columns;
    const cellHeight = (height - gap * (rows - 1)) / rows;
    const tileWidth = Math.floor(Math.max(0, Math.min(cellWidth, cellHeight * WIDEST)));
    const tileHeight = Math.floor(Math.max(0, Math.min(cellHeight, cellWidth / tallest)));
    if (tileWidth * tileHeight > best.width * best.height) best = { columns, width: tileWidth, height: tileHeight };
  }
  return best;
}

/** All tiles at equal size, row by row, every row in the middle. */
export function gridRects(count: number, area: Area, gap: number): Rect[] {
  if (count === 0) return [];
  const { columns, width, height } = arrange(count, area, gap);
  const rows = Math.ceil(count / columns);
  const top = (area.height - rows * height - (rows - 1) * gap) / 2;
  return Array.from({ length: count }, (_, index) => {
    const row = Math.floor(index / columns);
    const inRow = Math.min(columns, count - row * columns);
    const left = (area.width - inRow * width - (inRow - 1) * gap) / 2;
    return {
      x: Math.round(left + (index % columns) * (width + gap)),
      y: Math.round(top + row * (height + gap)),
      width,
      height,
    };
  });
}

/**
 * Let a corner be seen: move all tiles sideways, or up or down, if there is room for that beside them.
 *
 * @param floating what floats there, and would hide somebody; tiles that cannot make way stay where they are.
 */
export function makeWay(rects: readonly Rect[], floating: Rect, area: Area, gap: number): Rect[] {
  const hidden = rects.some(
    ({ x, y, width, height }) =>
      x < floating.x + floating.width &&
      floating.x < x + width &&
      y < floating.y + floating.height &&
      floating.y < y + height,
  );
  if (floating.width === 0 || !hidden) return [...rects];
  const left = Math.min(...rects.map(({ x }) => x));
  const right = Math.max(...rects.map(({ x, width }) => x + width));
  const onTheRight = floating.x + floating.width / 2 > area.width / 2;
  const shift = Math.round(onTheRight ? floating.x - gap - right : floating.x + floating.width + gap - left);
  if (left + shift >= 0 && right + shift <= area.width) return rects.map((rect) => ({ ...rect, x: rect.x + shift }));
  const top = Math.min(...rects.map(({ y }) => y));
  const bottom = Math.max(...rects.map(({ y, height }) => y + height));
  const below = floating.y + floating.height / 2 > area.height / 2;
  const lift = Math.round(below ? floating.y - gap - bottom : floating.y + floating.height + gap - top);
  if (top + lift < 0 || bottom + lift > area.height) return [...rects];
  return rects.map((rect) => ({ ...rect, y: rect.y + lift }));
}

/** How many people have room at a useful size, 1 … `MOST_TILES`. @param taken tiles that are there besides. */
export function gridCapacity(area: Area, gap: number, taken = 0): number {
  for (let count = MOST_TILES; count > 1; count -= 1) {
    const { width, height } = arrange(count + taken, area, gap);
    if (width >= SMALLEST_WIDTH && height >= SMALLEST_HEIGHT) return count;
  }
  return 1;
}

/** How many small tiles fit beside or below a large one. */
export function stripCapacity(area: Area, gap: number): number {
  const beside = area.width > area.height;
  const room = beside ? (area.height + gap) / (SMALLEST_HEIGHT + gap) : (area.width + gap) / (SMALLEST_WIDTH + gap);
  return Math.max(1, Math.min(MOST_TILES, Math.floor(room)));
}

/** One large tile, `count` small ones: in a column beside it on a wide stage, in a row below it on a tall one. */
export function featuredRects(count: number, area: Area, gap: number): FeaturedLayout {
  if (count === 0) return { feature: { x: 0, y: 0, ...area }, strip: [] };
  const { width, height, beside } = stripTile(count, area, gap);
  const length = count * ((beside ? height : width) + gap) - gap;
  const start = Math.max(0, Math.floor(((beside ? area.height : area.width) - length) / 2));
  const strip = Array.from({ length: count }, (_, index) =>
    beside
      ? { x: area.width - width, y: start + index * (height + gap), width, height }
      : { x: start + index * (width + gap), y: area.height - height, width, height },
  );
  const feature = beside
    ? { x: 0, y: 0, width: Math.max(0, area.width - width - gap), height: area.height }
    : { x: 0, y: 0, width: area.width, height: Math.max(0, area.height - height - gap) };
  return { feature, strip };
}

/** As large as a strip may be, and no larger than `count` of them fit. */
function stripTile(count: number, area: Area, gap: number): Area & { beside: boolean } {
  const clamp = (low: number, value: number, high: number) => Math.floor(Math.max(low, Math.min(high, value)));
  if (area.width > area.height) {
    const fits = (area.height - gap * (count - 1)) / count;
    const height = clamp(SMALLEST_HEIGHT, Math.min(fits, (area.width * 0.17) / WIDEST), 132);
    return { width: Math.floor(height * WIDEST), height, beside: true };
  }
  const fits = (area.width - gap * (count - 1)) / count;
  const width = clamp(SMALLEST_WIDTH, Math.min(fits, (area.height * 0.16 * 4) / 3), 172);
  return { width, height: Math.floor((width * 3) / 4), beside: false };
}
