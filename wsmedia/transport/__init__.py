"""Carriers of the tunnel: what moves a session's messages over real connections."""

from wsmedia.transport.lane import AwaitingLane, Lane
from wsmedia.transport.pump import Pump

__all__ = ["AwaitingLane", "Lane", "Pump"]
