"""One ICE + DTLS + SRTP association: decrypted RTP and RTCP come out by callback, plain RTP and RTCP go in by a call.

``PeerConnection`` owns one of these; everything it sends and receives is bundled on it. Nothing here is awaited per
packet.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable

import pylibsrtp

from wsmedia.errors import PeerError
from wsmedia.peer.config import PeerConfig, PeerState
from wsmedia.peer.seam import Certificate, DtlsAssociation, IceAgent, host_addresses
from wsmedia.peer.srtp import MediaCipher
from wsmedia.rtp.packet import is_rtcp
from wsmedia.sdp import Candidate, TransportParameters

logger = logging.getLogger(__name__)

MAX_EARLY_MEDIA = 256


class MediaTransport:
    """The association; starts in ``PeerState.NEW``.

    Attributes:
        on_rtp: called with each decrypted RTP packet, at least 12 octets. May be replaced at any time.
        on_rtcp: called with each decrypted RTCP compound.
        on_state: called after each change of ``state``.
        packets_dropped: incoming datagrams that SRTP refused, outgoing ones that found no way.

    Early media, which can overtake the end of the handshake, waits in a queue of 256 datagrams that drops the oldest.
    """

    def __init__(self, config: PeerConfig) -> None:
        self._config = config
        certificate = config.certificate or Certificate.generate()
        addresses = config.addresses
        if addresses is None:
            addresses = host_addresses(allow_loopback=config.allow_loopback)
        self._ice = IceAgent(addresses, config.admit, config.consent_timeout, config.local_links)
        self._dtls = DtlsAssociation(self._ice, certificate)
        self._fingerprint = certificate.fingerprint
        self._early_media: deque[bytes] = deque(maxlen=MAX_EARLY_MEDIA)
        self._task: asyncio.Task[None] | None = None
        self._closing: asyncio.Task[None] | None = None
        self._srtp_out: MediaCipher | None = None
        self._srtp_in: MediaCipher | None = None
        self.state = PeerState.NEW
        self.on_rtp: Callable[[bytes], None] = lambda _data: None
        self.on_rtcp: Callable[[bytes], None] = lambda _data: None
        self.on_state: Callable[[PeerState], None] = lambda _state: None
        self.packets_dropped = 0
        self._ice.on_media = self._early_media.append

    async def local_parameters(self, *, offering: bool = False) -> TransportParameters:
        """Bind sockets if that has not happened yet and tell what our description must say; ``setup`` is left open.

        Args:
            offering: this is for an offer. The peer's checks may arrive before its answer does, so the role that the
                offerer has (RFC 8445 §6.1.1) must be taken now: a conflict about it can leave ICE without a nomination.

        Raises:
            PeerError: the association is closed, or no local address can be bound.
        """
        if self.state in (PeerState.CLOSED, PeerState.FAILED):
            raise PeerError("the peer connection is closed")
        if offering and self._task is None:
            self._ice.ice_controlling = True
        await self._ice.gather_candidates()
        candidates = self._ice.candidates()
        if not candidates:
            raise PeerError("no local address can be bound for ICE")
        return TransportParameters(
            ufrag=self._ice.local_username,
            password=self._ice.local_password,
            fingerprints=[self._fingerprint],
            candidates=candidates,
        )

    async def connect(self, remote: TransportParameters, *, controlling: bool, as_client: bool) -> None:
        """Begin to connect, in a task of this object; ``on_state`` tells how it goes. Only the first call counts."""
        if self._task is not None or self.state is not PeerState.NEW:
            return
        self._ice.ice_controlling = controlling
        self._ice.remote_is_lite = remote.ice_lite
        self._ice.remote_username = remote.ufrag
        self._ice.remote_password = remote.password
        for candidate in remote.candidates:
            await self._ice.add_candidate(candidate)
        if self.state is not PeerState.NEW:
            return  # closed meanwhile
        self._set_state(PeerState.CONNECTING)
        self._task = asyncio.create_task(self._run(remote, as_client), name="wsmedia peer transport")

    async def add_candidate(self, candidate: Candidate) -> bool:
        """Add a trickled remote candidate; tells whether it is of any use."""
        if self.state in (PeerState.CLOSED, PeerState.FAILED):
            return False
        return await self._ice.add_candidate(candidate)

    async def _run(self, remote: TransportParameters, as_client: bool) -> None:
        try:
            async with asyncio.timeout(self._config.connect_timeout):
                await self._ice.connect()
                await self._dtls.handshake(as_client=as_client, fingerprints=remote.fingerprints)
        except (ConnectionError, PeerError, TimeoutError, ValueError) as error:
            logger.info("a peer association failed: %s", str(error) or "timed out")
            self._set_state(PeerState.FAILED)
            return
        self._keyed()
        self._dtls.on("statechange", self._dtls_changed)
        self._dtls_changed()
        await self._ice.closed()
        self._set_state(PeerState.FAILED)

    def _keyed(self) -> None:
        """Media may flow: first what arrived early, in its order."""
        sending, receiving = self._dtls.sending_session, self._dtls.receiving_session
        self._srtp_out = None if sending is None else MediaCipher(sending)
        self._srtp_in = None if receiving is None else MediaCipher(receiving)
        self._ice.on_media = self._media_received
        self._set_state(PeerState.CONNECTED)
        while self._early_media:
            self._media_received(self._early_media.popleft())

    def _dtls_changed(self) -> None:
        if self._dtls.state in ("closed", "failed"):
            # The peer said goodbye, or ICE lost consent to send.
            self._set_state(PeerState.FAILED)

    def _set_state(self, state: PeerState) -> None:
        if state is self.state or self.state is PeerState.CLOSED:
            return
        if self.state is PeerState.FAILED and state is not PeerState.CLOSED:
            return
        self.state = state
        if state in (PeerState.FAILED, PeerState.CLOSED):
            self._srtp_out = None
            self._ice.on_media = lambda _data: None
        self.on_state(state)

    def _media_received(self, data: bytes) -> None:
        cipher = self._srtp_in
        if cipher is None or len(data) < 12:
            self.packets_dropped += 1
            return
        try:
            if is_rtcp(data):
                plain, deliver = cipher.unprotect_rtcp(data), self.on_rtcp
            else:
                plain, deliver = cipher.unprotect(data), self.on_rtp
        except (pylibsrtp.Error, ValueError):
            # Forged, replayed, or larger than any packet of ours.
            self.packets_dropped += 1
            return
        deliver(plain)

    def send_rtp(self, data: bytes) -> None:
        """Protect one RTP packet of at most 1352 octets and send it at once; before ``CONNECTED`` it is dropped."""
        self.send_rtp_all([data])

    def send_rtp_all(self, packets: list[bytes]) -> None:
        """Protect RTP packets and send them at once, in their order; as ``send_rtp``, with fewer system calls."""
        cipher = self._srtp_out
        try:
            sent = cipher is not None and self._ice.send_all_now(cipher.protect(packets))
        except pylibsrtp.Error:
            # A retransmission from before libsrtp's window.
            sent = False
        if not sent:
            self.packets_dropped += len(packets)

    def send_rtcp(self, data: bytes) -> None:
        """Protect one RTCP compound of at most 1352 octets and send it at once; before ``CONNECTED`` it is dropped."""
        cipher = self._srtp_out
        if cipher is None or not self._ice.send_now(cipher.protect_rtcp(data)):
            self.packets_dropped += 1

    async def close(self) -> None:
        """Say goodbye, free the sockets, await the tasks; safe to call twice.

        A caller that is cancelled meanwhile does not keep this from being done to the end.
        """
        if self._closing is None:
            self._set_state(PeerState.CLOSED)
            self._closing = asyncio.create_task(self._close(), name="wsmedia peer transport close")
        await asyncio.shield(self._closing)

    async def _close(self) -> None:
        # First the task: ICE that completes while it is being closed would go on asking for consent for ever.
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        await self._dtls.finish()
        await self._ice.close()
