"""Every setting of the gateway, defined once: the same fields are TOML keys, environment variables and flags.

``port`` is ``port = 8443`` in the file, ``WSMEDIA_PORT=8443`` in the environment and ``--port 8443`` as a flag; flags
win over the environment, and that over the file. A list is a list in the file, is separated by commas in the
environment, and is given by repeating the flag.
"""

from __future__ import annotations

import ipaddress
import os
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from wsmedia.app.ice_servers import ConfiguredIceServer, is_ice_url, parse_ice_server
from wsmedia.auth import MIN_KEY_LENGTH
from wsmedia.session import SessionLimits
from wsmedia.turn import PeerList

ENVIRONMENT_PREFIX = "WSMEDIA_"
MIN_TURN_SECRET_LENGTH = 16

_LISTEN = "Listening"
_TOKENS = "Who may enter"
_SFU = "SFU"
_NATIVE = "Native WebRTC"
_LIMITS = "Limits"
_CHECK = "Network check"
_OTHER = "Other"


def default_state_dir() -> Path:
    """Where what survives a restart is kept: ``$XDG_STATE_HOME/wsmedia``, by default ``~/.local/state/wsmedia``."""
    base = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(base) / "wsmedia"


def _setting(default: Any = ..., *, panel: str, description: str, **bounds: Any) -> Any:
    """A field that the command line shows under ``panel``."""
    if default is not ...:
        bounds["default"] = default
    return Field(description=description, json_schema_extra={"panel": panel}, **bounds)


