"""Compiles the units of a module in parallel, links them, and knows when that is not needed.

Objects are kept in the cache by a hash of everything that they are made from; several work trees may share the cache.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .errors import BuildError
from .recipe import COMMON_FLAGS, CXX_FLAGS, Module, Unit
from .toolchain import Compiler

STACK = 1 << 20
LINK_FLAGS = (
    *("-mexec-model=reactor", "-O3", "-s", "-Wl,--gc-sections", "-Wl,--strip-all"),
    *(f"-Wl,-z,stack-size={STACK}", "-fno-sanitize=all"),
)


@contextmanager
def lock(cache: Path) -> Iterator[None]:
    """Only one build at a time installs, fetches and compiles into the cache."""
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def is_fresh(module: Module, compiler_name: str, output: Path) -> bool:
    """Whether the built module is there and was made of what is here now."""
    stamp = output / f".{module.name}.hash"
    built = output / f"{module.name}.wasm"
    # An empty one stands for a module that was left out.
    is_built = built.is_file() and built.stat().st_size > 0
    return is_built and stamp.is_file() and stamp.read_text() == _inputs_hash(module, compiler_name)


@dataclass(frozen=True)
class Workshop:
    """A compiler, where objects are kept, where modules go, and how many compilers may run at once."""

    compiler: Compiler
    cache: Path
    output: Path
    jobs: int

    def build(self, module: Module, folder: Path) -> None:
        """Compile and link one module, whose release is unpacked in ``folder``.

        Raises:
            BuildError: the compiler or the linker failed; the text has its words.
        """
        units = module.units(folder)
        (self.cache / "objects").mkdir(parents=True, exist_ok=True)
        ours, theirs = _headers_hash(module.glue), _headers_hash(module.glue / "include")
        with ThreadPoolExecutor(self.jobs) as pool:
            futures = [
                pool.submit(self._compile, unit, module, folder, theirs if unit.theirs else ours) for unit in units
            ]
            try:
                for count, future in enumerate(as_completed(futures), 1):
                    future.result()
                    if count % 20 == 0 or count == len(units):
                        print(f"{module.name}: compiled {count} of {len(units)} files", flush=True)
            except BuildError:
                pool.shutdown(cancel_futures=True)
                raise
        self._link(module, [future.result() for future in futures])

    def _compile(self, unit: Unit, module: Module, folder: Path, headers: str) -> Path:
        source = (folder if unit.theirs else module.glue) / unit.path
        flags = [*COMMON_FLAGS, *module.flags, *unit.flags, *(CXX_FLAGS if unit.is_cxx else ())]
        named = "\n".join([folder.name, unit.path, *unit.includes, *flags, self.compiler.name, headers])
        key = hashlib.sha256(named.encode() + (b"" if unit.theirs else source.read_bytes())).hexdigest()[:24]
        target = self.cache / "objects" / f"{key}.o"
        if target.is_file():
            return target
        includes = [f"-I{folder / name}" for name in unit.includes]
        ours = ["-I", str(module.glue), self.compiler.stand_ins, str(module.glue / "include")]
        fresh = target.with_name(f"{key}.{os.getpid()}.o")
        command = [*(self.compiler.cxx if unit.is_cxx else self.compiler.c), *flags, *includes, *ours]
        self._run([*command, "-c", str(source), "-o", str(fresh)], f"compiling {unit.path}")
        fresh.rename(target)
        return target

    def _link(self, module: Module, objects: list[Path]) -> None:
        print(f"{module.name}: linking …", flush=True)
        self.output.mkdir(parents=True, exist_ok=True)
        fresh = self.output / f".{module.name}.new"
        # The C linker: C++'s library is not needed, h264/runtime.cpp has the little that is.
        command = [*self.compiler.c, *LINK_FLAGS, *self.compiler.link_flags]
        bound = f"-Wl,--max-memory={module.maximum_memory}"
        self._run([*command, bound, *map(str, objects), "-o", str(fresh)], f"linking {module.name}")
        fresh.chmod(0o644)
        fresh.rename(self.output / f"{module.name}.wasm")
        (self.output / f".{module.name}.hash").write_text(_inputs_hash(module, self.compiler.name))

    def _run(self, command: list[str], doing: str) -> None:
        environment = {**os.environ, **self.compiler.environment}
        outcome = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if outcome.returncode != 0:
            words = (outcome.stderr or outcome.stdout).strip()[-4000:]
            raise BuildError(f"{doing} with {self.compiler.name} failed:\n{words}")


def _headers_hash(glue: Path) -> str:
    digest = hashlib.sha256()
    for file in sorted(glue.rglob("*.h")):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _inputs_hash(module: Module, compiler_name: str) -> str:
    digest = hashlib.sha256(f"{module.release!r}\n{compiler_name}\n".encode())
    for file in module.inputs():
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()
