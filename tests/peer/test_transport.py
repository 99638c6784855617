"""The association: both certificate kinds, hidden candidates, forged datagrams, failure and the end."""

from __future__ import annotations

import asyncio
import os
import re
import socket
from pathlib import Path

import pytest

from tests.peer.support import (
    AUDIO,
    Incoming,
    audio_frames,
    closing,
    connected,
    eventually,
    loopback,
    negotiate,
    pair,
)
from wsmedia.errors import PeerError, SdpError
from wsmedia.media import MediaKind
from wsmedia.peer import Certificate, PeerConnection, PeerState


@pytest.mark.parametrize(("offerer_rsa", "answerer_rsa"), [(True, False), (False, True), (True, True)])
async def test_rsa_certificates(offerer_rsa: bool, answerer_rsa: bool) -> None:
    first = loopback(certificate=Certificate.generate(use_rsa=offerer_rsa))
    second = loopback(certificate=Certificate.generate(use_rsa=answerer_rsa))
    async with pair(first, second) as (a, b):
        incoming = Incoming(b)
        sender = a.add_sender(AUDIO)
        await negotiate(a, b)
        await connected(a, b)
        sender.send_frame(audio_frames()[0])
        assert (await incoming.of("audio").wait(1))[0].data == audio_frames()[0].data


async def test_a_peer_that_hides_its_candidates_shows_itself() -> None:
    async with pair() as (a, b):
        a.add_sender(AUDIO)
        offer = await a.create_offer()
        hidden = re.sub(r"(udp \d+) 127\.0\.0\.1", r"\1 0b2c7f1e-1111-4222-8333-444455556666.local", offer)
        assert ".local" in hidden
        await a.accept_answer(await b.accept_offer(hidden))
        await connected(a, b)


async def test_ice_lite_peers_are_controlled() -> None:
    async with pair() as (a, b):
        a.add_sender(AUDIO)
        offer = (await a.create_offer()).replace("t=0 0\r\n", "t=0 0\r\na=ice-lite\r\n")
        await a.accept_answer(await b.accept_offer(offer))
        # Both now think that they control; aioice settles that, so connecting proves that nobody waits for ever.
        await connected(a, b)


async def test_a_wrong_fingerprint_fails() -> None:
    async with pair() as (a, b):
        a.add_sender(AUDIO)
        offer = await a.create_offer()
        forged = re.sub("a=fingerprint:sha-256 ..", "a=fingerprint:sha-256 00", offer)
        await a.accept_answer(await b.accept_offer(forged))
        await eventually(lambda: b.state is PeerState.FAILED)


async def test_a_peer_that_never_answers_fails_in_time() -> None:
    async with pair(loopback(connect_timeout=0.3)) as (a, b):
        states: list[PeerState] = []
        a.on_state = states.append
        a.add_sender(AUDIO)
        answer = await b.accept_offer(await a.create_offer())
        await b.close()
        await a.accept_answer(answer)
        await eventually(lambda: a.state is PeerState.FAILED)
        assert states == [PeerState.CONNECTING, PeerState.FAILED]
        with pytest.raises(PeerError):
            await a.create_offer()


async def test_the_goodbye_of_one_side_is_heard_by_the_other() -> None:
    async with pair() as (a, b):
        a.add_sender(AUDIO)
        await negotiate(a, b)
        await connected(a, b)
        states: list[PeerState] = []
        a.on_state = states.append
        await b.close()
        assert b.state is PeerState.CLOSED
        await eventually(lambda: states == [PeerState.FAILED])


async def test_a_peer_that_vanishes_is_noticed() -> None:
    """No goodbye, no answers: as of a browser that crashed. One that answers stays."""
    async with pair(loopback(consent_timeout=0.6), loopback(consent_timeout=0.6)) as (a, b):
        a.add_sender(AUDIO)
        await negotiate(a, b)
        await connected(a, b)
        await asyncio.sleep(1.0)  # longer than silence would be borne
        assert a.state is PeerState.CONNECTED
        for protocol in list(b.transport._ice._protocols):
            protocol.transport.close()
        await eventually(lambda: a.state is PeerState.FAILED)


