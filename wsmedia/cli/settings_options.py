"""Turns the fields of ``Settings`` into command line options, so that a setting is written down once.

Typer reads a function's signature; the signature made here has one option per field. Values arrive as text and are
checked by ``Settings`` like those of the file and the environment, so that every mistake is reported in the same words.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin

import typer
from pydantic.fields import FieldInfo
from rich.markup import escape

from wsmedia.app.config import CONFIG_FILE_VARIABLE
from wsmedia.app.settings import Settings


def with_settings(command: Callable[[Path | None, dict[str, Any]], None]) -> Callable[..., None]:
    """Give ``command`` an option for every setting, and ``--config``.

    Args:
        command: called with the configuration file and the settings that were given as flags, by field name.
    Returns:
        A function for ``typer.Typer.command``.
    """

    def run(config: Path | None = None, **options: Any) -> None:
        command(config, {name: value for name, value in options.items() if value is not None})

    file_option = typer.Option(
        "--config", metavar="FILE", help=f"TOML file with these settings (or {CONFIG_FILE_VARIABLE})."
    )
    parameters = [_parameter("config", Annotated[Path | None, file_option])]
    parameters += [_parameter(name, _annotation(name, field)) for name, field in Settings.model_fields.items()]
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__doc__ = command.__doc__
    run.__name__ = command.__name__
    return run


def _parameter(name: str, annotation: Any) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)


def _annotation(name: str, field: FieldInfo) -> Any:
    flag = "--" + name.replace("_", "-")
    extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
    shown: dict[str, Any] = {
        # Brackets would be taken for markup.
        "help": escape(f"{field.description}{_default(field)}"),
        "rich_help_panel": str(extra.get("panel", "Other")),
    }
    if field.annotation is bool:
        return Annotated[bool | None, typer.Option(f"{flag}/--no-{flag[2:]}", **shown)]
    if get_origin(field.annotation) is tuple:
        return Annotated[list[str] | None, typer.Option(flag, metavar="TEXT", **shown)]
    return Annotated[str | None, typer.Option(flag, metavar=_metavar(field), **shown)]


def _default(field: FieldInfo) -> str:
    if field.default_factory is not None or field.default in (None, ()) or field.is_required():
        return ""
    value = field.default
    if isinstance(value, bool):
        value = "yes" if value else "no"
    elif isinstance(value, tuple):
        value = ", ".join(value)
    return f" (default: {value})"


def _metavar(field: FieldInfo) -> str:
    types = [field.annotation, *get_args(field.annotation)]
    choices = [choice for choice in get_args(field.annotation) if isinstance(choice, str)]
    if choices:
        return "|".join(choices)
    for kind, name in ((int, "NUMBER"), (float, "SECONDS"), (Path, "PATH")):
        if kind in types:
            return name
    return "TEXT"
