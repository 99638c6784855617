"""The released sources of openh264 and libopus: fetched from Debian by apt or taken from a folder, and checked by hash.

Everything that is used has its SHA-256 here, so it does not matter who delivers it. apt works with its own state below
``.cache``: it needs no root, and the machine's own lists and settings stay as they are.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import tarfile
from dataclasses import dataclass, field
from pathlib import Path

from .errors import BuildError, SourcesMissingError
from .unified_diff import apply

SUITE = "bookworm"
ELSEWHERE = (
    "set WSMEDIA_DEBIAN_MIRROR to the address of a Debian mirror (apt is used to fetch from it), "
    "or put the archives named in scripts/wasm_build/sources.py into a folder and set WSMEDIA_CODEC_SOURCES to it; "
    "`make run WITHOUT_WASM=1` does without them"
)


@dataclass(frozen=True)
class Patch:
    """A correction that came after the release: one file of Debian's packaging archive."""

    path: str
    sha256: str


@dataclass(frozen=True)
class Release:
    """One release: its Debian source package, the SHA-256 of the upstream archive, and corrections to it."""

    package: str
    version: str
    sha256: str
    patches: tuple[Patch, ...] = field(default=())


OPENH264 = Release(
    "openh264",
    "2.3.1",
    "87124d0eb5d86ea78c59bab916ecdc3d9dfa752ce6bf73a609bbb98db7d96383",
    (
        # A heap overflow in the decoder (CVE-2025-27091).
        Patch(
            "debian/patches/CVE-2025-27091.patch", "1cd0ae4107ae1054524540a96684b70cf5055a5d15a2781fdf02b13c415dd568"
        ),
    ),
)
OPUS = Release("opus", "1.3.1", "65b58e1e25b2a114157014736a3d9dfeaad8d41be1c8179866f144a2fb44ff9d")