async def test_garbage_is_counted_and_hurts_nobody() -> None:
    async with pair() as (a, b):
        incoming = Incoming(b)
        sender = a.add_sender(AUDIO)
        _, answer = await negotiate(a, b)
        await connected(a, b)
        (port,) = map(int, re.findall(r"127\.0\.0\.1 (\d+)", answer))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            for first in (0, 1, 3, 22, 63, 64, 128, 191, 200, 255):
                for size in (0, 1, 11, 12, 40, 1500, 4000):
                    stranger.sendto(bytes([first]) + bytes(size), ("127.0.0.1", port))
                    stranger.sendto(bytes([first, 200]) + bytes(size), ("127.0.0.1", port))
            stranger.sendto(b"", ("127.0.0.1", port))
        await eventually(lambda: b.transport.packets_dropped >= 20)
        sender.send_frame(audio_frames()[0])
        await incoming.of("audio").wait(1)
        assert b.state is PeerState.CONNECTED


async def test_early_media_waits_for_the_keys() -> None:
    async with pair() as (a, b):
        incoming = Incoming(b)
        sender = a.add_sender(AUDIO)
        # The offerer is the DTLS server, so it is connected first when the last flight is the client's.
        a.on_state = lambda state: (
            [sender.send_frame(frame) for frame in audio_frames()[:5]] if state is PeerState.CONNECTED else None
        )  # type: ignore[assignment, return-value]
        await negotiate(a, b)
        await connected(a, b)
        assert len(await incoming.of("audio").wait(5)) == 5


async def test_a_closed_connection_says_so() -> None:
    connection = PeerConnection(loopback())
    async with closing(connection):
        pass
    await connection.close()
    connection.add_receiver_section(MediaKind.AUDIO)
    with pytest.raises(PeerError):
        await connection.create_offer()


async def test_a_description_without_credentials_is_refused() -> None:
    async with pair() as (a, b):
        a.add_sender(AUDIO)
        offer = await a.create_offer()
        for attribute in ("ice-ufrag", "fingerprint"):
            with pytest.raises(SdpError):
                await b.accept_offer(re.sub(f"a={attribute}:.*\r\n", "", offer))


async def test_closing_while_connecting_leaves_no_task() -> None:
    async with pair() as (a, b):
        a.add_sender(AUDIO)
        await negotiate(a, b)
        await asyncio.sleep(0)
        await a.close()
        await b.close()
    assert [task for task in asyncio.all_tasks() if task is not asyncio.current_task()] == []


def _open_sockets() -> int:
    """How many sockets this process has."""
    names = (os.path.realpath(entry) for entry in Path("/proc/self/fd").iterdir())
    return sum("socket:" in name for name in names)


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counts sockets in /proc, which only Linux has")
@pytest.mark.parametrize("cancelled", [False, True], ids=["awaited", "cancelled"])
async def test_closing_at_any_moment_leaves_no_task_and_no_socket(cancelled: bool) -> None:
    """Before, while and after ICE and DTLS do their work, also when the one who closes is cancelled meanwhile."""
    before = _open_sockets()
    for moment in range(24):
        async with pair() as (a, b):
            a.add_sender(AUDIO)
            negotiation = asyncio.create_task(negotiate(a, b))
            await asyncio.sleep(moment * 0.003)
            closing_task = asyncio.create_task(a.close())
            if cancelled:
                await asyncio.sleep(0)
                negotiation.cancel()
                closing_task.cancel()
            await asyncio.gather(negotiation, closing_task, return_exceptions=True)
    assert _open_sockets() == before
    assert [task for task in asyncio.all_tasks() if task is not asyncio.current_task()] == []


async def test_two_who_close_both_wait_for_the_end() -> None:
    async with pair() as (a, b):
        a.add_sender(AUDIO)
        await negotiate(a, b)
        await connected(a, b)
        first = asyncio.create_task(a.close())
        await asyncio.sleep(0)
        await a.close()
        assert a.transport._ice._closed
        await first
