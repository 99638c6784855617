"""Room names become Janus' room ids and PINs."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from wsmedia.adapters.janus.config import JanusConfig


def test_the_table_comes_first() -> None:
    config = JanusConfig("ws://janus", rooms={"standup": 1234})
    assert config.room_id("standup") == 1234


def test_a_number_is_its_own_room() -> None:
    assert JanusConfig("ws://janus").room_id("5678") == 5678


def test_string_ids_are_the_names() -> None:
    assert JanusConfig("ws://janus", id_kind="string").room_id("5678") == "5678"


@given(st.text(min_size=1, max_size=64))
def test_any_name_has_a_number_that_javascript_can_hold(name: str) -> None:
    config = JanusConfig("ws://janus")
    assert 0 <= int(config.room_id(name)) < 2**53
    assert config.room_id(name) == config.room_id(name)


def test_a_rooms_own_pin_wins() -> None:
    config = JanusConfig("ws://janus", pin="general", pins={"board": "secret"})
    assert config.room_pin("board") == "secret"
    assert config.room_pin("standup") == "general"
