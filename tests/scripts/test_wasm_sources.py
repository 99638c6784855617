"""Where the WebAssembly codecs' sources come from, and that nothing but the right ones is ever unpacked."""

from __future__ import annotations

import hashlib
import io
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from scripts.wasm_build import sources
from scripts.wasm_build.errors import BuildError
from scripts.wasm_build.sources import Patch, Release

ROOT = Path(__file__).resolve().parents[2]
PATCH = """\
Description: the last word
--- a/src/words.c
+++ b/src/words.c
@@ -2,2 +2,2 @@
 two
-three
+four
"""


def archive(path: Path, files: dict[str, str]) -> str:
    """Write one; gives its SHA-256."""
    with tarfile.open(path, "w:gz") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content.encode()))
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that the user names."""
    folder = tmp_path / "given"
    (folder / "not-a-file.tar.d").mkdir(parents=True)
    monkeypatch.setenv("WSMEDIA_CODEC_SOURCES", str(folder))
    return folder


@pytest.fixture
def release(given: Path) -> Release:
    """What is in that folder: an archive by another name than Debian's, and Debian's correction."""
    upstream = archive(given / "v1.tar.gz", {"words-1/src/words.c": "one\ntwo\nthree\n"})
    archive(given / "words_1-2.debian.tar.xz", {"debian/patches/last.patch": PATCH})
    return Release(
        "words", "1", upstream, (Patch("debian/patches/last.patch", hashlib.sha256(PATCH.encode()).hexdigest()),)
    )


def test_what_a_user_gives_is_found_by_its_hash_and_corrected(release: Release, tmp_path: Path) -> None:
    place = sources.unpacked(release, tmp_path / "cache")
    assert (place / "src/words.c").read_text() == "one\ntwo\nfour\n"


def test_it_is_unpacked_once(release: Release, given: Path, tmp_path: Path) -> None:
    place = sources.unpacked(release, tmp_path / "cache")
    for file in given.glob("*.tar.?z"):
        file.unlink()
    assert sources.unpacked(release, tmp_path / "cache") == place


def test_another_archive_of_that_name_is_not_touched(release: Release, given: Path, tmp_path: Path) -> None:
    (given / "v1.tar.gz").unlink()
    archive(given / "words_1.orig.tar.gz", {"../escaped": "by a path", "words-1/src/words.c": "one\n"})
    with pytest.raises(BuildError, match=f"no archive of words 1 with SHA-256 {release.sha256}.*WSMEDIA_CODEC_SOURCES"):
        sources.unpacked(release, tmp_path / "cache")
    assert not list(tmp_path.rglob("escaped"))
    assert not (tmp_path / "cache").exists()


def test_another_correction_is_not_applied(release: Release, given: Path, tmp_path: Path) -> None:
    archive(given / "words_1-2.debian.tar.xz", {"debian/patches/last.patch": PATCH.replace("four", "five")})
    with pytest.raises(BuildError, match=r"no words_1\*.debian.tar.xz with debian/patches/last.patch"):
        sources.unpacked(release, tmp_path / "cache")
    # Half of the work is not taken for the whole by the next build.
    with pytest.raises(BuildError):
        sources.unpacked(release, tmp_path / "cache")


def test_a_folder_that_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WSMEDIA_CODEC_SOURCES", str(tmp_path / "nowhere"))
    with pytest.raises(BuildError, match=r"there is no folder .*/nowhere"):
        sources.unpacked(Release("words", "1", "0" * 64), tmp_path / "cache")


@pytest.mark.parametrize(
    ("name", "text", "mirrors"),
    [
        (
            "sources.list",
            "# deb http://old.example/debian bookworm main\ndeb [arch=amd64] http://one.example/debian bookworm main\n"
            "deb-src http://one.example/debian bookworm main\n"
            "deb http://one.example/debian-security bookworm-security main\n",
            ["http://one.example/debian", "http://one.example/debian-security"],
        ),
        (
            "sources.list.d/debian.sources",
            "Types: deb\nURIs: http://two.example/debian/\nSuites: trixie\n\nTypes: deb\n"
            "URIs: mirror+file:///etc/apt/mirrors/debian-security.list\nSuites: trixie-security\n",
            ["http://two.example/debian/", "mirror+file:///etc/apt/mirrors/debian-security.list"],
        ),
        ("sources.list.d/ubuntu.sources", "Types: deb\nURIs: http://three.example/ubuntu/\nSuites: noble\n", []),
        ("sources.list.d/tools.list", "deb https://four.example/apt stable main\n", []),
    ],
)
def test_debian_mirrors_are_those_that_apt_knows(tmp_path: Path, name: str, text: str, mirrors: list[str]) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text(text)
    assert sources.debian_mirrors(tmp_path) == mirrors


def test_without_a_mirror_it_is_said_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WSMEDIA_CODEC_SOURCES", raising=False)
    monkeypatch.delenv("WSMEDIA_DEBIAN_MIRROR", raising=False)
    monkeypatch.setattr(sources, "debian_mirrors", lambda _: [])
    monkeypatch.setattr(sources.shutil, "which", lambda _: "/usr/bin/apt-get")
    with pytest.raises(BuildError, match=r"knows no Debian mirror .* set WSMEDIA_DEBIAN_MIRROR"):
        sources.unpacked(Release("words", "1", "0" * 64), tmp_path)


def test_a_machine_that_cannot_have_the_sources_gets_a_page_without_the_codecs(tmp_path: Path) -> None:
    """``make run`` asks so; everybody else gets the error, and what apt said."""
    shutil.copytree(ROOT / "scripts", tmp_path / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "web" / "wasm", tmp_path / "web" / "wasm")
    (tmp_path / "empty").mkdir()
    environment = {"PATH": str(tmp_path / "empty"), "HOME": str(tmp_path), "WSMEDIA_CLANG": sys.executable}
    command = [sys.executable, "scripts/build_wasm.py"]

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*command, *arguments], check=False, cwd=tmp_path, env=environment, capture_output=True, text=True
        )

    refused = run()
    assert refused.returncode == 1
    assert "apt-get, which is not here" in refused.stderr
    assert "WSMEDIA_DEBIAN_MIRROR" in refused.stderr
    served = run("--or-without")
    assert served.returncode == 0
    assert "apt-get, which is not here" in served.stderr
    built = tmp_path / "web" / "src" / "codecs" / "generated"
    assert (built / "h264.wasm").read_bytes() == b""
    assert not (built / ".built").exists()
