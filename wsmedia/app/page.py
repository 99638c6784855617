"""The call page and the SDK: built web assets that come with the package.

The page is for visitors of this gateway. The SDK and what it loads (workers, worklet, WebAssembly) may be imported by a
page of any origin: they are public code. What such a page may then do here is the business of ``allowed_origin``.
"""

from __future__ import annotations

import asyncio
import gzip
import os
from http import HTTPStatus
from importlib.resources import files
from pathlib import Path

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

# The bundler names these by their content, so they never change.
_IMMUTABLE = "public, max-age=31536000, immutable"
_REVALIDATE = "no-cache"

# Nobody else's page may put ours, with its camera permission, into a frame. Scripts are not restricted: WebAssembly is
# compiled, workers may begin as blobs, and a page that somebody adds beside ours may have scripts in it.
_POLICY = "frame-ancestors 'self'; base-uri 'none'; object-src 'none'"

_SHARED = ("sdk/", "assets/")
"""What pages of other origins may import."""

# Not left to the machine's own tables: a browser compiles WebAssembly only under its right type, and runs modules only
# under a JavaScript type.
_TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".wasm": "application/wasm",
    ".ts": "text/plain; charset=utf-8",
    ".map": "application/json",
    ".json": "application/json",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".html": "text/html; charset=utf-8",
}
_COMPRESSIBLE = frozenset(_TYPES)
_MIN_COMPRESSED_BYTES = 1000
_MAX_COMPRESSED_BYTES = 8_000_000
"""A larger file is sent as it is; the built ones are far below."""


# The network check's page has an address that people can say to each other.
_CHECK_ADDRESS = "check"
_CHECK_PAGE = "check.html"


class PageFiles(StaticFiles):
    """Static files whose types, caching, sharing and compression fit a bundler's output."""

    def __init__(self, directory: Path, *, with_check: bool = True) -> None:
        super().__init__(directory=directory, html=True)
        self._with_check = with_check
        self._compressed: dict[str, tuple[str, asyncio.Future[bytes]]] = {}

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Serve one file."""
        if path == _CHECK_PAGE and not self._with_check:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        if path == _CHECK_ADDRESS and self._with_check:
            path = _CHECK_PAGE
        response = await super().get_response(path, scope)
        if isinstance(response, FileResponse):
            content_type = _TYPES.get(_suffix(response.path))
            if content_type is not None:
                response.headers["Content-Type"] = content_type
            response = await self._smaller(response, Headers(scope=scope))
        if response.status_code == HTTPStatus.NOT_MODIFIED:
            response.headers["Vary"] = "Accept-Encoding"  # as the answer would have that it stands for
        hashed = path.startswith("assets/") and response.status_code in (HTTPStatus.OK, HTTPStatus.NOT_MODIFIED)
        response.headers["Cache-Control"] = _IMMUTABLE if hashed else _REVALIDATE
        response.headers["Content-Security-Policy"] = _POLICY
        if path.startswith(_SHARED):
            response.headers["Access-Control-Allow-Origin"] = "*"
            response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        return response

    async def _smaller(self, response: FileResponse, request: Headers) -> Response:
        """The same content compressed, if it is worth while and the browser takes it.

        It is done once a file, in a thread, however many ask at once: the event loop has media to carry. A proxy may do
        it as well; it leaves alone what is compressed already.
        """
        size = int(response.headers["content-length"])
        if _suffix(response.path) not in _COMPRESSIBLE or not _MIN_COMPRESSED_BYTES <= size <= _MAX_COMPRESSED_BYTES:
            return response
        response.headers["Vary"] = "Accept-Encoding"
        if not _accepts_gzip(request.get("accept-encoding", "")) or "range" in request:
            return response
        path, etag = str(response.path), response.headers["etag"]
        known = self._compressed.get(path)
        if known is None or known[0] != etag or (known[1].done() and known[1].exception() is not None):
            work = asyncio.to_thread(lambda: gzip.compress(Path(path).read_bytes(), 9, mtime=0))
            # One entry a file of the build: the directory bounds it.
            known = self._compressed[path] = (etag, asyncio.ensure_future(work))
        # A visitor who goes away does not end it for the others.
        content = await asyncio.shield(known[1])
        headers = dict(response.headers)
        # Weak: the same content in another encoding. A browser that has it asks with it and gets 304.
        headers |= {"content-encoding": "gzip", "etag": f"W/{etag}", "content-length": str(len(content))}
        headers.pop("accept-ranges", None)
        return Response(content, headers=headers)


def _suffix(path: str | os.PathLike[str]) -> str:
    return Path(path).suffix.lower()


def _accepts_gzip(accepted: str) -> bool:
    """Whether Accept-Encoding (RFC 9110 §12.5.3) names gzip and does not forbid it."""
    for item in accepted.lower().split(","):
        coding, _, weight = item.partition(";")
        if coding.strip() == "gzip":
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


def page_directory() -> Path:
    """Where the built page lies, whether it has been built or not."""
    return Path(str(files("wsmedia") / "web_dist"))


def page_route(*, with_check: bool) -> BaseRoute:
    """The route for everything that is not the API; put it last. ``with_check``: the network check's page too."""
    directory = page_directory()
    if (directory / "index.html").is_file():
        return Mount("/", PageFiles(directory, with_check=with_check), name="page")
    return Route("/{path:path}", _not_built, name="page")


async def _not_built(_: object) -> Response:
    return PlainTextResponse(
        "The call page has not been built. From a source tree, run: make run\n", HTTPStatus.SERVICE_UNAVAILABLE
    )
