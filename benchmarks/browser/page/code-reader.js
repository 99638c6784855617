// Reads time codes (tests/support/time_code.js, put into the page before) off the part of a picture that they stand in.

/** A function from an element to its time code in ms, or null. */
export function readerOf(geometry) {
  const width = 320;
  const height = 180;
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const margin = 0.01;
  const left = Math.max(0, geometry.left - margin);
  const top = Math.max(0, geometry.top - margin);
  const across = Math.min(1 - left, geometry.columns * geometry.cell_width + 2 * margin);
  const down = Math.min(1 - top, geometry.rows * geometry.cell_height + 2 * margin);
  return (element) => {
    const { videoWidth = element.width, videoHeight = element.height } = element;
    if (!videoWidth) return null;
    const [x, y, w, h] = [left * videoWidth, top * videoHeight, across * videoWidth, down * videoHeight];
    context.drawImage(element, x, y, w, h, left * width, top * height, across * width, down * height);
    return readTimeCode(context.getImageData(0, 0, width, height), geometry);
  };
}
