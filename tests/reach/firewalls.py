"""Networks that forward some packets and not others: nftables rules of the middle, and what cuts connections."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import AsyncIterator

from tests.reach import places
from tests.reach.places import CLIENT, MIDDLE
from tests.reach.route import Route
from tests.reach.site import Site

_CUTTER_PORT = 9999
SILENCE_SECONDS, LIFE_SECONDS = 30.0, 60.0

# RFC 8489 §5: STUN's magic cookie is octets 4 to 7; RFC 9147 §4.1: DTLS records begin with a type of 20 to 63 and a
# version of 0xfe__; RFC 8656 §12.4: ChannelData begins with a channel of 0x4000 to 0x4fff.
_WEBRTC_BY_CONTENT = """
    meta l4proto udp @th,96,32 0x2112a442 drop
    meta l4proto udp @th,64,8 20-63 @th,72,8 0xfe drop
    meta l4proto udp @th,64,8 64-79 drop
    meta l4proto tcp @ih,32,32 0x2112a442 reject with tcp reset
"""


def forward(rules: str) -> str:
    """A ruleset whose ``rules`` decide on what is forwarded; what they leave undecided is not."""
    hook = "type filter hook forward priority 0; policy drop;"
    return f"table ip reach {{\nchain forward {{\n{hook}\n{rules}\n}}\n}}\n"


_ANSWERS = "ct state established,related accept;"


@contextlib.asynccontextmanager
async def everything_passes(site: Site) -> AsyncIterator[Route]:
    """A network without a firewall."""
    site.places.apply(forward("accept"))
    yield Route()


@contextlib.asynccontextmanager
async def no_udp(site: Site) -> AsyncIterator[Route]:
    """TCP alone, to any port."""
    site.places.apply(forward("meta l4proto tcp accept"))
    yield Route()


@contextlib.asynccontextmanager
async def only_443_and_53(site: Site) -> AsyncIterator[Route]:
    """The web and names."""
    accepted = "tcp dport { 443, 53 } accept; udp dport 53 accept"
    site.places.apply(forward(f"{_ANSWERS} ip saddr {CLIENT} {accepted}"))
    yield Route()


@contextlib.asynccontextmanager
async def no_webrtc(site: Site) -> AsyncIterator[Route]:
    """Every port, but what begins like STUN, TURN or DTLS is dropped wherever it goes."""
    site.places.apply(forward(f"{_WEBRTC_BY_CONTENT} accept"))
    yield Route()


@contextlib.asynccontextmanager
async def cuts_connections(site: Site) -> AsyncIterator[Route]:
    """TCP alone, through a box that ends what was silent for 30 s, and everything after 60 s."""
    redirected = f"ip saddr {CLIENT} meta l4proto tcp redirect to :{_CUTTER_PORT}"
    hook = "type nat hook prerouting priority -100;"
    site.places.apply(forward("") + f"table ip cut {{\nchain cut {{\n{hook}\n{redirected}\n}}\n}}\n")
    command = [sys.executable, "-m", "tests.reach.boxes.cutter", MIDDLE, str(_CUTTER_PORT)]
    limits = [str(SILENCE_SECONDS), str(LIFE_SECONDS)]
    async with places.program(site.places.middle, *command, *limits, listens=(MIDDLE, _CUTTER_PORT)):
        yield Route()
