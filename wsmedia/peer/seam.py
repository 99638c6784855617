"""The only file that knows private names of aiortc and aioice: ICE with loopback and bursts, DTLS with RSA, SRTP keys.

``tests/peer/test_seam.py`` checks every private name used here, so that a new release that moves one fails clearly.
What is changed, and why:

* aioice never offers 127.0.0.1; here it is offered when asked for or when there is no other address.
* aioice reads one datagram per turn of the loop and tries to parse media as STUN; here the first octet decides
  (RFC 7983 §7) and media goes straight to ``on_media``.
* aioice resolves ``.local`` names; here only IP addresses become candidates.
* aioice notices after 30 s that a peer has vanished, and takes one that answers after half a second for vanished; here
  the time is the caller's choice and slow answers count.
* aiortc as a DTLS client knows ECDSA suites only and writes three fingerprints; here RSA suites are added and
  sha-256 stands alone.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import ipaddress
import secrets
from collections.abc import Callable, Sequence
from typing import Any, cast

import aioice.ice
import aioice.stun
from aioice import Candidate as IceCandidate
from aioice.candidate import candidate_foundation, candidate_priority
from aiortc import rtcdtlstransport
from aiortc.rtcdtlstransport import RTCCertificate, RTCDtlsFingerprint, RTCDtlsParameters, RTCDtlsTransport
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from OpenSSL import SSL
from pylibsrtp import Session

from wsmedia.errors import PeerError
from wsmedia.peer.datagram import Address, DatagramEndpoint
from wsmedia.peer.local_links import LocalLinks
from wsmedia.sdp import Candidate, Fingerprint

CIPHER_SUITES = (
    b"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-CHACHA20-POLY1305:"
    b"ECDHE-RSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-SHA:ECDHE-RSA-AES128-SHA:ECDHE-ECDSA-AES256-SHA:"
    b"ECDHE-RSA-AES256-SHA"
)

# The cheapest first: 128-bit AES-GCM takes two thirds of the time of AES-CM with HMAC-SHA1.
SRTP_PROFILE_ORDER = (b"SRTP_AEAD_AES_128_GCM", b"SRTP_AES128_CM_SHA1_80", b"SRTP_AEAD_AES_256_GCM")

MAX_WAITING_HANDSHAKE_DATAGRAMS = 128
CONSENT_CHECKS = 6
"""Checks within the time after which silence means that the peer has vanished (RFC 7675 §5.1: every 5 s of 30)."""
CONSENT_REPETITIONS = 2
"""Of an unanswered check, after 0.5 and 1 s; an answer counts for 2 s after the last."""


class Certificate(RTCCertificate):
    """A self-signed DTLS certificate: ECDSA P-256 unless told otherwise. Only its sha-256 fingerprint is told."""

    @classmethod
    def generate(cls, *, use_rsa: bool = False) -> Certificate:
        """Make a new key and certificate, valid for 30 days."""
        key: Any
        key = rsa.generate_private_key(65537, 2048) if use_rsa else ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, secrets.token_hex(16))])
        now = datetime.datetime.now(tz=datetime.UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=30))
        )
        return cls(key=key, cert=builder.sign(key, hashes.SHA256()))

    @property
    def fingerprint(self) -> Fingerprint:
        """The sha-256 fingerprint."""
        return Fingerprint("sha-256", rtcdtlstransport.certificate_digest(self._cert, "sha-256"))

    def getFingerprints(self) -> list[RTCDtlsFingerprint]:  # noqa: N802 - aiortc's name
        """As aiortc wants it, sha-256 only."""
        return [RTCDtlsFingerprint(algorithm=self.fingerprint.algorithm, value=self.fingerprint.value)]

    def _create_ssl_context(self, srtp_profiles: list[Any]) -> SSL.Context:
        context = super()._create_ssl_context(srtp_profiles)
        context.set_cipher_list(CIPHER_SUITES)
        return context


def host_addresses(*, allow_loopback: bool | None) -> list[str]:
    """This machine's addresses that may become host candidates.

    Args:
        allow_loopback: True adds 127.0.0.1, False never does, None only if there is no other address.
    """
    found = aioice.ice.get_host_addresses(use_ipv4=True, use_ipv6=True)
    addresses = [address for address in found if not ipaddress.ip_address(address).is_loopback]
    if allow_loopback or (allow_loopback is None and not addresses):
        addresses.append("127.0.0.1")
    return addresses


class IceAgent(aioice.Connection):
    """ICE for one transport: host candidates on the given addresses, media handed over synchronously.

    Attributes:
        on_media: called with every datagram whose first octet is 128 … 191 (RFC 7983 §7): SRTP or SRTCP.

    Args:
        addresses: local addresses to bind.
        admit: tells whether packets may go to an address and port; asked for signalled candidates and, before any
            answer, for those that show themselves by a connectivity check.
        consent_timeout: seconds without an answer after which the peer has vanished.
        links: see ``DatagramEndpoint``.
    """

    def __init__(
        self,
        addresses: Sequence[str],
        admit: Callable[[str, int], bool],
        consent_timeout: float = 30.0,
        links: LocalLinks | None = None,
    ) -> None:
        super().__init__(
            ice_controlling=False, local_username=secrets.token_hex(4), local_password=secrets.token_hex(16)
        )
        self._addresses = list(addresses)
        self._admit = admit
        self._consent_timeout = consent_timeout
        self._links = links
        self._selected: aioice.ice.CandidatePair | None = None
        self._endpoint: DatagramEndpoint | None = None
        self._selected_address: Address = ("", 0)
        self.on_media: Callable[[bytes], None] = lambda _data: None

    async def gather_candidates(self) -> None:
        """Bind a socket on every address; instead of aioice's own way, see the module's first paragraph."""
        if self._local_candidates_start:
            return
        self._local_candidates_start = True
        for preference, address in enumerate(self._addresses):
            try:
                self._bind(address, max(0, 65535 - preference))
            except OSError:
                continue
        self._local_candidates_end = True

    def _bind(self, address: str, preference: int) -> None:
        protocol = aioice.ice.StunProtocol(self)
        endpoint = DatagramEndpoint(address, self._receiver_for(protocol), self._links)
        endpoint.when_closed(protocol.connection_lost)
        protocol.connection_made(endpoint)  # type: ignore[arg-type]
        host, port = endpoint.address
        protocol.local_candidate = IceCandidate(
            foundation=candidate_foundation("host", "udp", host),
            component=1,
            transport="udp",
            priority=candidate_priority(1, "host", preference),
            host=host,
            port=port,
            type="host",
        )
        self._protocols.append(protocol)
        self._local_candidates.append(protocol.local_candidate)

    def _receiver_for(self, protocol: aioice.ice.StunProtocol) -> Callable[[bytes, Address], None]:
        def receive(data: bytes, address: Address) -> None:
            first = data[0] if data else 255
            if 128 <= first < 192:
                self.on_media(data)
            elif first < 4:
                if self._admit(*address):
                    with contextlib.suppress(Exception):  # bytes from outside must not end the reader
                        protocol.datagram_received(data, address)
            elif 20 <= first < 64 and self._queue.qsize() < MAX_WAITING_HANDSHAKE_DATAGRAMS:
                self.data_received(data, 1)

        return receive

    def candidates(self) -> list[Candidate]:
        """The local candidates; empty before ``gather_candidates`` and after ``close``."""
        return [
            Candidate(c.foundation, c.component, c.transport, c.priority, c.host, c.port, c.type)
            for c in self.local_candidates
        ]

    async def add_candidate(self, candidate: Candidate) -> bool:
        """Add a remote candidate; names, TCP, other components and addresses not admitted are left out.

        The end of candidates is never told to aioice: a peer whose candidates are all hidden (``.local``) or filtered
        can still show itself by a check of its own, so only ``MediaTransport``'s deadline ends the attempt.
        """
        if candidate.component != 1 or candidate.transport != "udp" or candidate.port == 0:
            return False
        try:
            address = str(ipaddress.ip_address(candidate.address))
        except ValueError:
            return False
        if not self._admit(address, candidate.port):
            return False
        await self.add_remote_candidate(
            IceCandidate(
                foundation=candidate.foundation,
                component=1,
                transport="udp",
                priority=candidate.priority,
                host=address,
                port=candidate.port,
                # aioice takes no peer-reflexive candidate from signalling; to a check it makes no difference.
                type=candidate.type if candidate.type in ("host", "srflx", "relay") else "host",
            )
        )
        return True

    def send_now(self, data: bytes) -> bool:
        """Send one datagram on the selected pair, without a turn of the loop.

        Returns:
            False when no pair is selected (yet, or any more).
        """
        endpoint = self._selected_endpoint()
        if endpoint is None:
            return False
        endpoint.sendto(data, self._selected_address)
        return True

    def send_all_now(self, datagrams: Sequence[bytes]) -> bool:
        """Send datagrams on the selected pair in their order; as ``send_now``, with fewer system calls."""
        endpoint = self._selected_endpoint()
        if endpoint is None:
            return False
        endpoint.send_all(datagrams, self._selected_address)
        return True

    def _selected_endpoint(self) -> DatagramEndpoint | None:
        pair = self._nominated.get(1)
        if pair is not self._selected:
            self._selected = pair
            self._endpoint = None
            if pair is not None:
                self._endpoint = cast(DatagramEndpoint, pair.protocol.transport)
                self._selected_address = pair.remote_addr
        return self._endpoint

    async def query_consent(self) -> None:
        """Ask the peer regularly whether it still wants to receive, and close when it has been silent for too long."""
        clock = asyncio.get_running_loop().time
        answered_at = clock()
        while clock() - answered_at < self._consent_timeout:
            # Randomized so that checks of many connections spread (RFC 7675 §5.1).
            await asyncio.sleep(self._consent_timeout / CONSENT_CHECKS * (0.8 + secrets.randbelow(400) / 1000))
            for pair in list(self._nominated.values()):
                request = self.build_request(pair, nominate=False)
                key = (self.remote_password or "").encode()
                with contextlib.suppress(aioice.stun.TransactionError):
                    await pair.protocol.request(
                        request, pair.remote_addr, integrity_key=key, retransmissions=CONSENT_REPETITIONS
                    )
                    answered_at = clock()
        self._query_consent_task = None  # which close would wait for
        await self.close()

    async def closed(self) -> None:
        """Wait until consent to send has expired (RFC 7675) or ``close`` was called."""
        await self.get_event()


class _IceLink:
    """What RTCDtlsTransport needs of an RTCIceTransport."""

    def __init__(self, agent: IceAgent) -> None:
        self._agent = agent
        self._recv = agent.recv
        self._send = agent.send

    @property
    def role(self) -> str:
        return "controlling" if self._agent.ice_controlling else "controlled"


class DtlsAssociation(RTCDtlsTransport):
    """DTLS over an ``IceAgent`` and the SRTP sessions that it keys.

    ``protect`` and ``unprotect`` are the media path; aiortc's own RTP routing is never used.
    """

    def __init__(self, agent: IceAgent, certificate: Certificate) -> None:
        super().__init__(cast(Any, _IceLink(agent)), [certificate])
        ranks = {name: rank for rank, name in enumerate(SRTP_PROFILE_ORDER)}
        self._srtp_profiles = sorted(
            (profile for profile in rtcdtlstransport.SRTP_PROFILES if profile.openssl_profile in ranks),
            key=lambda profile: ranks[profile.openssl_profile],
        )

    async def handshake(self, *, as_client: bool, fingerprints: Sequence[Fingerprint]) -> None:
        """Connect and check the peer's certificate.

        Raises:
            PeerError: the handshake or the fingerprint check failed.
        """
        self._set_role("client" if as_client else "server")
        parameters = [RTCDtlsFingerprint(algorithm=item.algorithm, value=item.value) for item in fingerprints]
        await self.start(RTCDtlsParameters(fingerprints=parameters))
        if self.state != "connected":
            raise PeerError("the DTLS handshake with the peer failed")

    @property
    def sending_session(self) -> Session | None:
        """SRTP and SRTCP protection; None before the handshake."""
        return cast("Session | None", self._tx_srtp)

    @property
    def receiving_session(self) -> Session | None:
        """SRTP and SRTCP verification; None before the handshake."""
        return cast("Session | None", self._rx_srtp)

    async def finish(self) -> None:
        """Send close_notify and wait for the reader to end."""
        task = self._task
        await self.stop()
        if task is not None:
            await asyncio.wait([task])
