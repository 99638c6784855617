"""The files of page and SDK: types, caching, compression, and who may import them."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from wsmedia.app.page import PageFiles

SCRIPT = "export const answer = 42;\n" * 200
WASM = b"\x00asm\x01\x00\x00\x00" + bytes(5000)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    for name, content in {
        "index.html": b"<!doctype html><html></html>",
        "sdk/wsmedia.js": SCRIPT.encode(),
        "sdk/wsmedia.d.ts": b"export declare const answer: number;\n",
        "sdk/small.mjs": b"export {};\n",
        "assets/openh264-1a2b3c.wasm": WASM,
        "assets/picture.png": bytes(5000),
    }.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    return tmp_path


@pytest.fixture
async def http(directory: Path) -> AsyncIterator[httpx.AsyncClient]:
    app = Starlette(routes=[Mount("/", PageFiles(directory))])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway.test") as client:
        client.headers["Accept-Encoding"] = "identity"
        yield client


@pytest.mark.parametrize(
    ("path", "content_type"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/sdk/wsmedia.js", "text/javascript; charset=utf-8"),
        ("/sdk/small.mjs", "text/javascript; charset=utf-8"),
        ("/sdk/wsmedia.d.ts", "text/plain; charset=utf-8"),
        ("/assets/openh264-1a2b3c.wasm", "application/wasm"),
        ("/assets/picture.png", "image/png"),
    ],
)
async def test_types(http: httpx.AsyncClient, path: str, content_type: str) -> None:
    assert (await http.get(path)).headers["Content-Type"] == content_type


async def test_only_names_that_change_with_the_content_are_kept_for_ever(http: httpx.AsyncClient) -> None:
    assert "immutable" in (await http.get("/assets/openh264-1a2b3c.wasm")).headers["Cache-Control"]
    for path in ("/", "/sdk/wsmedia.js"):
        assert (await http.get(path)).headers["Cache-Control"] == "no-cache"


async def test_nobody_elses_page_may_frame_ours(http: httpx.AsyncClient) -> None:
    assert "frame-ancestors 'self'" in (await http.get("/")).headers["Content-Security-Policy"]


async def test_pages_of_other_origins_may_import_the_sdk_and_nothing_else(http: httpx.AsyncClient) -> None:
    for path in ("/sdk/wsmedia.js", "/assets/openh264-1a2b3c.wasm"):
        for headers in ({"Origin": "https://shop.example"}, {"Accept-Encoding": "gzip"}):
            response = await http.get(path, headers=headers)
            assert response.headers["Access-Control-Allow-Origin"] == "*"
            assert response.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "Access-Control-Allow-Origin" not in (await http.get("/")).headers


@pytest.mark.parametrize("path", ["/sdk/wsmedia.js", "/assets/openh264-1a2b3c.wasm"])
async def test_what_is_worth_it_is_compressed_for_who_takes_it(
    http: httpx.AsyncClient, directory: Path, path: str
) -> None:
    content = (directory / path[1:]).read_bytes()
    plain = await http.get(path)
    assert plain.content == content
    assert plain.headers["Vary"] == "Accept-Encoding"
    for _ in range(2):
        async with http.stream("GET", path, headers={"Accept-Encoding": "br, gzip;q=0.8"}) as compressed:
            raw = b"".join([part async for part in compressed.aiter_raw()])
        assert gzip.decompress(raw) == content
        assert len(raw) == int(compressed.headers["Content-Length"]) < len(content) / 4
        assert compressed.headers["Content-Encoding"] == "gzip"
        assert compressed.headers["Content-Type"] == plain.headers["Content-Type"]
    again = await http.get(path, headers={"Accept-Encoding": "gzip", "If-None-Match": compressed.headers["ETag"]})
    assert again.status_code == 304
    # What a cache notes down with it is what it was told at first.
    assert again.headers["Vary"] == plain.headers["Vary"]
    assert again.headers["Cache-Control"] == plain.headers["Cache-Control"]
    for headers in ({"Accept-Encoding": "gzip;q=0"}, {"Accept-Encoding": "gzip", "Range": "bytes=0-9"}):
        assert "Content-Encoding" not in (await http.get(path, headers=headers)).headers


async def test_many_visitors_at_once_cost_one_compression(
    http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    compressed: list[int] = []
    compress = gzip.compress

    def counted(content: bytes, level: int, *, mtime: float) -> bytes:
        compressed.append(len(content))
        return compress(content, level, mtime=mtime)

    monkeypatch.setattr(gzip, "compress", counted)
    gzipped = {"Accept-Encoding": "gzip"}
    responses = await asyncio.gather(*(http.get("/sdk/wsmedia.js", headers=gzipped) for _ in range(20)))
    assert {response.text for response in responses} == {SCRIPT}
    assert compressed == [len(SCRIPT)]


async def test_a_compression_that_failed_is_tried_again(
    http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_content: bytes, _level: int, *, mtime: float) -> bytes:
        raise OSError(mtime)

    with monkeypatch.context() as broken:
        broken.setattr(gzip, "compress", fail)
        with pytest.raises(OSError, match="0"):
            await http.get("/sdk/wsmedia.js", headers={"Accept-Encoding": "gzip"})
    assert (await http.get("/sdk/wsmedia.js", headers={"Accept-Encoding": "gzip"})).text == SCRIPT


async def test_a_new_build_is_served_at_once(http: httpx.AsyncClient, directory: Path) -> None:
    assert (await http.get("/sdk/wsmedia.js", headers={"Accept-Encoding": "gzip"})).text == SCRIPT
    (directory / "sdk/wsmedia.js").write_text(SCRIPT + "// new\n")
    assert (await http.get("/sdk/wsmedia.js", headers={"Accept-Encoding": "gzip"})).text.endswith("// new\n")


async def test_small_files_and_pictures_are_left_as_they_are(http: httpx.AsyncClient) -> None:
    for path in ("/", "/sdk/small.mjs", "/assets/picture.png"):
        assert "Content-Encoding" not in (await http.get(path, headers={"Accept-Encoding": "gzip"})).headers


async def test_head_and_missing_files(http: httpx.AsyncClient) -> None:
    head = await http.head("/sdk/wsmedia.js", headers={"Accept-Encoding": "gzip"})
    assert (head.status_code, head.content) == (200, b"")
    missing = await http.get("/assets/none.js", headers={"Accept-Encoding": "gzip"})
    assert missing.status_code == 404
    assert "immutable" not in missing.headers.get("Cache-Control", "")
