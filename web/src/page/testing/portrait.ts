/** Drawn people and a drawn screen, for states of the page that are looked at without cameras. */

const SKINS = ["#ecc4a8", "#ac7a58", "#f4d0b6", "#7c5238", "#e2b48e"];

/** Paint somebody who sways a little. @param index gives the colours. @param seconds moves. */
export function paintPortrait(context: CanvasRenderingContext2D, index: number, seconds: number): void {
  const { width, height } = context.canvas;
  const hue = (index * 67) % 360;
  const oval = (x: number, y: number, radiusX: number, radiusY: number, colour: string) => {
    context.fillStyle = colour;
    context.beginPath();
    context.ellipse(x, y, radiusX, radiusY, 0, 0, 2 * Math.PI);
    context.fill();
  };
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.fillStyle = `hsl(${hue} 24% ${index % 2 === 0 ? 78 : 46}%)`;
  context.fillRect(0, 0, width, height);
  context.setTransform(
    height,
    0,
    0,
    height,
    width / 2 + 4 * Math.sin(seconds * 1.7 + index),
    3 * Math.sin(seconds * 2.3),
  );
  oval(0, 1.12, 0.42, 0.36, `hsl(${(hue + 160) % 360} 36% 38%)`);
  oval(0, 0.74, 0.07, 0.1, "#0002");
  oval(0, 0.42, 0.17, 0.19, `hsl(${(hue + 20) % 360} 34% 20%)`);
  oval(0, 0.5, 0.145, 0.19, SKINS[index % SKINS.length] ?? "#ecc4a8");
  for (const side of [-1, 1]) oval(side * 0.056, 0.48, 0.014, 0.017, "#28201e");
  context.strokeStyle = "#96423f";
  context.lineWidth = 0.012;
  context.beginPath();
  context.arc(0, 0.53, 0.06, 0.18 * Math.PI, 0.82 * Math.PI);
  context.stroke();
}

/** Paint a document that somebody might show. */
export function paintScreen(context: CanvasRenderingContext2D, seconds: number): void {
  const { width, height } = context.canvas;
  context.setTransform(width / 16, 0, 0, height / 9, 0, 0);
  context.fillStyle = "#fbfbfd";
  context.fillRect(0, 0, 16, 9);
  context.fillStyle = "#e4e7ef";
  context.fillRect(0, 0, 3, 9);
  context.fillStyle = "#4450cc";
  context.fillRect(4, 1, 6, 0.5);
  for (let line = 0; line < 9; line += 1) {
    context.fillStyle = "#c7ccd9";
    context.fillRect(4, 2.1 + line * 0.6, 5 + ((line * 7) % 5), 0.22);
  }
  const bars = [1.2, 2.1, 1.7, 2.9, 3.6];
  bars.forEach((bar, index) => {
    context.fillStyle = index === 4 ? "#0c8a5c" : "#9aa5ba";
    context.fillRect(0.4 + index * 0.46, 8.4 - bar - 0.1 * Math.sin(seconds + index), 0.34, bar);
  });
}

/** A canvas that paints itself five times a second for as long as the page lives. */
export function paintedCanvas(
  width: number,
  height: number,
  paint: (context: CanvasRenderingContext2D, seconds: number) => void,
) {
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const context = canvas.getContext("2d");
  const draw = () => context !== null && paint(context, performance.now() / 1000);
  draw();
  setInterval(draw, 200);
  return canvas;
}
