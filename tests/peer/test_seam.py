"""Every private name of aiortc and aioice that ``wsmedia.peer.seam`` uses is where it was, with the same signature.

When one of these fails after an upgrade, read the named source again before touching anything else.
"""

from __future__ import annotations

import asyncio
import inspect

import aioice.candidate
import aioice.ice
import pytest
from aiortc import rtcdtlstransport
from OpenSSL import SSL

from tests.peer.support import closing, loopback
from wsmedia.media import MediaKind
from wsmedia.peer import Certificate, PeerConnection, PeerState
from wsmedia.peer.seam import SRTP_PROFILE_ORDER, DtlsAssociation, IceAgent, host_addresses
from wsmedia.sdp import Candidate

SIGNATURES = {
    (rtcdtlstransport.RTCDtlsTransport, "__init__"): ["self", "transport", "certificates"],
    (rtcdtlstransport.RTCDtlsTransport, "_set_role"): ["self", "role"],
    (rtcdtlstransport.RTCDtlsTransport, "start"): ["self", "remoteParameters"],
    (rtcdtlstransport.RTCDtlsTransport, "stop"): ["self"],
    (rtcdtlstransport.RTCDtlsTransport, "_recv_next"): ["self"],
    (rtcdtlstransport.RTCDtlsTransport, "_setup_srtp"): ["self"],
    (rtcdtlstransport.RTCCertificate, "__init__"): ["self", "key", "cert"],
    (rtcdtlstransport.RTCCertificate, "_create_ssl_context"): ["self", "srtp_profiles"],
    (rtcdtlstransport.RTCCertificate, "getFingerprints"): ["self"],
    (rtcdtlstransport, "certificate_digest"): ["certificate", "algorithm"],
    (aioice.ice.Connection, "gather_candidates"): ["self"],
    (aioice.ice.Connection, "add_remote_candidate"): ["self", "remote_candidate"],
    (aioice.ice.Connection, "data_received"): ["self", "data", "component"],
    (aioice.ice.Connection, "connect"): ["self"],
    (aioice.ice.Connection, "close"): ["self"],
    (aioice.ice.Connection, "recv"): ["self"],
    (aioice.ice.Connection, "send"): ["self", "data"],
    (aioice.ice.Connection, "get_event"): ["self"],
    (aioice.ice.Connection, "query_consent"): ["self"],
    (aioice.ice.Connection, "build_request"): ["self", "pair", "nominate"],
    (aioice.ice.StunProtocol, "request"): ["self", "request", "addr", "integrity_key", "retransmissions"],
    (aioice.ice.StunProtocol, "__init__"): ["self", "receiver"],
    (aioice.ice.StunProtocol, "connection_made"): ["self", "transport"],
    (aioice.ice.StunProtocol, "connection_lost"): ["self", "exc"],
    (aioice.ice.StunProtocol, "datagram_received"): ["self", "data", "addr"],
    (aioice.ice, "get_host_addresses"): ["use_ipv4", "use_ipv6"],
    (aioice.candidate, "candidate_foundation"): ["candidate_type", "candidate_transport", "base_address"],
    (aioice.candidate, "candidate_priority"): ["candidate_component", "candidate_type", "local_pref"],
}


@pytest.mark.parametrize(("owner", "name"), SIGNATURES, ids=lambda value: getattr(value, "__name__", value))
def test_function_is_where_it_was(owner: object, name: str) -> None:
    function = getattr(owner, name, None)
    assert function is not None, f"{owner} has no {name} any more: see wsmedia/peer/seam.py"
    assert list(inspect.signature(function).parameters) == SIGNATURES[owner, name]


async def test_attributes_are_where_they_were() -> None:
    agent = IceAgent([], lambda _address, _port: True)
    for name in (
        "_local_candidates",
        "_local_candidates_start",
        "_local_candidates_end",
        "_protocols",
        "_nominated",
        "_queue",
        "_early_checks",
        "_query_consent_task",
        "ice_controlling",
        "remote_is_lite",
        "remote_username",
        "remote_password",
    ):
        assert hasattr(agent, name), f"aioice.Connection has no {name} any more: see wsmedia/peer/seam.py"
    assert isinstance(agent._queue, asyncio.Queue)
    association = DtlsAssociation(agent, Certificate.generate())
    for name in ("_srtp_profiles", "_tx_srtp", "_rx_srtp", "_task", "_ssl", "_state"):
        assert hasattr(association, name), f"RTCDtlsTransport has no {name} any more: see wsmedia/peer/seam.py"
    for name in ("remote_addr", "protocol", "nominated"):
        source = inspect.getsource(aioice.ice.CandidatePair)
        assert name in source, f"aioice.ice.CandidatePair has no {name} any more: see wsmedia/peer/seam.py"


