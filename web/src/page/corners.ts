/** The four corners of the stage, where our own picture may float. */

export const CORNERS = ["top-left", "top-right", "bottom-left", "bottom-right"] as const;
/** One of them. */
export type Corner = (typeof CORNERS)[number];

/** The corner after an arrow key; the same one for other keys. */
export function cornerAfter(corner: Corner, key: string): Corner {
  const [vertical, horizontal] = corner.split("-");
  if (key === "ArrowUp") return `top-${horizontal}` as Corner;
  if (key === "ArrowDown") return `bottom-${horizontal}` as Corner;
  if (key === "ArrowLeft") return `${vertical}-left` as Corner;
  if (key === "ArrowRight") return `${vertical}-right` as Corner;
  return corner;
}

/** The corner nearest to a point. @param x from the left, as a share of the width. @param y from above, of the height. */
export const cornerNear = (x: number, y: number): Corner =>
  `${y < 0.5 ? "top" : "bottom"}-${x < 0.5 ? "left" : "right"}`;
