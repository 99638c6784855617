"""``wsmedia token``: prints a token for a room."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Annotated

import typer

from wsmedia.app.config import ConfigError, load_settings
from wsmedia.auth import issue_token

_DURATION = re.compile(r"(\d+)([smhd]?)")
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400}


def token(
    *,
    room: Annotated[str, typer.Option("--room", help="The room that it opens; * for every room.")],
    publish: Annotated[bool, typer.Option("--publish/--no-publish", help="May send audio and video.")] = True,
    subscribe: Annotated[bool, typer.Option("--subscribe/--no-subscribe", help="May see and hear others.")] = True,
    name: Annotated[str | None, typer.Option("--name", help="The name that the bearer appears under.")] = None,
    expires: Annotated[str, typer.Option("--expires", help="How long it is valid, as 90s, 15m, 1h or 7d.")] = "1h",
    token_key: Annotated[
        str | None, typer.Option("--token-key", help="Secret to sign with; by default the first that is configured.")
    ] = None,
    config: Annotated[Path | None, typer.Option("--config", metavar="FILE", help="TOML file of the gateway.")] = None,
) -> None:
    """Print a token that lets its bearer into a room, signed with the gateway's first token key.

    The key is read from --token-key, WSMEDIA_TOKEN_KEY or the configuration file, as by the gateway.
    """
    duration = _DURATION.fullmatch(expires)
    if duration is None:
        raise typer.BadParameter("expected a number and s, m, h or d, as 1h", param_hint="--expires")
    try:
        settings = load_settings({"token_key": [token_key]} if token_key else None, config)
    except ConfigError as error:
        typer.echo(f"wsmedia: {error}", err=True)
        raise typer.Exit(2) from None
    if not settings.token_keys:
        typer.echo("wsmedia: token_key: expected a key to sign with; give --token-key or WSMEDIA_TOKEN_KEY", err=True)
        raise typer.Exit(2)
    expires_at = time.time() + int(duration[1]) * _SECONDS[duration[2]]
    typer.echo(issue_token(settings.token_keys[0], room, expires_at, publish=publish, subscribe=subscribe, name=name))
