"""Reads the configuration: flags, environment and TOML file together, and says in plain words what is wrong with it."""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, TomlConfigSettingsSource

from wsmedia.app.settings import ENVIRONMENT_PREFIX, Settings
from wsmedia.auth import is_loopback_host
from wsmedia.errors import WsmediaError

CONFIG_FILE_VARIABLE = "WSMEDIA_CONFIG"

_SECRETS = ("token_key", "turn_secret", "ice_server", "janus_pin", "janus_api_secret", "janus_admin_key")


class ConfigError(WsmediaError):
    """The configuration is wrong; the message names each key and what was expected of it."""


def load_settings(flags: Mapping[str, Any] | None = None, config_file: Path | None = None) -> Settings:
    """Read flags, environment and file, and check them together.

    Args:
        flags: by field name; only those that were given.
        config_file: a TOML file; None for the one that ``WSMEDIA_CONFIG`` names, if it does.
    Raises:
        ConfigError: a file cannot be read, a key is unknown, a value is not what its key expects, or settings
            contradict each other.
    """
    if config_file is None and os.environ.get(CONFIG_FILE_VARIABLE):
        config_file = Path(os.environ[CONFIG_FILE_VARIABLE])
    given = dict(flags or {})
    try:
        settings = _reader(config_file)(**given)
    except ValidationError as error:
        raise ConfigError("\n".join(_explain(detail, given, config_file) for detail in error.errors())) from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{config_file} is not valid TOML: {error}") from None
    _check_together(settings)
    return settings


def _reader(config_file: Path | None) -> type[Settings]:
    if config_file is not None and not config_file.is_file():
        raise ConfigError(f"the configuration file {config_file} does not exist")

    class _Reader(Settings):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            if config_file is None:
                return init_settings, env_settings
            return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, config_file)

    return _Reader


def _explain(detail: Any, flags: Mapping[str, Any], config_file: Path | None) -> str:
    if not detail["loc"]:  # a rule about several keys, which names them itself
        return str(detail["msg"]).removeprefix("Value error, ")
    key = str(detail["loc"][0])
    if detail["type"] == "extra_forbidden":
        close = difflib.get_close_matches(key, Settings.model_fields, n=1)
        return f"{config_file}: unknown key {key}" + (f"; did you mean {close[0]}?" if close else "")
    expected = detail["msg"].removeprefix("Value error, ")
    expected = "expected " + expected.removeprefix("Input should be ")
    if key in flags:
        where = "--" + key.replace("_", "-")
    elif ENVIRONMENT_PREFIX + key.upper() in os.environ:
        where = ENVIRONMENT_PREFIX + key.upper()
    else:
        where = str(config_file)
    got = "" if key in _SECRETS else f", got {detail['input']!r}"
    return f"{key} (from {where}): {expected}{got}"


def _check_together(settings: Settings) -> None:
    if (settings.tls_cert is None) != (settings.tls_key is None):
        raise ConfigError("tls_cert and tls_key: expected both or neither")
    for key, path in (("tls_cert", settings.tls_cert), ("tls_key", settings.tls_key)):
        if path is not None and not path.is_file():
            raise ConfigError(f"{key}: expected a file, but {path} does not exist")
    if not (settings.http or settings.https):
        raise ConfigError("http and https: expected at least one of them to be on")
    if settings.max_frame_bytes + 64 > settings.max_message_bytes:
        raise ConfigError(
            "max_frame_bytes: expected less than max_message_bytes, which has to hold a frame and a header"
        )
    if settings.loopback_only:
        listening = [("host", settings.host)] * settings.https + [("http_host", settings.http_host)] * settings.http
        for key, host in listening:
            if not is_loopback_host(f"[{host}]" if ":" in host else host):
                raise ConfigError(
                    f"{key}: expected a loopback address such as 127.0.0.1, got {host!r}. Without token keys anybody "
                    "who reaches the gateway could enter every room, so it serves this machine only. Configure "
                    "token_key (at least 32 random characters) to serve others."
                )
