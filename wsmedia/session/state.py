"""The session's states and what moves it between them, as one table.

A session has lanes and a lifetime of its own. It is ``CONNECTING`` until a lane was welcomed: a client may already
send, but nothing has promised that somebody listens. It is ``OPEN`` while it has lanes. When the last one goes it is
``DETACHED``: the application and the SFU leg stay as they are, CONTROL is kept, media is dropped, and a deadline runs.
``CLOSED`` is final: all that still leaves is one CLOSE per lane.

                       welcomed                  last lane lost
        CONNECTING ───────────────> OPEN <──────────────────────> DETACHED
            │                         │          welcomed            │
            │ end                     │ end                          │ end
            └──────────────────────> CLOSED <───────────────────────┘

*welcomed*: WELCOME was queued (gateway) or received (client). *end*: CLOSE from either side, a broken protocol, the
deadline. Lanes that are lost before they were welcomed leave CONNECTING and DETACHED as they are.
"""

from __future__ import annotations

from enum import Enum, auto

from wsmedia.errors import LocalProtocolError


class State(Enum):
    """Where a session is in its life."""

    CONNECTING = auto()
    OPEN = auto()
    DETACHED = auto()
    CLOSED = auto()


class Input(Enum):
    """What happens to a session."""

    WELCOMED = auto()
    LAST_LANE_LOST = auto()
    END = auto()


_TRANSITIONS: dict[tuple[State, Input], State] = {
    (State.CONNECTING, Input.WELCOMED): State.OPEN,
    (State.CONNECTING, Input.LAST_LANE_LOST): State.CONNECTING,
    (State.CONNECTING, Input.END): State.CLOSED,
    (State.OPEN, Input.WELCOMED): State.OPEN,
    (State.OPEN, Input.LAST_LANE_LOST): State.DETACHED,
    (State.OPEN, Input.END): State.CLOSED,
    (State.DETACHED, Input.WELCOMED): State.OPEN,
    (State.DETACHED, Input.LAST_LANE_LOST): State.DETACHED,
    (State.DETACHED, Input.END): State.CLOSED,
}


def step(state: State, what: Input) -> State:
    """The state after ``what`` happened in ``state``.

    Raises:
        LocalProtocolError: nothing happens to a closed session; the engine has a bug.
    """
    try:
        return _TRANSITIONS[state, what]
    except KeyError:
        raise LocalProtocolError(f"{what.name} in state {state.name}") from None
