// Makes the benchmark's pictures, away from the page's main thread: a view that pans over a grainy texture, with the wall
// clock of the moment in which each was made drawn into it. camera.js starts it.
//
// A picture that the track would only queue is not made, but counted; so is one that is made late because the machine is busy.

const now = () => performance.timeOrigin + performance.now();
const made = [];
let skipped = 0;
let late = 0;

/** Luma of several scales, half as large again as a picture, `count` times with another grain each. */
function textures(width, height, count) {
  let seed = 1;
  const random = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
  const smooth = new Float32Array(width * height).fill(110);
  for (const [cell, amplitude] of [[90, 60], [30, 35], [10, 18]]) {
    const across = Math.ceil(width / cell) + 2;
    const knots = Float32Array.from({ length: across * (Math.ceil(height / cell) + 2) }, () => 2 * random() - 1);
    for (let y = 0; y < height; y++) {
      const row = Math.floor(y / cell);
      const down = y / cell - row;
      for (let x = 0; x < width; x++) {
        const column = Math.floor(x / cell);
        const right = x / cell - column;
        const at = row * across + column;
        const upper = knots[at] * (1 - right) + knots[at + 1] * right;
        const lower = knots[at + across] * (1 - right) + knots[at + across + 1] * right;
        smooth[y * width + x] += amplitude * (upper * (1 - down) + lower * down);
      }
    }
  }
  return Array.from({ length: count }, () =>
    Uint8Array.from(smooth, (value) => Math.max(16, Math.min(235, value + 6 * (random() - 0.5)))),
  );
}

function codeOf(timeMs, g) {
  const octets = [(timeMs >> 16) & 255, (timeMs >> 8) & 255, timeMs & 255];
  let crc = g.crc_initial;
  for (const octet of octets) {
    crc ^= octet;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 0x80 ? (crc << 1) ^ g.crc_polynomial : crc << 1) & 255;
  }
  return [...octets, crc];
}

addEventListener("message", ({ data }) => {
  if (data === "figures") {
    postMessage({ made: [...made], skipped, late });
    return;
  }
  const { writable, width, height, fps, geometry: g, margin } = data;
  const writer = writable.getWriter();
  const [wide, high] = [Math.round(width * 1.5), Math.round(height * 1.5)];
  const views = textures(wide, high, 4);
  const picture = new Uint8Array((width * height * 3) / 2).fill(128);

  const box = (left, top, across, down, level) => {
    const x0 = Math.round(left * width);
    const x1 = Math.round((left + across) * width);
    for (let y = Math.round(top * height); y < Math.round((top + down) * height); y++) {
      picture.fill(level, y * width + x0, y * width + x1);
    }
  };
  const draw = (index, timeMs) => {
    const seconds = index / fps;
    const view = views[index % views.length];
    const x = Math.round((0.25 + 0.24 * Math.sin(seconds * 0.9)) * width);
    const y = Math.round((0.25 + 0.24 * Math.sin(seconds * 0.7 + 1)) * height);
    for (let row = 0; row < height; row++) {
      const from = (y + row) * wide + x;
      picture.set(view.subarray(from, from + width), row * width);
    }
    box(0.4 + 0.15 * Math.sin(seconds * 2.1), 0.5 + 0.04 * Math.sin(seconds * 4.3), 0.2, 0.4, 150);
    box(g.left - margin, g.top - margin, g.columns * g.cell_width + 2 * margin, g.rows * g.cell_height + 2 * margin, 16);
    const octets = codeOf(timeMs, g);
    for (let cell = 0; cell < g.columns * g.rows; cell++) {
      if (((octets[cell >> 3] >> (7 - (cell & 7))) & 1) === 0) continue;
      const [row, column] = [Math.floor(cell / g.columns), cell % g.columns];
      box(g.left + column * g.cell_width, g.top + row * g.cell_height, g.cell_width, g.cell_height, 235);
    }
  };

  let index = 0;
  let due = performance.now();
  const tick = () => {
    const moment = performance.now();
    if (moment - due > 10) late++;
    if (writer.desiredSize > 0) {
      const timeMs = Math.floor(now()) % 2 ** 24;
      draw(index++, timeMs);
      made.push(timeMs);
      const timestamp = Math.round(moment * 1000);
      const frame = new VideoFrame(picture, { format: "I420", codedWidth: width, codedHeight: height, timestamp });
      writer.write(frame).catch(() => close());
    } else {
      skipped++;
    }
    // Never two at once to make up for lost time.
    do due += 1000 / fps;
    while (due <= moment);
    setTimeout(tick, due - performance.now());
  };
  tick();
});
