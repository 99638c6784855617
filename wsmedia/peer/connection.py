"""``PeerConnection``: what adapters use to exchange encoded frames with a WebRTC peer, be it an SFU or a browser.

It speaks text descriptions, owns the transport and the media path, and hands out senders and receivers of frames.
"""

from __future__ import annotations

from collections.abc import Callable

from wsmedia import sdp
from wsmedia.clock import Clock, SystemClock
from wsmedia.errors import LocalProtocolError, SdpError
from wsmedia.media import Codec, MediaKind, Track
from wsmedia.peer.config import PeerConfig, PeerState
from wsmedia.peer.inlet import ReceiveParameters
from wsmedia.peer.media_path import MediaPath
from wsmedia.peer.negotiation import Negotiation
from wsmedia.peer.receiver import RtpReceiver
from wsmedia.peer.sender import RtpSender
from wsmedia.peer.transport import MediaTransport
from wsmedia.rtp.timeline import CaptureClock
from wsmedia.sdp import SessionDescription, Setup, TransportParameters
from wsmedia.sdp.sections import answered_setup, bundled_mids, first_transport


class PeerConnection:
    """One association with one peer, all media bundled on one transport (BUNDLE and rtcp-mux only, no data channels).

    Attributes:
        on_receiver: called with each new incoming track, before ``accept_offer`` or ``accept_answer`` returns.
        on_receiver_removed: called when the peer ends one.
        on_state: called after each change of ``state``.
        transport: the association, for statistics and for tests that hook into it.

    All callbacks run on the event loop and must not block; replace them before negotiating.
    """

    def __init__(self, config: PeerConfig | None = None, clock: Clock | None = None) -> None:
        self._config = config or PeerConfig()
        self._clock = clock or SystemClock()
        self.transport = MediaTransport(self._config)
        self.transport.on_state = self._transport_changed
        self._path = MediaPath(self.transport, self._config, self._clock)
        self._negotiation = Negotiation(self._make_receiver, self._config.cname, self._config.retransmission)
        self._capture_clocks: dict[str, CaptureClock] = {}
        self._offered = False
        self._remote_ufrag: str | None = None
        self._setup: Setup | None = None
        self.on_receiver: Callable[[RtpReceiver], None] = lambda _receiver: None
        self.on_receiver_removed: Callable[[RtpReceiver], None] = lambda _receiver: None
        self.on_state: Callable[[PeerState], None] = lambda _state: None

    @property
    def state(self) -> PeerState:
        """How the association is."""
        return self.transport.state

    @property
    def senders(self) -> list[RtpSender]:
        """The senders that have a section."""
        return [section.sender for section in self._negotiation.sections if section.sender is not None]

    @property
    def receivers(self) -> list[RtpReceiver]:
        """The incoming tracks, in the order of their sections."""
        return [section.receiver for section in self._negotiation.sections if section.receiver is not None]

    # Tracks

    def add_sender(self, track: Track, *, stream_id: str | None = None) -> RtpSender:
        """Prepare to send a track; it takes effect with the next offer or answer.

        Args:
            track: its codec decides what is negotiated.
            stream_id: the msid stream; senders of one participant share it and with it one clock. None takes the
                connection's own.
        """
        stream = stream_id or self._config.stream_id
        sender = RtpSender(
            track,
            stream,
            outlet=self._path.outlet,
            clock=self._capture_clocks.setdefault(stream, CaptureClock()),
            max_packet=self._config.max_packet,
            history_packets=self._config.history_packets,
        )
        self._negotiation.add_sender(sender)
        return sender

    def remove_sender(self, sender: RtpSender) -> None:
        """Stop sending a track at once; the next offer or answer tells the peer."""
        self._negotiation.remove_sender(sender)
        self._configure_path()

    def add_receiver_section(self, kind: MediaKind, codec: Codec | None = None) -> None:
        """Offer to receive one track of ``kind`` with the next offer, in ``codec``; H.264 or Opus by default."""
        self._negotiation.add_receiver_section(codec or (Codec.OPUS if kind is MediaKind.AUDIO else Codec.H264))

    def set_receive_capacity(self, bitrate_bps: int | None) -> None:
        """Tell the peer what our side can take in all, by REMB and transport-cc feedback; None takes the limit away."""
        self._path.set_receive_capacity(bitrate_bps)

    # Descriptions

    async def create_offer(self) -> str:
        """Describe what we want; the answer must follow, or nothing changes for the peer.

        Raises:
            PeerError: the connection is closed or has no usable address.
        """
        local = await self.transport.local_parameters(offering=True)
        local.setup = Setup.ACTPASS
        description = self._negotiation.offer(local)
        self._offered = True
        return sdp.write(description)

    async def accept_answer(self, text: str) -> None:
        """Take the peer's answer to our offer, and connect if this is the first.

        Raises:
            LocalProtocolError: there is no offer that waits for an answer.
            SdpError: the answer cannot be understood, or nothing in it can carry media.
        """
        if not self._offered:
            raise LocalProtocolError("an answer without an offer")
        answer = sdp.parse(text)
        remote = self._remote_transport(answer)
        if remote is None and self._setup is None:
            raise SdpError("the peer refused every section")
        self._negotiation.accept_answer(answer)
        self._offered = False
        self._finish()
        if remote is not None and self._setup is None:
            # What the peer does not say is left to it: we take the other part.
            self._setup = Setup.PASSIVE if remote.setup is Setup.ACTIVE else Setup.ACTIVE
            await self._connect(remote, controlling=True)

    async def accept_offer(self, text: str) -> str:
        """Take the peer's offer, first or later, and give our answer; connects if this is the first.

        Sections that cannot be carried are refused one by one; the rest works.

        Raises:
            LocalProtocolError: our own offer waits for its answer.
            SdpError: the offer cannot be understood, or wants an ICE restart.
            PeerError: the connection is closed or has no usable address.
        """
        if self._offered:
            raise LocalProtocolError("an offer while our own waits for its answer")
        offer = sdp.parse(text)
        remote = self._remote_transport(offer)
        local = await self.transport.local_parameters()
        setup = self._setup
        if setup is None and remote is not None:
            setup = answered_setup(remote.setup)
        local.setup = setup
        description = self._negotiation.answer(offer, local)
        self._finish()
        if remote is not None and self._setup is None:
            self._setup = setup
            # The side that is not ice-lite controls (RFC 8445 §6.1.1), otherwise the offerer.
            await self._connect(remote, controlling=remote.ice_lite)
        return sdp.write(description)

    async def add_candidate(self, candidate: str) -> None:
        """Take a trickled candidate, ``candidate:…`` as in RTCIceCandidate; an empty one means the end and is ignored.

        Raises:
            SdpError: it cannot be understood.
        """
        if candidate.strip():
            await self.transport.add_candidate(sdp.parse_candidate(candidate.strip().removeprefix("a=")))

    async def close(self) -> None:
        """End everything; safe to call twice."""
        self._path.close()
        await self.transport.close()

    # Inside

    def _remote_transport(self, description: SessionDescription) -> TransportParameters | None:
        """The peer's ICE and DTLS parameters; None when every section is refused."""
        mids = bundled_mids(description)
        if not mids:
            return None
        remote = first_transport(description, mids).transport
        if self._remote_ufrag is not None and remote.ufrag != self._remote_ufrag:
            raise SdpError("the peer wants an ICE restart, which is not supported")
        return remote

    async def _connect(self, remote: TransportParameters, *, controlling: bool) -> None:
        self._remote_ufrag = remote.ufrag
        await self.transport.connect(remote, controlling=controlling, as_client=self._setup is Setup.ACTIVE)

    def _make_receiver(self, parameters: ReceiveParameters) -> RtpReceiver:
        return RtpReceiver(parameters, self._path.inlet)

    def _configure_path(self) -> None:
        self._path.configure(
            [sender for sender in self.senders if sender.parameters is not None],
            self.receivers,
            reduced_size=self._negotiation.reduced_size,
        )

    def _finish(self) -> None:
        """Put a negotiation into effect and tell what it changed."""
        self._configure_path()
        negotiation = self._negotiation
        removed, added = negotiation.receivers_removed, negotiation.receivers_added
        rejected = negotiation.senders_rejected
        negotiation.receivers_removed, negotiation.receivers_added, negotiation.senders_rejected = [], [], []
        for receiver in removed:
            self.on_receiver_removed(receiver)
        for receiver in added:
            self.on_receiver(receiver)
        for sender in rejected:
            sender.on_rejected()

    def _transport_changed(self, state: PeerState) -> None:
        if state is PeerState.CONNECTED:
            self._path.open()
        elif state in (PeerState.FAILED, PeerState.CLOSED):
            self._path.close()
        self.on_state(state)
