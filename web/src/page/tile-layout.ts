/** How to arrange tiles so that faces are as large as they can be. */

/** Columns and the tiles' size in CSS pixels. */
export interface TileLayout {
  readonly columns: number;
  readonly width: number;
  readonly height: number;
}

/** Pictures fill their tiles; on a wide screen little of a 16:9 picture is cut away, on a phone it may be a square. */
const WIDEST = 16 / 9;
const TALLEST_WIDE_SCREEN = 4 / 3;
const TALLEST_TALL_SCREEN = 1;

/**
 * Choose the number of columns that gives the largest tiles.
 *
 * @param count number of tiles, at least 1.
 * @param width of the area, CSS pixels.
 * @param height of the area, CSS pixels.
 * @param gap between tiles, CSS pixels.
 */
export function arrange(count: number, width: number, height: number, gap: number): TileLayout {
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
