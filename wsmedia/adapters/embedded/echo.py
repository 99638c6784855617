"""The echo behind the media probe: sends Opus back to whoever asks whether WebRTC gets through to this gateway.

It is in no room. ``app/native.py`` makes one for each ``POST /v1/probe``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from wsmedia import sdp
from wsmedia.adapters.embedded.native import NativePeer
from wsmedia.clock import Clock
from wsmedia.errors import SdpError
from wsmedia.media import Codec, EncodedFrame, MediaKind, Track, TrackSource
from wsmedia.peer import PeerConnection, PeerState, RtpReceiver

MAX_SECONDS = 10.0
"""How long an echo lasts, its connecting included."""

MAX_PACKETS = 1000
"""How many packets are sent back: what ten seconds hold at 20 ms, twice over."""

_SILENCE = b"\xf8\xff\xfe"
"""20 ms of silence in one Opus packet (RFC 6716 §3.1: CELT, full band, one frame)."""

_PACKET_SECONDS = 0.02
_PACKET_TICKS = 960


class NativeEcho(NativePeer):
    """Echoes the one audio section of an offer; where the peer only receives, silence is sent, 50 packets a second.

    Args:
        peer, on_ended: see ``NativePeer``.
        clock: stamps the silence.
    """

    def __init__(self, peer: PeerConnection, on_ended: Callable[[], None], clock: Clock) -> None:
        super().__init__(peer, on_ended)
        self._clock = clock
        self._sender = peer.add_sender(Track(0, Codec.OPUS, TrackSource.MICROPHONE))
        self._only_receives = False
        self._left = MAX_PACKETS
        self._speaking: asyncio.Task[None] | None = None
        self._over = asyncio.get_running_loop().call_later(MAX_SECONDS, self.end)
        peer.on_receiver = self._receiver_added

    async def answer(self, offer: str) -> str:
        """Take the peer's offer; see ``NativePeer.answer``.

        Raises:
            SdpError: it has anything but one audio section with Opus that receives, too.
        """
        sections = sdp.parse(offer).media
        if len(sections) != 1 or sections[0].kind != MediaKind.AUDIO or not sections[0].direction.receives:
            raise SdpError("a probe offers one audio section that receives")
        self._only_receives = not sections[0].direction.sends
        answer = await super().answer(offer)
        if self._sender.parameters is None:
            raise SdpError("a probe offers Opus")
        return answer

    def send_frame(self, frame: EncodedFrame) -> None:
        """Send one packet back."""
        self._left -= 1
        if self._left >= 0 and not self.has_ended:
            self._sender.send_frame(frame)

    def _receiver_added(self, receiver: RtpReceiver) -> None:
        receiver.add_sink(self)

    def _state_changed(self, state: PeerState) -> None:
        super()._state_changed(state)
        if state is PeerState.CONNECTED and self._only_receives and not self.has_ended:
            self._speaking = asyncio.create_task(self._speak())

    async def _speak(self) -> None:
        for number in range(MAX_PACKETS):
            self.send_frame(EncodedFrame(_SILENCE, number * _PACKET_TICKS, self._clock.wall_us()))
            await asyncio.sleep(_PACKET_SECONDS)

    def _leave(self) -> None:
        self._over.cancel()
        if self._speaking is not None:
            self._speaking.cancel()
