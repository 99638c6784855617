"""Settings from flags, environment and file, and what a wrong one says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from wsmedia.app.config import ConfigError, load_settings
from wsmedia.app.settings import Settings

KEY = "k" * 32


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"WSMEDIA_{name.upper()}", raising=False)


def test_defaults_serve_this_machine_with_the_embedded_sfu() -> None:
    settings = load_settings()
    assert (settings.host, settings.port, settings.http_port) == ("127.0.0.1", 8443, 8080)
    assert settings.adapter == "embedded"
    assert settings.loopback_only


def test_flags_win_over_environment_and_that_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "wsmedia.toml"
    file.write_text("port = 1\nhttp_port = 2\nmax_tracks = 3\n")
    monkeypatch.setenv("WSMEDIA_HTTP_PORT", "20")
    monkeypatch.setenv("WSMEDIA_MAX_TRACKS", "30")
    settings = load_settings({"max_tracks": "31"}, file)
    assert (settings.port, settings.http_port, settings.max_tracks) == (1, 20, 31)
    monkeypatch.setenv("WSMEDIA_CONFIG", str(file))
    assert load_settings().port == 1


def test_lists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "wsmedia.toml"
    file.write_text(f'token_key = ["{KEY}", "{"o" * 32}"]\n')
    assert load_settings(None, file).token_keys == (KEY, "o" * 32)
    monkeypatch.setenv("WSMEDIA_TOKEN_KEY", f"{KEY}, {'p' * 32}")
    assert load_settings(None, file).token_keys == (KEY, "p" * 32)
    assert load_settings({"token_key": [KEY]}).token_keys == (KEY,)


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ({"port": "x"}, ["port", "--port", "integer", "'x'"]),
        ({"port": 70000}, ["port", "65535"]),
        ({"http_port": -1}, ["http_port", "--http-port"]),
        ({"adapter": "jitsi"}, ["adapter", "'embedded' or 'janus'", "'jitsi'"]),
        ({"janus_url": "http://janus"}, ["janus_url", "ws://"]),
        ({"janus_bitrate": "fast"}, ["janus_bitrate", "integer"]),
        ({"janus_room": ["standup"]}, ["janus_room", "NAME=ID"]),
        ({"janus_room": ["standup=x"]}, ["janus_room", "numeric"]),
        ({"token_key": ["short"]}, ["token_key", "32"]),
        ({"allowed_origin": ["example.org"]}, ["allowed_origin", "https://example.org"]),
        ({"tls_cert": "/nowhere.pem"}, ["tls_cert", "tls_key", "both"]),
        ({"tls_cert": "/nowhere.pem", "tls_key": "/nowhere.key"}, ["tls_cert", "does not exist"]),
        ({"https": False, "http": "no"}, ["http", "https", "at least one"]),
        ({"https": "perhaps"}, ["https", "boolean"]),
        ({"max_frame_bytes": 2_000_000}, ["max_frame_bytes", "max_message_bytes"]),
        ({"hello_timeout": 0}, ["hello_timeout", "greater than 0"]),
        ({"log_level": "loud"}, ["log_level", "'debug'"]),
        ({"host": "0.0.0.0"}, ["host", "loopback", "token_key"]),
        ({"http_host": "10.0.0.1"}, ["http_host", "loopback"]),
        ({"turn_peer": ["example.org"]}, ["turn_peer", "--turn-peer", "10.0.0.5:10000-20000", "'example.org'"]),
        ({"turn_relay_address": "0.0.0.0"}, ["turn_relay_address", "one address"]),
        ({"turn_relay_address": "gateway"}, ["turn_relay_address", "an IP address"]),
        ({"turn_url": ["https://example.org"]}, ["turn_url", "turns:turn.example.org:443?transport=tcp"]),
        ({"turn_secret": "short"}, ["turn_secret", "16"]),
        ({"ice_server": ["turn:example.org"]}, ["ice_server", "username= and credential="]),
        ({"ice_policy": "none"}, ["ice_policy", "'relay'"]),
        ({"host": "gateway.example"}, ["host", "loopback"]),
    ],
    ids=lambda value: ",".join(value) if isinstance(value, dict) else "",
)
def test_a_wrong_value_names_its_key_and_what_was_expected(flags: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(ConfigError) as error:
        load_settings(flags)
    for word in words:
        assert word in str(error.value)


def test_all_wrong_values_are_named_at_once() -> None:
    with pytest.raises(ConfigError) as error:
        load_settings({"port": "x", "max_tracks": 0})
    assert len(str(error.value).splitlines()) == 2


def test_secrets_are_not_repeated() -> None:
    for flags in ({"token_key": ["hunter2"]}, {"janus_pin": ["hunter2"]}):
        with pytest.raises(ConfigError) as error:
            load_settings(flags)
        assert "hunter2" not in str(error.value)
    assert KEY not in repr(load_settings({"token_key": [KEY]}))


def test_where_a_wrong_value_came_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "wsmedia.toml"
    file.write_text('port = "x"\n')
    with pytest.raises(ConfigError, match=r"wsmedia\.toml"):
        load_settings(None, file)
    monkeypatch.setenv("WSMEDIA_PORT", "y")
    with pytest.raises(ConfigError, match="WSMEDIA_PORT"):
        load_settings(None, file)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("prot = 1\n", ["prot", "did you mean port"]),
        ("[tunnel]\nx = 1\n", ["unknown key tunnel"]),
        ("port = = 1\n", ["TOML"]),
        ("port = [1]\n", ["port", "integer"]),
    ],
)
def test_a_wrong_file(tmp_path: Path, text: str, words: list[str]) -> None:
    file = tmp_path / "wsmedia.toml"
    file.write_text(text)
    with pytest.raises(ConfigError) as error:
        load_settings(None, file)
    for word in words:
        assert word in str(error.value)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="does not exist"):
        load_settings(None, tmp_path / "none.toml")


@pytest.mark.parametrize(
    "flags", [{"turn_secret": "s3cret-password"}, {"ice_server": ["turn:a.example username=me s3cret-password"]}]
)
def test_a_secret_is_never_shown(flags: dict[str, object]) -> None:
    with pytest.raises(ConfigError) as error:
        load_settings(flags)
    assert "s3cret" not in str(error.value)


def test_turn_is_served_where_it_leads_somewhere() -> None:
    assert load_settings().serves_turn
    assert not load_settings({"turn": False}).serves_turn
    assert not load_settings({"adapter": "janus"}).serves_turn
    assert load_settings({"adapter": "janus", "turn_peer": ["10.0.0.5"]}).serves_turn


def test_with_a_token_key_any_address_will_do() -> None:
    settings = load_settings({"host": "0.0.0.0", "token_key": [KEY]})
    assert not settings.loopback_only


def test_the_handbook_has_every_setting() -> None:
    handbook = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text()
    for name, field in Settings.model_fields.items():
        assert f"| `{name}` |" in handbook
        assert str(field.description).split(" (default")[0].rstrip(".") in handbook