def unpacked(release: Release, cache: Path) -> Path:
    """The folder with the release's sources, patched; fetches and unpacks them when they are not there yet.

    Raises:
        BuildError: they cannot be had, or are not what their hash says.
    """
    key = hashlib.sha256(repr(release).encode()).hexdigest()[:12]
    place = cache / "sources" / f"{release.package}-{release.version}-{key}"
    if place.is_dir():
        return place
    given = os.environ.get("WSMEDIA_CODEC_SOURCES")
    folder = Path(given).expanduser() if given else fetched(release, cache)
    archive = _find(folder, release.sha256, f"{release.package}_{release.version}*.orig.tar.*")
    if archive is None:
        raise BuildError(
            f"no archive of {release.package} {release.version} with SHA-256 {release.sha256} in {folder}; {ELSEWHERE}"
        )
    print(f"Unpacking {archive.name} …", flush=True)
    fresh = place.with_name(f"{place.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    with tarfile.open(archive) as tar:
        tar.extraction_filter = staticmethod(lambda member, _: member)  # known by its hash
        tar.extractall(fresh)
    [top] = fresh.iterdir()
    for patch in release.patches:
        apply(_patch_text(release, patch, folder), top)
    top.rename(place)
    fresh.rmdir()
    return place


def _find(folder: Path, sha256: str, pattern: str) -> Path | None:
    """The file with that hash: by its usual name, else any archive (upstream's own names differ)."""
    if not folder.is_dir():
        raise BuildError(f"there is no folder {folder}; {ELSEWHERE}")
    for path in [*folder.glob(pattern), *folder.glob("*.tar.*")]:
        if path.is_file():
            with path.open("rb") as file:
                if hashlib.file_digest(file, "sha256").hexdigest() == sha256:
                    return path
    return None


def _patch_text(release: Release, patch: Patch, folder: Path) -> str:
    for archive in sorted(folder.glob(f"{release.package}_{release.version}*.debian.tar.*")):
        with tarfile.open(archive) as tar:
            try:
                member = tar.extractfile(patch.path)
            except KeyError:
                continue
            content = member.read() if member else b""
        if hashlib.sha256(content).hexdigest() == patch.sha256:
            return content.decode()
    wanted = f"{release.package}_{release.version}*.debian.tar.xz"
    raise BuildError(f"no {wanted} with {patch.path} (SHA-256 {patch.sha256}) in {folder}; {ELSEWHERE}")


def fetched(release: Release, cache: Path) -> Path:
    """Let apt fetch the Debian source package into the cache; gives the folder.

    Raises:
        SourcesMissingError: apt is missing, knows no Debian mirror, or cannot fetch.
    """
    if shutil.which("apt-get") is None:
        raise SourcesMissingError(f"the sources are fetched by apt-get, which is not here; {ELSEWHERE}")
    state = cache / "apt"
    for folder in ("lists/partial", "cache/archives/partial", "preferences", "archives"):
        (state / folder).mkdir(parents=True, exist_ok=True)
    (state / "wsmedia.sources").write_text(_source_list())
    options = {
        "Dir::Etc::sourcelist": state / "wsmedia.sources",
        "Dir::Etc::sourceparts": "-",
        "Dir::Etc::preferencesparts": state / "preferences",
        "Dir::State::lists": state / "lists",
        "Dir::Cache": state / "cache",
        "Dir::Cache::archives": state / "cache" / "archives",
        "APT::Sandbox::User": "",
        "Acquire::Languages": "none",
    }
    apt = ["apt-get", "-qq", *(part for name, value in options.items() for part in ("-o", f"{name}={value}"))]
    target = state / "archives"
    print(f"Fetching {release.package} {release.version} …", flush=True)
    words = ""
    for arguments in (["update"], ["source", "--download-only", f"{release.package}/{SUITE}"]):
        outcome = subprocess.run([*apt, *arguments], cwd=target, capture_output=True, text=True, check=False)
        # Without a network `update` only warns, and `source` then says no more than that it knows no such package.
        words += outcome.stderr or outcome.stdout
        if outcome.returncode != 0:
            said = words.strip()[-1500:]
            raise SourcesMissingError(f"`apt-get {arguments[0]}` failed; {ELSEWHERE}. apt said:\n{said}")
    return target


def _source_list() -> str:
    """Where apt looks for source packages: the machine's own Debian mirrors, for the one suite that has them."""
    mirror = os.environ.get("WSMEDIA_DEBIAN_MIRROR")
    mirrors = [mirror] if mirror else debian_mirrors(Path("/etc/apt"))
    if not mirrors:
        raise SourcesMissingError(f"apt knows no Debian mirror on this machine; {ELSEWHERE}")
    # Trusted without Debian's keyring, which other systems lack: what is used is checked by its own hash.
    return "\n".join(
        f"Types: deb-src\nURIs: {uri}\nSuites: {suite}\nComponents: main\nTrusted: yes\n"
        for uri in mirrors
        for suite in ([f"{SUITE}-security"] if re.search(r"-security(\.list)?/?$", uri) else [SUITE])
    )


def debian_mirrors(etc: Path) -> list[str]:
    """Addresses of Debian archives in apt's configuration, in their order; both of its file formats are read."""
    files = [etc / "sources.list", *sorted((etc / "sources.list.d").glob("*.list"))]
    addresses: list[str] = []
    for file in files:
        if file.is_file():
            addresses += re.findall(r"^deb(?:-src)?\s+(?:\[[^]]*\]\s*)?(\S+)", file.read_text(), re.MULTILINE)
    for file in sorted((etc / "sources.list.d").glob("*.sources")):
        for line in re.findall(r"^URIs:[ \t]*(.+)$", file.read_text(), re.MULTILINE):
            addresses += line.split()
    # Machines of cloud providers name a file with the mirrors: mirror+file:/etc/apt/mirrors/debian.list.
    debian = [address for address in addresses if re.search(r"/debian(-security)?(\.list)?/?$", address)]
    return list(dict.fromkeys(debian))
