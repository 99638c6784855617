"""Makes the SFU adapter that the settings ask for; the only place that knows all of them."""

from __future__ import annotations

from wsmedia.adapters.embedded import EmbeddedAdapter
from wsmedia.adapters.janus import JanusAdapter, JanusConfig
from wsmedia.app.settings import Settings
from wsmedia.clock import Clock
from wsmedia.ports import Adapter


def make_adapter(settings: Settings, clock: Clock) -> Adapter:
    """The adapter for ``settings.adapter``, not yet started."""
    if settings.adapter == "embedded":
        return EmbeddedAdapter(clock, settings.max_participants)
    return JanusAdapter(janus_config(settings))


def janus_config(settings: Settings) -> JanusConfig:
    """What the settings tell about Janus."""
    return JanusConfig(
        url=settings.janus_url,
        api_secret=settings.janus_api_secret.get_secret_value() if settings.janus_api_secret else None,
        id_kind="string" if settings.janus_string_ids else "number",
        rooms=settings.janus_rooms,
        pin=settings.janus_pin.get_secret_value() if settings.janus_pin else None,
        create_rooms=settings.janus_create_rooms,
        admin_key=settings.janus_admin_key.get_secret_value() if settings.janus_admin_key else None,
        bitrate_bps=settings.janus_bitrate,
    )
