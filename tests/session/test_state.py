"""The table of states."""

import pytest

from wsmedia.errors import LocalProtocolError
from wsmedia.session.state import Input, State, step


def test_a_life():
    state = State.CONNECTING
    for what, wanted in (
        (Input.LAST_LANE_LOST, State.CONNECTING),
        (Input.WELCOMED, State.OPEN),
        (Input.WELCOMED, State.OPEN),
        (Input.LAST_LANE_LOST, State.DETACHED),
        (Input.LAST_LANE_LOST, State.DETACHED),
        (Input.WELCOMED, State.OPEN),
        (Input.END, State.CLOSED),
    ):
        state = step(state, what)
        assert state is wanted


@pytest.mark.parametrize("state", [State.CONNECTING, State.OPEN, State.DETACHED])
def test_everything_can_end(state):
    assert step(state, Input.END) is State.CLOSED


@pytest.mark.parametrize("what", Input)
def test_nothing_happens_after_the_end(what):
    with pytest.raises(LocalProtocolError):
        step(State.CLOSED, what)
