"""Runs one fuzz target for some seconds: under atheris where it is installed, else by mutating a corpus.

A target takes bytes and returns; the exceptions that a parser documents are caught in the target itself, so that
whatever comes out is a bug. Without atheris the run is repeatable: the same seed makes the same inputs.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Callable, Sequence

INTERESTING = (0, 1, 2, 3, 15, 16, 31, 63, 64, 127, 128, 192, 254, 255)


def mutate(data: bytes, corpus: Sequence[bytes], source: random.Random) -> bytes:
    """Change ``data`` at a few places: octets, lengths, repetitions, pieces of other inputs."""
    changed = bytearray(data)
    for _ in range(source.randint(1, 4)):
        position = source.randint(0, len(changed))
        length = source.randint(0, 16)
        kind = source.randrange(6)
        if kind == 0 and position < len(changed):
            changed[position] = source.choice(INTERESTING)
        elif kind == 1 and position < len(changed):
            changed[position] ^= 1 << source.randrange(8)
        elif kind == 2:
            del changed[position : position + length]
        elif kind == 3:
            changed[position:position] = source.randbytes(length)
        elif kind == 4:
            changed[position:position] = changed[position : position + length] * source.randint(1, 4)
        else:
            other = source.choice(corpus)
            start = source.randint(0, len(other))
            changed[position:] = other[start:]
    return bytes(changed[:4096])


def fuzz(target: Callable[[bytes], None], corpus: Sequence[bytes]) -> None:
    """Run ``target`` as the command line says; a failing input is printed in hexadecimal before the exception."""
    parser = argparse.ArgumentParser(description=sys.modules["__main__"].__doc__)
    parser.add_argument("--seconds", type=float, default=10.0, help="how long to run")
    parser.add_argument("--seed", type=int, default=1, help="which inputs to make, without atheris")
    options = parser.parse_args()
    try:
        import atheris
    except ImportError:
        _mutate_until(target, corpus, options.seconds, random.Random(options.seed))
        return
    atheris.instrument_all()
    atheris.Setup([sys.argv[0], f"-max_total_time={int(options.seconds)}"], target)
    atheris.Fuzz()


def _mutate_until(
    target: Callable[[bytes], None], corpus: Sequence[bytes], seconds: float, source: random.Random
) -> None:
    deadline = time.monotonic() + seconds
    pool = list(corpus)
    count = 0
    while time.monotonic() < deadline:
        data = mutate(source.choice(pool), pool, source)
        try:
            target(data)
        except Exception:
            print(f"failing input: {data.hex()}", file=sys.stderr)
            raise
        count += 1
        # A little of what was made is kept, so that mutations can pile up.
        if source.random() < 0.01:
            pool.append(data)
            if len(pool) > 4 * len(corpus) + 256:
                del pool[source.randrange(len(corpus), len(pool))]
    print(f"{count} inputs without a finding")
