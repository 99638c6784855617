"""What a running gateway consists of, put together from the settings; started and stopped as one."""

from __future__ import annotations

from wsmedia.adapters.embedded import EmbeddedAdapter
from wsmedia.app.access import Access
from wsmedia.app.adapters import make_adapter
from wsmedia.app.check import CheckRoutes
from wsmedia.app.check_rooms import CheckRooms
from wsmedia.app.handover import Handovers
from wsmedia.app.http_lanes import HttpLaneRoutes
from wsmedia.app.ice import IceRoutes
from wsmedia.app.native import NativeRoutes
from wsmedia.app.reports import ReportRoutes
from wsmedia.app.rooms import RoomRoutes
from wsmedia.app.sessions import SessionHost
from wsmedia.app.settings import Settings
from wsmedia.app.turn import TurnHost
from wsmedia.clock import Clock, SystemClock
from wsmedia.ports import Adapter


class Parts:
    """The parts that the routes work on.

    Args:
        settings: checked.
        clock: time; the machine's by default.
        adapter: the SFU; by default the one that the settings name.
    """

    def __init__(self, settings: Settings, clock: Clock | None = None, adapter: Adapter | None = None) -> None:
        clock = clock or SystemClock()
        self.settings = settings
        self.access = Access(settings, clock)
        self.adapter = adapter or make_adapter(settings, clock)
        self.embedded = self.adapter if isinstance(self.adapter, EmbeddedAdapter) else None
        # Only the embedded SFU knows how one participant is in a room twice.
        handovers = Handovers(allowed=self.embedded is not None)
        self.sessions = SessionHost(settings, self.access, self.adapter, clock, handovers)
        self.http_lanes = HttpLaneRoutes(settings, self.access, self.sessions)
        self.rooms = RoomRoutes(self.embedded, self.access)
        self.turn = TurnHost(settings, clock) if settings.serves_turn else None
        self.ice = IceRoutes(settings, self.access, self.turn, clock)
        self.native = NativeRoutes(settings, self.embedded, self.access, clock, handovers, ice=self.ice, turn=self.turn)
        self.check = CheckRoutes(settings, self.access, self.embedded is not None, clock)
        self.check_rooms = CheckRooms(settings, self.access, self.embedded is not None, clock)
        self.reports = ReportRoutes(settings, self.access, clock)

    async def start(self) -> None:
        """Get ready for the first request."""
        await self.adapter.start()

    async def close(self) -> None:
        """End sessions, event streams and the SFU's connections, in order."""
        self.rooms.close()
        self.check.close()
        await self.sessions.close()
        self.http_lanes.close()
        await self.native.close()
        await self.adapter.close()
