"""What the two modules are made of: sources, include folders, flags and exported names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from .sources import OPENH264, OPUS, Release

# Threads are not used, and C's standard input and output pull in a lot for messages that nobody reads.
OPENH264_REPLACED = (
    "common/src/WelsThreadLib.cpp",
    "common/src/crt_util_safe_x.cpp",
    "decoder/core/src/wels_decoder_thread.cpp",
)

COMMON_FLAGS = (
    *("-O3", "-DNDEBUG", "-msimd128", "-mbulk-memory", "-fno-sanitize=all", "-ffunction-sections", "-fdata-sections"),
    # zig makes -O2 of -O3 for C, unless the compiler itself is told.
    *("-Xclang", "-O3", "-fomit-frame-pointer", "-g0", "-fvisibility=hidden", "-fno-math-errno", "-w"),
)
CXX_FLAGS = ("-std=c++17", "-fno-exceptions", "-fno-rtti", "-fno-threadsafe-statics")
# libopus: sums may be reordered, so that they become SIMD; it does look for NaN, so that stays.
OPUS_FLAGS = (
    *("-DOPUS_BUILD", "-DVAR_ARRAYS", "-DHAVE_LRINT", "-DHAVE_LRINTF", "-DFLOAT_APPROX", "-DENABLE_HARDENING"),
    *("-fassociative-math", "-fno-signed-zeros", "-fno-trapping-math", "-freciprocal-math"),
)
OPENH264_FLAGS = ("-D_WASI_EMULATED_SIGNAL",)
MEBIBYTE = 1 << 20


@dataclass(frozen=True)
class Unit:
    """One file to compile: below the release's folder if ``theirs``, else below ``web/wasm``."""

    path: str
    theirs: bool
    includes: tuple[str, ...]
    flags: tuple[str, ...] = ()

    @property
    def is_cxx(self) -> bool:
        """Whether it is C++ rather than C."""
        return not self.path.endswith(".c")


@dataclass(frozen=True)
class Module:
    """One WebAssembly module: the release that it is built from, our files, flags for all, and its memory's bound."""

    name: str
    release: Release
    glue: Path
    flags: tuple[str, ...]
    own: tuple[str, ...]
    maximum_memory: int

    def inputs(self) -> list[Path]:
        """Every file of ours that the result depends on, this recipe among them."""
        recipe = [Path(__file__), Path(__file__).with_name("compiling.py"), self.glue / "renames.txt"]
        return [*self._own_files(), *sorted(self.glue.rglob("*.h")), *recipe]

    def units(self, folder: Path) -> list[Unit]:
        """The files to compile, with the release unpacked in ``folder``."""
        listed = _openh264_units(folder, self.glue) if self.release is OPENH264 else _opus_units(folder)
        return [*listed, *(self._own_unit(file) for file in self._own_files())]

    def _own_files(self) -> list[Path]:
        return sorted(file for pattern in self.own for file in self.glue.glob(pattern))

    def _own_unit(self, file: Path) -> Unit:
        path = file.relative_to(self.glue).as_posix()
        if self.release is OPUS:
            return Unit(path, False, ("include",))
        # Encoder and decoder have headers of the same names: a file of ours is for one of them, by its name.
        for word, area in (("decoder", "codec/decoder/"), ("vaa", "codec/processing/")):
            if word in re.split("[_.]", file.name):
                return Unit(path, False, _openh264_includes(area))
        return Unit(path, False, _openh264_includes("codec/encoder/"))


def modules(root: Path) -> list[Module]:
    """The modules that the page uses, and one that only tests load: the first with the kernels' self-test in it."""
    glue = root / "web" / "wasm"
    h264 = ("h264/*.c", "h264/*.cpp", "kernels/*.c", "kernels/*.cpp")
    return [
        Module("h264", OPENH264, glue, OPENH264_FLAGS, h264, 512 * MEBIBYTE),
        Module("h264-selftest", OPENH264, glue, OPENH264_FLAGS, (*h264, "selftest/*.cpp"), 512 * MEBIBYTE),
        Module("opus", OPUS, glue, OPUS_FLAGS, ("opus/*.c",), 16 * MEBIBYTE),
    ]


def _openh264_includes(path: str) -> tuple[str, ...]:
    always = ("codec/api/wels", "codec/common/inc", "codec/processing/interface")
    for area in ("encoder", "decoder"):
        if path.startswith(f"codec/{area}/"):
            return (*always, f"codec/{area}/core/inc", f"codec/{area}/plus/inc")
    if path.startswith("codec/processing/"):
        inner = ("common", "adaptivequantization", "downsample", "scrolldetection", "vaacalc")
        return (*always, *(f"codec/processing/src/{name}" for name in inner))
    return always


def _openh264_units(folder: Path, glue: Path) -> list[Unit]:
    renames = _renames(glue / "renames.txt")
    units = []
    for area in ("common", "processing", "encoder", "decoder"):
        for file in sorted((folder / "codec" / area).rglob("*.cpp")):
            path = file.relative_to(folder).as_posix()
            if path.removeprefix("codec/") in OPENH264_REPLACED or file.name.startswith("DllEntry"):
                continue
            flags = tuple(f"-D{name}=upstream_{name}" for name in renames.get(path, ()))
            units.append(Unit(path, True, _openh264_includes(path), flags))
    return units


def _renames(file: Path) -> dict[str, tuple[str, ...]]:
    """Functions that ours take the place of; in their own file they are called ``upstream_`` and their name."""
    lines = [line.split("#")[0].split() for line in file.read_text().splitlines()]
    return {words[0]: tuple(words[1:]) for words in lines if words}


def _opus_units(folder: Path) -> list[Unit]:
    """The files that upstream's own lists name for a build in floating point."""
    includes = ("include", "celt", "silk", "silk/float")
    wanted = {
        "celt_sources.mk": ("CELT_SOURCES",),
        "silk_sources.mk": ("SILK_SOURCES", "SILK_SOURCES_FLOAT"),
        "opus_sources.mk": ("OPUS_SOURCES", "OPUS_SOURCES_FLOAT"),
    }
    units = []
    for listing, variables in wanted.items():
        text = (folder / listing).read_text().replace("\\\n", " ")
        for variable in variables:
            found = re.search(rf"^{variable} = (.*)$", text, re.MULTILINE)
            paths = found[1].split() if found else []
            units += [Unit(path, True, includes) for path in paths if not re.search("multistream|projection", path)]
    return units
