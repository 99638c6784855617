"""Write tests/vectors/fec.json: messages, the fragments that they are cut into, and some of these that give them back.

    .venv/bin/python -m scripts.make_fec_vectors

``fragments`` holds all data fragments and some parity; ``kept`` are the indices from which a receiver recovers.
"""

from __future__ import annotations

import random
from typing import Any

from scripts.make_vectors import VECTORS, write
from wsmedia.fec import encode_parity, split

# Name, octets, data count, parity indices, what is kept.
BLOCKS = [
    ("one octet, three times", 1, 1, [1, 254], [254]),
    ("one part", 90, 1, [1, 2], [2]),
    ("two equal parts, first lost", 100, 2, [2], [1, 2]),
    ("two parts, last one shorter and lost", 101, 2, [2], [2, 0]),
    ("three parts, nothing lost", 50, 3, [3], [2, 0, 1]),
    ("four parts, two lost", 333, 4, [4, 5], [5, 0, 4, 3]),
    ("five parts, all lost", 120, 5, [5, 6, 7, 8, 9, 100], [9, 6, 100, 5, 8]),
    ("last part of one octet, lost", 61, 4, [4, 5, 6], [0, 1, 2, 6]),
    ("parity of the highest indices", 64, 8, [251, 252, 253, 254], [254, 0, 253, 1, 252, 2, 251, 3]),
    ("as many parts as there may be", 400, 200, [200, 201, 254], [*range(3, 200), 200, 201, 254]),
    ("of the size of a frame", 2500, 3, [3, 4], [1, 3, 4]),
]


def main() -> None:
    """Write it; the octets are random, but the same each time."""
    source = random.Random(8)
    vectors: list[dict[str, Any]] = []
    for name, length, data_count, indices, kept in BLOCKS:
        message = source.randbytes(length)
        parity = encode_parity(message, data_count, indices)
        payloads = [*enumerate(split(message, data_count)), *zip(indices, parity, strict=True)]
        vectors.append(
            {
                "name": name,
                "data_count": data_count,
                "message": message.hex(),
                "fragments": [{"index": index, "payload": payload.hex()} for index, payload in payloads],
                "kept": kept,
            }
        )
    write(VECTORS / "fec.json", vectors)


if __name__ == "__main__":
    main()
