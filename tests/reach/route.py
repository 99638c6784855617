"""How a client gets to the gateway through a network."""

from __future__ import annotations

from dataclasses import dataclass

from tests.reach.places import GATEWAY


@dataclass(frozen=True)
class Route:
    """What a client's user would be told.

    Attributes:
        url: where the call page is.
        proxy: the explicit proxy's address as ``http://host:port``; None without one.
        user, password: the proxy's, if it wants any.
    """

    url: str = f"https://{GATEWAY}/"
    proxy: str | None = None
    user: str | None = None
    password: str | None = None

    def for_browser(self) -> dict[str, str] | None:
        """Playwright's proxy option."""
        if self.proxy is None:
            return None
        named = {"server": self.proxy, "username": self.user, "password": self.password}
        return {name: value for name, value in named.items() if value is not None}
