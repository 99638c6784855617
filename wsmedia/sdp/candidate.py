"""One ICE candidate line, read and written (RFC 8839 §5.1)."""

from __future__ import annotations

from wsmedia.errors import SdpError
from wsmedia.sdp.description import Candidate


def parse_candidate(value: str) -> Candidate:
    """Read what stands after ``a=candidate:``; a leading ``candidate:`` (as in trickle ICE) is allowed.

    Raises:
        SdpError: too few fields, or a number that is none.
    """
    fields = value.removeprefix("candidate:").split()
    if len(fields) < 8 or fields[6] != "typ":
        raise SdpError("a candidate has too few fields")
    extra = dict(zip(fields[8::2], fields[9::2], strict=False))
    return Candidate(
        foundation=fields[0][:64],
        component=_number(fields[1], 256),
        transport=fields[2].lower(),
        priority=_number(fields[3], 2**32 - 1),
        address=fields[4][:255],
        port=_number(fields[5], 65535),
        type=fields[7],
        related_address=extra.get("raddr"),
        related_port=_number(extra["rport"], 65535) if "rport" in extra else None,
        tcp_type=extra.get("tcptype"),
    )


def format_candidate(candidate: Candidate) -> str:
    """The text that stands after ``a=``."""
    text = (
        f"candidate:{candidate.foundation} {candidate.component} {candidate.transport} {candidate.priority}"
        f" {candidate.address} {candidate.port} typ {candidate.type}"
    )
    if candidate.related_address is not None:
        text += f" raddr {candidate.related_address}"
    if candidate.related_port is not None:
        text += f" rport {candidate.related_port}"
    if candidate.tcp_type is not None:
        text += f" tcptype {candidate.tcp_type}"
    return text


def _number(text: str, high: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 10) or int(text) > high:
        raise SdpError(f"a candidate's number is not one from 0 to {high}")
    return int(text)
