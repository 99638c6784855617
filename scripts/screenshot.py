"""Makes docs/call-page.png anew: people in one call, seen by the first of them.

Run as ``.venv/bin/python scripts/screenshot.py``; it needs Chromium and the built page, as the browser tests do. The
people are drawn on canvases that the pages take for cameras, so that no device and nobody's face is needed.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.support.browser import browser, gateway_process  # noqa: E402

DEADLINE_MS = 120_000.0
FRAMES = 20
PEOPLE: list[dict[str, Any]] = [
    {"name": "Alice", "wall": "#c9d6df", "shirt": "#3a6094", "skin": "#ecc4a8", "hair": "#5c3a28", "long": True},
    {"name": "Bob", "wall": "#c2ccba", "shirt": "#54684c", "skin": "#ac7a58", "hair": "#221a18", "long": False},
    {"name": "Carol", "wall": "#dfd0c4", "shirt": "#a0484e", "skin": "#f4d0b6", "hair": "#c48e4a", "long": True},
    {"name": "Dan", "wall": "#d3cbe0", "shirt": "#4c4a58", "skin": "#e2b48e", "hair": "#8a8a8e", "long": False},
    {"name": "Erin", "wall": "#bfd8d4", "shirt": "#c08a3c", "skin": "#7c5238", "hair": "#1c1614", "long": True},
    {"name": "Frank", "wall": "#d8d2c0", "shirt": "#2f6b66", "skin": "#f0c8ae", "hair": "#a0522d", "long": False},
]

# A wall with light from the left, shoulders, and a head that sways; all lengths are shares of the picture's height.
CAMERA = """
navigator.mediaDevices.getUserMedia = async ({ video }) => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 640, height: 360 });
  const context = canvas.getContext("2d");
  const oval = (x, y, radiusX, radiusY, colour) => {
    context.fillStyle = colour;
    context.beginPath();
    context.ellipse(x, y, radiusX, radiusY, 0, 0, 2 * Math.PI);
    context.fill();
  };
  const draw = () => {
    const seconds = performance.now() / 1000;
    context.setTransform(360, 0, 0, 360, 320 + 5 * Math.sin(seconds * 1.7), 3 * Math.sin(seconds * 2.3));
    context.fillStyle = PERSON.wall;
    context.fillRect(-1, -0.1, 2, 1.2);
    const light = context.createLinearGradient(-0.9, 0, 0.9, 0.4);
    light.addColorStop(0, "#ffffff66");
    light.addColorStop(1, "#00000038");
    context.fillStyle = light;
    context.fillRect(-1, -0.1, 2, 1.2);
    if (PERSON.long) {
      oval(0, 0.46, 0.185, 0.24, PERSON.hair);
      oval(0, 0.64, 0.2, 0.19, PERSON.hair);
    }
    oval(0, 1.1, 0.4, 0.34, PERSON.shirt);
    oval(0, 0.74, 0.072, 0.1, PERSON.skin);
    oval(0, 0.73, 0.072, 0.07, "#00000022");
    oval(0, 0.5, 0.145, 0.19, PERSON.skin);
    context.save();
    context.beginPath();
    context.moveTo(-0.2, 0.2);
    context.lineTo(-0.2, 0.52);
    context.quadraticCurveTo(-0.1, 0.36, 0.03, 0.385);
    context.quadraticCurveTo(0.12, 0.4, 0.2, 0.52);
    context.lineTo(0.2, 0.2);
    context.clip();
    oval(0, 0.45, 0.158, 0.17, PERSON.hair);
    context.restore();
    for (const side of [-1, 1]) {
      oval(side * 0.056, 0.5, 0.013, 0.016, "#28201e");
      oval(side * 0.09, 0.56, 0.024, 0.016, "#d0504022");
    }
    context.strokeStyle = "#96423f";
    context.lineWidth = 0.01;
    context.lineCap = "round";
    context.beginPath();
    context.arc(0, 0.555, 0.055, 0.18 * Math.PI, 0.82 * Math.PI);
    context.stroke();
  };
  draw();
  const stream = canvas.captureStream(5);
  setInterval(draw, 200);
  const sound = new AudioContext().createMediaStreamDestination().stream.getAudioTracks()[0];
  return new MediaStream(video ? [...stream.getVideoTracks(), sound] : [sound]);
};
"""


async def take(output: Path, count: int, options: dict[str, Any]) -> None:
    """Let ``count`` people meet, and photograph the first one's page once all pictures are there.

    Args:
        output: where the PNG goes.
        count: people, at most as many as are drawn.
        options: of the first one's Playwright context.
    """
    async with contextlib.AsyncExitStack() as stack:
        url = await stack.enter_async_context(gateway_process())
        running = await stack.enter_async_context(browser(output.parent, None))
        pages = []
        for person in PEOPLE[:count]:
            context = await running.new_context(**options)
            context.set_default_timeout(DEADLINE_MS)
            page = await context.new_page()
            await page.add_init_script(f"{{ const PERSON = {json.dumps(person)}; {CAMERA} }}")
            everything = {"room": "standup", "name": person["name"], "autojoin": "1", "quality": "360p"}
            await page.goto(f"{url}?{urlencode(everything)}")
            await page.wait_for_function("window.wsmedia?.state === 'connected'")
            pages.append(page)
        await pages[0].wait_for_function(
            "([people, frames]) => window.wsmedia.tracks.filter((track) => track.direction === 'received'"
            " && track.kind === 'video' && track.frames > frames).length === people - 1"
            " && document.querySelector('.toast') === null",
            arg=[count, FRAMES],
        )
        await pages[0].screenshot(path=output)


def main() -> None:
    """Parse the command line and take the picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=ROOT / "docs" / "call-page.png")
    parser.add_argument("--people", type=int, choices=range(1, len(PEOPLE) + 1), default=3)
    parser.add_argument("--width", type=int, default=1200)
    parser.add_argument("--height", type=int, default=750)
    parser.add_argument("--colours", choices=["light", "dark"], default="dark")
    arguments = parser.parse_args()
    viewport = {"width": arguments.width, "height": arguments.height}
    options = {"viewport": viewport, "color_scheme": arguments.colours}
    asyncio.run(take(arguments.output, arguments.people, options))


if __name__ == "__main__":
    main()
