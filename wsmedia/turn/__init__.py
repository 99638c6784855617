"""The TURN server (RFC 8656) without its sockets: who may relay what to whom."""

from wsmedia.turn.client import TurnClient, TurnLink
from wsmedia.turn.peers import PeerList
from wsmedia.turn.relay import PeerPolicy, Relay, RelayMaker
from wsmedia.turn.server import TurnLimits, TurnServer

__all__ = ["PeerList", "PeerPolicy", "Relay", "RelayMaker", "TurnClient", "TurnLimits", "TurnLink", "TurnServer"]
