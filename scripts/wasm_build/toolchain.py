"""The compiler for wasm32-wasi: a pinned ``ziglang`` from the Python package index, or a clang that the user names."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from .errors import BuildError

ZIGLANG = "0.17.1"
DEBIAN_PACKAGES = "clang-19 lld-19 libc++-19-dev-wasm32 libc++abi-19-dev-wasm32 libclang-rt-19-dev-wasm32 wasi-libc"


@dataclass(frozen=True)
class Compiler:
    """Commands that compile C and C++ and link, and the environment that they need.

    ``stand_ins`` is the flag that names our folder of headers for threads: zig has such headers of its own, which come
    first; Debian's clang would find those of the machine that it runs on, so there ours come first.
    """

    name: str
    c: tuple[str, ...]
    cxx: tuple[str, ...]
    link_flags: tuple[str, ...]
    stand_ins: str
    environment: dict[str, str]


def name() -> str:
    """What goes into the hashes: a module is built anew when the compiler changes."""
    clang = os.environ.get("WSMEDIA_CLANG")
    return f"clang {clang}" if clang else f"ziglang {ZIGLANG}"


def install(cache: Path) -> Compiler:
    """The compiler, installed below ``cache`` when it is not there yet.

    Raises:
        BuildError: pip cannot install it, or the clang that the user named is missing.
    """
    clang = os.environ.get("WSMEDIA_CLANG")
    return _named_clang(clang) if clang else _zig(cache)


def _named_clang(clang: str) -> Compiler:
    path = shutil.which(clang)
    if path is None:
        raise BuildError(f"WSMEDIA_CLANG names {clang}, which is not here (on Debian: {DEBIAN_PACKAGES})")
    cxx = shutil.which(clang.replace("clang", "clang++", 1))
    if cxx is None:
        raise BuildError(f"there is no C++ compiler beside {path} (on Debian: {DEBIAN_PACKAGES})")
    target = "--target=wasm32-wasi"
    # A stack that overflows shall trap, not run over data; zig places it first unasked.
    return Compiler(name(), (path, target), (cxx, target), ("-Wl,--stack-first",), "-I", {})


def _zig(cache: Path) -> Compiler:
    place = cache / "toolchain" / f"ziglang-{ZIGLANG}"
    zig = place / "ziglang" / ("zig.exe" if os.name == "nt" else "zig")
    if not zig.is_file():
        print(f"Installing the compiler (ziglang {ZIGLANG}, 100 MB) …", flush=True)
        fresh = place.with_name(f"{place.name}.new")
        shutil.rmtree(fresh, ignore_errors=True)
        # --isolated is not used: pip's own configuration says where packages come from.
        pip = [sys.executable, "-m", "pip", "install", "-qq", "--no-deps", "--only-binary=:all:", "--no-compile"]
        command = [*pip, "--target", str(fresh), f"ziglang=={ZIGLANG}"]
        outcome = subprocess.run(command, capture_output=True, text=True, check=False)
        if outcome.returncode != 0:
            raise BuildError(
                f"pip could not install ziglang {ZIGLANG} (with Python's pip here, or set WSMEDIA_CLANG=clang-19 and "
                f"install on Debian: {DEBIAN_PACKAGES}). It said:\n{outcome.stderr.strip()[-1500:]}"
            )
        shutil.rmtree(place, ignore_errors=True)  # one that somebody has half removed
        fresh.rename(place)
    target = ("-target", "wasm32-wasi")
    caches = {"ZIG_GLOBAL_CACHE_DIR": str(cache / "zig"), "ZIG_LOCAL_CACHE_DIR": str(cache / "zig")}
    return Compiler(name(), (str(zig), "cc", *target), (str(zig), "c++", *target), (), "-idirafter", caches)
