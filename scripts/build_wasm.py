"""Builds the WebAssembly codecs (openh264 and libopus) of the web page; ``make`` calls it, and so does a wheel's build.

It fetches the released sources and checks them by hash, installs a pinned compiler, compiles and links. What it needs
on the way stays in ``.cache/wasm``; the results are ``h264.wasm``, ``opus.wasm`` and, for tests, ``h264-selftest.wasm``
in ``web/src/codecs/generated``. When nothing has changed it says so at once. Needs Python 3.11 with pip.

Environment:
    WSMEDIA_CODEC_SOURCES: a folder with the sources' archives, instead of fetching them.
    WSMEDIA_DEBIAN_MIRROR: address of a Debian mirror, where apt knows none.
    WSMEDIA_CLANG: name of a clang that can build for wasm32-wasi, instead of the pinned compiler.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

from wasm_build import compiling, recipe, sources, toolchain
from wasm_build.errors import BuildError, SourcesMissingError

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache" / "wasm"
OUTPUT = ROOT / "web" / "src" / "codecs" / "generated"


def build(jobs: int) -> None:
    """Make every module that is missing or older than what it is made of.

    Raises:
        BuildError: something is missing or does not compile; its text says what, and what to do.
    """
    began = time.monotonic()
    name = toolchain.name()
    if not _stale(name):
        print("The WebAssembly codecs are up to date.")
        return
    with compiling.lock(CACHE):
        workshop = compiling.Workshop(toolchain.install(CACHE), CACHE, OUTPUT, jobs)
        # Looked at again: another build may have made them while this one waited.
        for module in _stale(name):
            workshop.build(module, sources.unpacked(module.release, CACHE))
    print(f"Built the WebAssembly codecs in {time.monotonic() - began:.0f} s.")


def leave_out() -> None:
    """Put empty files where modules are missing: the page builds, and finds at run time that it has WebCodecs alone."""
    OUTPUT.mkdir(parents=True, exist_ok=True)
    for name in ("h264", "opus"):
        (OUTPUT / f"{name}.wasm").touch()
    print("Left the WebAssembly codecs out: the page works in browsers with WebCodecs only.")


def _stale(compiler_name: str) -> list[recipe.Module]:
    """The modules that are not there, or were made of something else than what is here now."""
    return [module for module in recipe.modules(ROOT) if not compiling.is_fresh(module, compiler_name, OUTPUT)]


def main() -> int:
    """Build, or say in one paragraph why not; gives the exit code."""
    arguments = argparse.ArgumentParser(description="Build openh264 and libopus for the web page.")
    arguments.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="compilers at once")
    arguments.add_argument("--without", action="store_true", help="build the page for WebCodecs alone")
    arguments.add_argument("--or-without", action="store_true", help="the same where the sources cannot be had")
    options = arguments.parse_args()
    if options.without:
        leave_out()
        return 0
    try:
        build(max(1, options.jobs))
    except BuildError as problem:
        sys.stdout.flush()
        print(f"The WebAssembly codecs cannot be built: {problem}", file=sys.stderr)
        if options.or_without and isinstance(problem, SourcesMissingError):
            leave_out()
            return 0
        return 1
    (OUTPUT / ".built").touch()
    return 0


if __name__ == "__main__":
    sys.exit(main())
