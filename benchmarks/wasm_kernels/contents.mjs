/**
 * What is encoded: three kinds of pictures, made by arithmetic and the same in every run. I420, width and height even.
 *
 * Each maker takes a size and gives a function from the picture's number to its octets.
 */

/** Numbers of 0 … 1, the same for the same seed (xorshift). */
function randomNumbers(seed) {
  let state = (seed * 2654435761 + 1) >>> 0;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** Octaves of smoothed noise: a texture as of leaves or cloth, `size` texels square, that repeats. */
function texture(size, seed) {
  const random = randomNumbers(seed);
  const texels = new Float32Array(size * size);
  for (let cell = 64, weight = 48; cell >= 2; cell /= 2, weight *= 0.62) {
    const cells = size / cell;
    const grid = Float32Array.from({ length: cells * cells }, () => random() - 0.5);
    for (let y = 0; y < size; y += 1) {
      for (let x = 0; x < size; x += 1) {
        const gx = Math.floor(x / cell),
          gy = Math.floor(y / cell);
        const fx = x / cell - gx,
          fy = y / cell - gy;
        const at = (cx, cy) => grid[(cy % cells) * cells + (cx % cells)];
        const top = at(gx, gy) * (1 - fx) + at(gx + 1, gy) * fx;
        const bottom = at(gx, gy + 1) * (1 - fx) + at(gx + 1, gy + 1) * fx;
        texels[y * size + x] += weight * (top * (1 - fy) + bottom * fy);
      }
    }
  }
  return (x, y) => {
    const x0 = Math.floor(x),
      y0 = Math.floor(y);
    const fx = x - x0,
      fy = y - y0;
    const at = (tx, ty) => texels[(((ty % size) + size) % size) * size + (((tx % size) + size) % size)];
    return (
      (at(x0, y0) * (1 - fx) + at(x0 + 1, y0) * fx) * (1 - fy) +
      (at(x0, y0 + 1) * (1 - fx) + at(x0 + 1, y0 + 1) * fx) * fy
    );
  };
}

/** Fills luma by pixel and chroma by pair of pixels; `sample(x, y)` gives [y, u, v]. */
function paint(width, height, sample) {
  const picture = new Uint8ClampedArray((width * height * 3) / 2);
  const u = width * height,
    v = u + u / 4;
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const [luma, cb, cr] = sample(x, y);
      picture[y * width + x] = luma;
      if ((x & 1) === 0 && (y & 1) === 0) {
        picture[u + (y / 2) * (width / 2) + x / 2] = cb;
        picture[v + (y / 2) * (width / 2) + x / 2] = cr;
      }
    }
  }
  return new Uint8Array(picture.buffer);
}

/** A head that sways and speaks before a still room, with a sensor's noise: what most cameras of a call see. */
function speaker(width, height) {
  const room = texture(256, 1),
    skin = texture(128, 2);
  const scale = 360 / height;
  return (index) => {
    const random = randomNumbers(index + 10);
    const centreX = width * (0.5 + 0.03 * Math.sin(index / 9)),
      centreY = height * (0.52 + 0.015 * Math.sin(index / 5));
    const mouth = 0.035 + 0.025 * Math.abs(Math.sin(index / 2.5));
    return paint(width, height, (x, y) => {
      const dx = (x - centreX) / height,
        dy = (y - centreY) / height;
      const noise = (random() + random() - 1) * 5;
      if ((dx / 0.2) ** 2 + (dy / 0.3) ** 2 < 1) {
        const lips = (dx / 0.07) ** 2 + ((dy - 0.14) / mouth) ** 2 < 1;
        const luma = lips ? 70 : 165 - 120 * dx + 0.5 * skin((x - centreX) * scale, (y - centreY) * scale);
        return [luma + noise, 112, lips ? 160 : 148];
      }
      return [95 + 60 * (y / height) + room(x * scale, y * scale) + noise, 130, 122];
    });
  };
}

/** A camera that is carried: everything moves, by fractions of a sample. */
function carried(width, height) {
  const view = texture(512, 3);
  const scale = 360 / height;
  return (index) => {
    const random = randomNumbers(index + 500);
    const panX = index * 2.3 + 6 * Math.sin(index / 4),
      panY = index * 0.6 + 4 * Math.cos(index / 6);
    return paint(width, height, (x, y) => {
      const value = view(x * scale + panX, y * scale + panY);
      return [125 + 1.4 * value + (random() + random() - 1) * 4, 128 + 0.3 * value, 128 - 0.3 * value];
    });
  };
}

/** Pages of text: still, scrolled now and then, a pointer that moves. */
function screen(width, height) {
  return (index) => {
    const scrolled = 16 * Math.floor(index / 8),
      pointerX = (index * 13) % width,
      pointerY = (index * 7) % height;
    return paint(width, height, (x, y) => {
      if (Math.abs(x - pointerX) < 6 && Math.abs(y - pointerY) < 6) return [0, 128, 128];
      const line = y + scrolled;
      const glyph = Math.imul((x >> 3) * 31 + (line >> 4) * 977, 2654435761) >>> 12;
      const ink = (line & 15) < 11 && (x & 7) < 6 && ((glyph >> (((x & 7) >> 1) + 3 * ((line & 15) >> 1))) & 1) === 1;
      return [ink ? 30 : 240, 128, 128];
    });
  };
}

/** By name, with the kind of content that the encoder is told. */
export const contents = {
  speaker: { make: speaker, kind: "motion" },
  carried: { make: carried, kind: "motion" },
  screen: { make: screen, kind: "detail" },
};
