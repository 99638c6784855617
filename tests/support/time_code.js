// Reads the time code of clip_time_code.py in a browser; the Python file's docstring describes it.
//
// readTimeCode(image, geometry): image is an ImageData ({data: RGBA octets, width, height}), geometry the dict GEOMETRY.
// Returns milliseconds, or null if the code cannot be read. A plain function, so that it can be injected into a page.
function readTimeCode(image, geometry) {
  const g = geometry;
  const mean = (left, top, width, height) => {
    const x0 = Math.round(left * image.width);
    const y0 = Math.round(top * image.height);
    const x1 = Math.max(x0 + 1, Math.round((left + width) * image.width));
    const y1 = Math.max(y0 + 1, Math.round((top + height) * image.height));
    let sum = 0;
    for (let y = y0; y < y1; y++) {
      for (let x = x0; x < x1; x++) {
        const at = (y * image.width + x) * 4;
        sum += 0.299 * image.data[at] + 0.587 * image.data[at + 1] + 0.114 * image.data[at + 2];
      }
    }
    return sum / ((x1 - x0) * (y1 - y0));
  };
  const inset = (1 - g.sample) / 2;
  const octets = [0, 0, 0, 0];
  for (let index = 0; index < g.columns * g.rows; index++) {
    const row = Math.floor(index / g.columns);
    const column = index % g.columns;
    const luma = mean(
      g.left + (column + inset) * g.cell_width,
      g.top + (row + inset) * g.cell_height,
      g.sample * g.cell_width,
      g.sample * g.cell_height,
    );
    if (luma >= g.dark_below && luma <= g.light_above) return null;
    octets[index >> 3] = (octets[index >> 3] << 1) | (luma > g.light_above ? 1 : 0);
  }
  let crc = g.crc_initial;
  for (const octet of octets.slice(0, 3)) {
    crc ^= octet;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 0x80 ? (crc << 1) ^ g.crc_polynomial : crc << 1) & 0xff;
  }
  return crc === octets[3] ? octets[0] * 65536 + octets[1] * 256 + octets[2] : null;
}