class Settings(BaseSettings):
    """The gateway's configuration; each field's description is its help text."""

    model_config = SettingsConfigDict(env_prefix=ENVIRONMENT_PREFIX, extra="forbid", frozen=True)

    host: str = _setting("127.0.0.1", description="Address to listen on for HTTPS.", panel=_LISTEN)
    port: int = _setting(8443, ge=0, le=65535, description="HTTPS port; 0 picks a free one.", panel=_LISTEN)
    http_host: str = _setting(
        "127.0.0.1",
        description="Address to listen on for plain HTTP. On other than loopback, browsers deny it camera and codecs.",
        panel=_LISTEN,
    )
    http_port: int = _setting(8080, ge=0, le=65535, description="Plain HTTP port; 0 picks a free one.", panel=_LISTEN)
    https: bool = _setting(True, description="Listen for HTTPS.", panel=_LISTEN)
    http: bool = _setting(True, description="Listen for plain HTTP.", panel=_LISTEN)
    tls_cert: Path | None = _setting(
        None,
        description="Certificate chain, PEM; without one a self-signed certificate is made at first start.",
        panel=_LISTEN,
    )
    tls_key: Path | None = _setting(None, description="Private key of the certificate, PEM.", panel=_LISTEN)
    trusted_proxy: Annotated[tuple[str, ...], NoDecode] = _setting(
        ("127.0.0.1", "::1"),
        description="Address or network of a reverse proxy whose X-Forwarded-For and -Proto are believed.",
        panel=_LISTEN,
    )
    tcp_congestion_control: str | None = _setting(
        None,
        pattern=r"^[a-z0-9_]{1,15}$",
        description="The kernel's congestion control for connections, as bbr or cubic; by default the kernel's choice.",
        panel=_LISTEN,
    )

    token_key: Annotated[tuple[SecretStr, ...], NoDecode] = _setting(
        (),
        description="Secret that signs tokens (HS256, at least 32 characters); several may be valid at once. "
        "Better given in the file or the environment than as a flag. Without one only this machine is served.",
        panel=_TOKENS,
    )
    allowed_origin: Annotated[tuple[str, ...], NoDecode] = _setting(
        (), description="Origin of another site whose pages may use the gateway, as https://example.org.", panel=_TOKENS
    )

    adapter: Literal["embedded", "janus"] = _setting(
        "embedded", description="The SFU: embedded (rooms in this process) or janus.", panel=_SFU
    )
    native_address: Annotated[tuple[str, ...], NoDecode] = _setting(
        (),
        description="Address of this machine that native WebRTC participants of the embedded SFU are offered; all of "
        "them by default.",
        panel=_SFU,
    )
    janus_url: str = _setting("ws://127.0.0.1:8188", description="Janus' WebSocket API (ws:// or wss://).", panel=_SFU)
    janus_pin: SecretStr | None = _setting(None, description="PIN of the VideoRoom.", panel=_SFU)
    janus_bitrate: int | None = _setting(
        None, ge=64_000, description="Cap on each publisher's video, bits per second.", panel=_SFU
    )

    janus_room: Annotated[tuple[str, ...], NoDecode] = _setting(
        (),
        description="NAME=ID: the Janus room behind a room name. Other names of digits are their number, and the rest "
        "a number made from the name.",
        panel=_SFU,
    )
    janus_string_ids: bool = _setting(False, description="VideoRoom is configured with string_ids.", panel=_SFU)
    janus_create_rooms: bool = _setting(False, description="Create rooms that Janus does not have.", panel=_SFU)
    janus_api_secret: SecretStr | None = _setting(None, description="Janus' api_secret.", panel=_SFU)
    janus_admin_key: SecretStr | None = _setting(
        None, description="VideoRoom's admin_key, if creating rooms needs one.", panel=_SFU
    )

    policy: Literal["auto", "native", "tunnel", "direct", "turn-udp", "turn-tcp", "turn-tls"] = _setting(
        "auto",
        description="The way for pages that choose none: auto (native WebRTC where it carries media, the tunnel "
        "everywhere else), native, tunnel, direct, turn-udp, turn-tcp or turn-tls.",
        panel=_NATIVE,
    )
    turn: bool = _setting(
        True,
        description="Serve TURN on the ports of HTTPS and HTTP. It leads to the embedded SFU and to turn_peer only.",
        panel=_NATIVE,
    )
    turn_peer: Annotated[tuple[str, ...], NoDecode] = _setting(
        (),
        description="ADDRESS[/PREFIX][:PORT[-PORT]]: who else may be reached by TURN, as 10.0.0.5:10000-20000.",
        panel=_NATIVE,
    )
    turn_relay_address: str | None = _setting(
        None,
        description="Address of this machine from which turn_peer is reached; by default the one that its route has.",
        panel=_NATIVE,
    )
    turn_url: Annotated[tuple[str, ...], NoDecode] = _setting(
        (),
        description="Where clients reach our TURN server, as turns:turn.example.org:443?transport=tcp; by default the "
        "address and port that they ask at, unless an HTTP proxy stands in front.",
        panel=_NATIVE,
    )
    turn_secret: SecretStr | None = _setting(
        None,
        description="Secret that TURN credentials are made from (at least 16 characters); by default a random one. "
        "Gateways behind one address share it.",
        panel=_NATIVE,
    )
    turn_lifetime: float = _setting(
        21600.0, ge=60.0, le=604_800.0, description="Seconds that TURN credentials can be used for.", panel=_NATIVE
    )
    ice_server: Annotated[tuple[SecretStr, ...], NoDecode] = _setting(
        (),
        description="Another STUN or TURN server for clients: its URLs, then for TURN username=NAME "
        "credential=PASSWORD or secret=SHARED, separated by spaces.",
        panel=_NATIVE,
    )
    ice_policy: Literal["all", "relay"] = _setting(
        "all", description="Whether clients try every way (all) or TURN alone (relay).", panel=_NATIVE
    )

    max_connections: int = _setting(
        4000,
        ge=1,
        description="TCP connections at once, all listeners; the last quarter is not for third and further ones of a "
        "session.",
        panel=_LIMITS,
    )
    max_sessions: int = _setting(1000, ge=1, description="Tunnel sessions at once.", panel=_LIMITS)
    max_participants: int = _setting(100, ge=1, description="People in one room of the embedded SFU.", panel=_LIMITS)
    max_native: int = _setting(500, ge=0, description="Native WebRTC connections at once.", panel=_LIMITS)
    max_turn_allocations: int = _setting(
        1000, ge=0, le=60_000, description="Relayed addresses of the TURN server at once.", panel=_LIMITS
    )
    max_message_bytes: int = _setting(
        1_048_576, ge=65_536, le=67_108_864, description="Largest tunnel message.", panel=_LIMITS
    )
    max_frame_bytes: int = _setting(
        1_000_000, ge=16_384, le=67_108_864, description="Largest encoded frame.", panel=_LIMITS
    )
    max_tracks: int = _setting(8, ge=1, le=256, description="Tracks that one session publishes.", panel=_LIMITS)
    max_lanes: int = _setting(32, ge=1, le=256, description="Connections of one session at once.", panel=_LIMITS)
    max_bytes_per_second: int = _setting(
        2_500_000, ge=65_536, description="Uplink of one session, sustained.", panel=_LIMITS
    )
    max_messages_per_second: int = _setting(
        4000, ge=50, description="Messages of one session, sustained.", panel=_LIMITS
    )
    hello_timeout: float = _setting(
        5.0, gt=0.0, le=60.0, description="Seconds until the first message on a connection.", panel=_LIMITS
    )
    idle_timeout: float = _setting(
        15.0, ge=1.0, le=3600.0, description="Seconds of silence after which a connection is lost.", panel=_LIMITS
    )
    resume_window: float = _setting(
        30.0, ge=0.0, le=3600.0, description="Seconds that a session without connection is kept.", panel=_LIMITS
    )

    check: bool = _setting(True, description="Serve the network check, /check and what it talks to.", panel=_CHECK)
    check_without_token: bool = _setting(
        False,
        description="Try picture and sound for visitors of the check who have no token, in a room of their own.",
        panel=_CHECK,
    )
    reports: bool = _setting(
        True, description="Keep the reports of checks that users send, in state_dir/reports.jsonl.", panel=_CHECK
    )
    max_report_bytes: int = _setting(
        10_000_000, ge=0, description="How long that file may become; further reports are refused.", panel=_CHECK
    )

    state_dir: Path = _setting(
        default_factory=default_state_dir,
        description="Where the self-signed certificate and reports are kept (default: $XDG_STATE_HOME/wsmedia).",
        panel=_OTHER,
    )
    log_level: Literal["debug", "info", "warning", "error"] = _setting(
        "info", description="How much is logged to standard error.", panel=_OTHER
    )

    @field_validator(
        "token_key",
        "allowed_origin",
        "trusted_proxy",
        "native_address",
        "janus_room",
        "turn_peer",
        "turn_url",
        "ice_server",
        mode="before",
    )
    @classmethod
    def _split(cls, value: Any) -> Any:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("token_key")
    @classmethod
    def _long_enough(cls, keys: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        if any(len(key.get_secret_value().encode()) < MIN_KEY_LENGTH for key in keys):
            raise ValueError(f"keys of at least {MIN_KEY_LENGTH} characters")
        return keys

    @field_validator("janus_url")
    @classmethod
    def _websocket_url(cls, url: str) -> str:
        if not url.startswith(("ws://", "wss://")):
            raise ValueError("a URL that begins with ws:// or wss://")
        return url

    @field_validator("allowed_origin")
    @classmethod
    def _origins(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        for origin in origins:
            if origin != "*" and not origin.startswith(("https://", "http://")):
                raise ValueError("origins as https://example.org, or *")
        return origins

    @field_validator("turn_peer")
    @classmethod
    def _peers(cls, rules: tuple[str, ...]) -> tuple[str, ...]:
        PeerList(rules)
        return rules

    @field_validator("turn_relay_address")
    @classmethod
    def _one_address(cls, address: str | None) -> str | None:
        if address is not None:
            try:
                parsed = ipaddress.ip_address(address)
            except ValueError:
                raise ValueError("an IP address") from None
            if parsed.is_unspecified:
                raise ValueError("one address, which peers can send to")
        return address

    @field_validator("turn_url")
    @classmethod
    def _turn_urls(cls, urls: tuple[str, ...]) -> tuple[str, ...]:
        if not all(is_ice_url(url) and url.startswith("turn") and url.endswith("?transport=tcp") for url in urls):
            raise ValueError("URLs as turns:turn.example.org:443?transport=tcp")
        return urls

    @field_validator("turn_secret")
    @classmethod
    def _hard_to_guess(cls, secret: SecretStr | None) -> SecretStr | None:
        if secret is not None and len(secret.get_secret_value()) < MIN_TURN_SECRET_LENGTH:
            raise ValueError(f"at least {MIN_TURN_SECRET_LENGTH} characters")
        return secret

    @field_validator("ice_server")
    @classmethod
    def _ice_servers(cls, servers: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        for server in servers:
            parse_ice_server(server.get_secret_value())
        return servers

    @field_validator("janus_room")
    @classmethod
    def _pairs(cls, pairs: tuple[str, ...]) -> tuple[str, ...]:
        if not all(name and room_id for name, _, room_id in (pair.partition("=") for pair in pairs)):
            raise ValueError("NAME=ID, as standup=1234")
        return pairs

    @model_validator(mode="after")
    def _numeric_room_ids(self) -> Settings:
        for pair in self.janus_room:
            if not self.janus_string_ids and not pair.split("=", 1)[1].isdigit():
                raise ValueError(
                    f"janus_room: expected numeric ids, as standup=1234, or janus_string_ids; got {pair!r}"
                )
        return self

    @property
    def janus_rooms(self) -> dict[str, int | str]:
        """Janus room ids by room name."""
        pairs = [pair.split("=", 1) for pair in self.janus_room]
        return {name: room_id if self.janus_string_ids else int(room_id) for name, room_id in pairs}

    @property
    def serves_turn(self) -> bool:
        """Whether TURN is served: it is on, and leads somewhere."""
        return self.turn and (self.adapter == "embedded" or bool(self.turn_peer))

    @property
    def ice_servers(self) -> list[ConfiguredIceServer]:
        """The operator's own STUN and TURN servers."""
        return [parse_ice_server(server.get_secret_value()) for server in self.ice_server]

    @property
    def token_keys(self) -> tuple[str, ...]:
        """The secrets in the clear, for the verifier."""
        return tuple(key.get_secret_value() for key in self.token_key)

    @property
    def loopback_only(self) -> bool:
        """Whether only this machine may be served, because nobody could be asked for a token."""
        return not self.token_key

    @property
    def session_limits(self) -> SessionLimits:
        """What the session engine enforces."""
        return SessionLimits(
            max_message_bytes=self.max_message_bytes,
            max_frame_bytes=self.max_frame_bytes,
            max_tracks=self.max_tracks,
            max_lanes=self.max_lanes,
            max_bytes_per_second=self.max_bytes_per_second,
            max_messages_per_second=self.max_messages_per_second,
            resume_window=self.resume_window,
            idle_timeout=self.idle_timeout,
        )
