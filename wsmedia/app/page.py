"""The call page: built web assets that come with the package."""

from __future__ import annotations

from http import HTTPStatus
from importlib.resources import files
from pathlib import Path

from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

# The bundler names these by their content, so they never change.
_IMMUTABLE = "public, max-age=31536000, immutable"
_REVALIDATE = "no-cache"

# Nobody else's page may put ours, with its camera permission, into a frame.
_POLICY = "frame-ancestors 'self'; base-uri 'none'; object-src 'none'"


class PageFiles(StaticFiles):
    """Static files whose caching fits a bundler's output."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Serve one file."""
        response = await super().get_response(path, scope)
        hashed = path.startswith("assets/") and response.status_code == HTTPStatus.OK
        response.headers["Cache-Control"] = _IMMUTABLE if hashed else _REVALIDATE
        response.headers["Content-Security-Policy"] = _POLICY
        return response


def page_directory() -> Path:
    """Where the built page lies, whether it has been built or not."""
    return Path(str(files("wsmedia") / "web_dist"))


def page_route() -> BaseRoute:
    """The route for everything that is not the API; put it last."""
    directory = page_directory()
    if (directory / "index.html").is_file():
        return Mount("/", PageFiles(directory=directory, html=True), name="page")
    return Route("/{path:path}", _not_built, name="page")


async def _not_built(_: object) -> Response:
    return PlainTextResponse(
        "The call page has not been built. From a source tree, run: make run\n", HTTPStatus.SERVICE_UNAVAILABLE
    )
