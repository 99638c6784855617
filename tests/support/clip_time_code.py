"""A time code that survives being encoded, scaled and painted: 32 black or white cells near the picture's upper edge.

Two rows of 16 cells, read row by row from the left, white is 1, most significant bit first: 24 bits of time in
milliseconds, then 8 bits of CRC over those three octets (polynomial x⁸+x²+x+1, initial value 0xff, no reflection). All
lengths are fractions of the picture's width or height, so the code can be read at any size; the cells' middle halves
are averaged, so that blur and block noise at their borders do no harm. A cell that is neither clearly black nor clearly
white makes the whole code unreadable: a reader never guesses. ``GEOMETRY`` is JSON-able for readers in a browser, and
``time_code.js`` beside this file is such a reader.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

GEOMETRY: dict[str, Any] = {
    "left": 0.1,  # of the width: left edge of column 0
    "top": 0.05,  # of the height: upper edge of row 0
    "cell_width": 0.05,  # of the width
    "cell_height": 0.1,  # of the height
    "columns": 16,
    "rows": 2,
    "sample": 0.5,  # the middle part of a cell that is averaged, in each dimension
    "time_bits": 24,  # milliseconds, big-endian
    "crc_bits": 8,
    "crc_polynomial": 0x07,
    "crc_initial": 0xFF,
    "dark_below": 96,  # of 0 … 255: mean luma of a cell that is a 0
    "light_above": 160,  # mean luma of a cell that is a 1
}

# A quiet zone around the cells keeps the moving picture's brightness away from them.
QUIET_MARGIN = 0.02


def crc8(data: bytes) -> int:
    """CRC of the geometry's polynomial and initial value over ``data``, 0 … 255."""
    crc: int = GEOMETRY["crc_initial"]
    for octet in data:
        crc ^= octet
        for _ in range(8):
            crc = (crc << 1) ^ GEOMETRY["crc_polynomial"] if crc & 0x80 else crc << 1
            crc &= 0xFF
    return crc


def _span(start: float, length: float, size: int) -> slice:
    """Pixels of a span given in fractions; at least one."""
    first = round(start * size)
    return slice(first, max(first + 1, round((start + length) * size)))


def quiet_zone(height: int, width: int) -> tuple[slice, slice]:
    """Rows and columns of the black box that the cells stand in; chroma there must be neutral, or RGB is tinted."""
    return (
        _span(GEOMETRY["top"] - QUIET_MARGIN, GEOMETRY["rows"] * GEOMETRY["cell_height"] + 2 * QUIET_MARGIN, height),
        _span(GEOMETRY["left"] - QUIET_MARGIN, GEOMETRY["columns"] * GEOMETRY["cell_width"] + 2 * QUIET_MARGIN, width),
    )


def draw(luma: NDArray[np.uint8], time_ms: int) -> None:
    """Draw ``time_ms`` (0 … 2²⁴-1) into the luma plane, shape (height, width), full or video range alike."""
    height, width = luma.shape
    columns, rows = GEOMETRY["columns"], GEOMETRY["rows"]
    payload = time_ms.to_bytes(3, "big")
    code = int.from_bytes(payload + bytes([crc8(payload)]), "big")
    luma[quiet_zone(height, width)] = 16
    for index in range(columns * rows):
        row, column = divmod(index, columns)
        bit = code >> (columns * rows - 1 - index) & 1
        luma[
            _span(GEOMETRY["top"] + row * GEOMETRY["cell_height"], GEOMETRY["cell_height"], height),
            _span(GEOMETRY["left"] + column * GEOMETRY["cell_width"], GEOMETRY["cell_width"], width),
        ] = 235 if bit else 16


def to_luma(picture: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Luma of a gray picture (height, width) or an RGB(A) one (height, width, 3 or 4), 0 … 255 as floats."""
    if picture.ndim == 2:
        return picture.astype(np.float64)
    return picture[..., :3].astype(np.float64) @ np.array([0.299, 0.587, 0.114])


def read(picture: NDArray[np.uint8]) -> int | None:
    """Read the time code.

    Args:
        picture: gray (height, width) or RGB(A) (height, width, 3 or 4) of any size.
    Returns:
        Milliseconds, or None if a cell is not clear or the checksum does not match.
    """
    luma = to_luma(picture)
    height, width = luma.shape
    columns, rows, sample = GEOMETRY["columns"], GEOMETRY["rows"], GEOMETRY["sample"]
    code = 0
    for index in range(columns * rows):
        row, column = divmod(index, columns)
        inset = (1 - sample) / 2
        cell = luma[
            _span(GEOMETRY["top"] + (row + inset) * GEOMETRY["cell_height"], sample * GEOMETRY["cell_height"], height),
            _span(GEOMETRY["left"] + (column + inset) * GEOMETRY["cell_width"], sample * GEOMETRY["cell_width"], width),
        ].mean()
        if GEOMETRY["dark_below"] <= cell <= GEOMETRY["light_above"]:
            return None
        code = code << 1 | int(cell > GEOMETRY["light_above"])
    payload = (code >> 8).to_bytes(3, "big")
    return code >> 8 if crc8(payload) == code & 0xFF else None
