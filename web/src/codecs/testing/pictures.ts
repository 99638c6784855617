/** Moving pictures made by arithmetic, and how alike two pictures are. */

/** Numbers from 0 to 1, the same ones for the same seed (mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Octets of a packed I420 picture. */
export const i420Size = (width: number, height: number): number =>
  width * height + 2 * Math.ceil(width / 2) * Math.ceil(height / 2);

/**
 * Picture `index` of a scene as I420: a slow gradient, a textured disc that moves three pixels a picture, coloured bars
 * that drift. Every pixel is a function of place and time, so that any size shows the same scene.
 */
export function scene(index: number, width: number, height: number): Uint8Array<ArrayBuffer> {
  const picture = new Uint8Array(i420Size(width, height));
  const centreX = width / 2 + (width / 4) * Math.sin(index / 20);
  const centreY = height / 2 + (height / 4) * Math.cos(index / 25);
  const radius = Math.min(width, height) / 4;
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const dx = x - centreX;
      const dy = y - centreY;
      const inside = dx * dx + dy * dy < radius * radius;
      const texture = 40 * Math.sin(dx / 3) * Math.cos(dy / 4);
      picture[y * width + x] = inside ? 140 + texture : 60 + ((x + y + index) % 512) / 6;
    }
  }
  const columns = Math.ceil(width / 2);
  const rows = Math.ceil(height / 2);
  const u = width * height;
  const v = u + columns * rows;
  for (let y = 0; y < rows; y += 1) {
    for (let x = 0; x < columns; x += 1) {
      const bar = Math.floor((x + index / 2) / 24) % 4;
      picture[u + y * columns + x] = 100 + 15 * bar;
      picture[v + y * columns + x] = 150 - 12 * bar;
    }
  }
  return picture;
}

/** Peak signal-to-noise ratio of two pictures in dB, all planes together; Infinity if they are equal. */
export function psnr(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) throw new Error(`${a.length} and ${b.length} octets are not alike`);
  let squares = 0;
  for (let i = 0; i < a.length; i += 1) squares += ((a[i] as number) - (b[i] as number)) ** 2;
  return squares === 0 ? Number.POSITIVE_INFINITY : 10 * Math.log10((255 * 255 * a.length) / squares);
}