def test_srtp_profiles_are_known() -> None:
    names = [profile.openssl_profile for profile in rtcdtlstransport.SRTP_PROFILES]
    assert set(names) == set(SRTP_PROFILE_ORDER)


async def test_the_cheapest_srtp_profile_comes_first() -> None:
    association = DtlsAssociation(IceAgent([], lambda _address, _port: True), Certificate.generate())
    assert [profile.openssl_profile for profile in association._srtp_profiles] == list(SRTP_PROFILE_ORDER)


def test_one_fingerprint_and_rsa_suites() -> None:
    certificate = Certificate.generate()
    assert [item.algorithm for item in certificate.getFingerprints()] == ["sha-256"]
    assert certificate.fingerprint.value == certificate.getFingerprints()[0].value
    context = certificate._create_ssl_context(rtcdtlstransport.SRTP_PROFILES)
    ciphers = SSL.Connection(context).get_cipher_list()
    assert "ECDHE-RSA-AES128-GCM-SHA256" in ciphers
    assert "ECDHE-ECDSA-AES128-GCM-SHA256" in ciphers


def test_loopback_is_offered_when_asked_for_or_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aioice.ice, "get_host_addresses", lambda use_ipv4, use_ipv6: ["192.0.2.1"])
    assert host_addresses(allow_loopback=None) == ["192.0.2.1"]
    assert host_addresses(allow_loopback=True) == ["192.0.2.1", "127.0.0.1"]
    monkeypatch.setattr(aioice.ice, "get_host_addresses", lambda use_ipv4, use_ipv6: ["127.0.0.2"])
    assert host_addresses(allow_loopback=None) == ["127.0.0.1"]
    assert host_addresses(allow_loopback=False) == []


def _candidate(address: str, **changes: object) -> Candidate:
    fields = {"component": 1, "transport": "udp", "priority": 1, "port": 5000, "type": "host", **changes}
    return Candidate(foundation="1", address=address, **fields)  # type: ignore[arg-type]


async def test_only_addresses_that_are_admitted_become_candidates() -> None:
    agent = IceAgent(["127.0.0.1"], lambda address, port: address != "10.0.0.9" and port != 22)
    await agent.gather_candidates()
    try:
        assert not await agent.add_candidate(_candidate("5f1b4b3c-0000-4000-8000-000000000000.local"))
        assert not await agent.add_candidate(_candidate("example.com"))
        assert not await agent.add_candidate(_candidate("10.0.0.9"))
        assert not await agent.add_candidate(_candidate("10.0.0.8", port=22))
        assert not await agent.add_candidate(_candidate("10.0.0.8", transport="tcp"))
        assert not await agent.add_candidate(_candidate("10.0.0.8", component=2))
        assert not await agent.add_candidate(_candidate("10.0.0.8", port=0))
        assert agent.remote_candidates == []
        assert await agent.add_candidate(_candidate("10.0.0.8"))
        assert await agent.add_candidate(_candidate("10.0.0.8", port=5001, type="prflx"))
        assert [c.host for c in agent.remote_candidates] == ["10.0.0.8", "10.0.0.8"]
    finally:
        await agent.close()


async def test_checks_from_addresses_that_are_not_admitted_get_no_answer() -> None:
    admitted: list[tuple[str, int]] = []

    def admit(address: str, port: int) -> bool:
        admitted.append((address, port))
        return False

    ours = PeerConnection(loopback(admit=admit, connect_timeout=0.5))
    theirs = PeerConnection(loopback(connect_timeout=0.5))
    async with closing(ours), closing(theirs):
        theirs.add_receiver_section(MediaKind.AUDIO)
        failed = asyncio.Event()
        ours.on_state = lambda state: failed.set() if state is PeerState.FAILED else None
        answer = await ours.accept_offer(await theirs.create_offer())
        await theirs.accept_answer(answer)
        async with asyncio.timeout(5):
            await failed.wait()
        assert len(admitted) >= 2, "asked for the signalled candidate and for what showed itself"
