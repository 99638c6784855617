"""The adapter that the settings ask for."""

from __future__ import annotations

from wsmedia.adapters.embedded import EmbeddedAdapter
from wsmedia.adapters.janus import JanusAdapter
from wsmedia.app.adapters import janus_config, make_adapter
from wsmedia.app.config import load_settings
from wsmedia.clock import SystemClock


def test_embedded_is_the_default() -> None:
    assert isinstance(make_adapter(load_settings(), SystemClock()), EmbeddedAdapter)


def test_janus_gets_what_was_configured() -> None:
    settings = load_settings(
        {
            "adapter": "janus",
            "janus_url": "wss://janus.example/ws",
            "janus_pin": "1234",
            "janus_bitrate": "900000",
            "janus_room": ["standup=7", "lobby=8"],
            "janus_create_rooms": "yes",
            "janus_api_secret": "core",
            "janus_admin_key": "plugin",
        }
    )
    assert isinstance(make_adapter(settings, SystemClock()), JanusAdapter)
    config = janus_config(settings)
    assert (config.url, config.pin, config.bitrate_bps) == ("wss://janus.example/ws", "1234", 900_000)
    assert (config.api_secret, config.admin_key, config.create_rooms) == ("core", "plugin", True)
    assert config.room_id("standup") == 7
    named = load_settings({"janus_string_ids": True, "janus_room": ["standup=daily"]})
    assert janus_config(named).room_id("standup") == "daily"
    assert janus_config(named).room_id("lobby") == "lobby"
