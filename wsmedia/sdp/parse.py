"""Read a peer's session description (RFC 8866, RFC 9429 §5.8): strict on what matters, deaf to what is unknown.

The peer may be anybody, so every count has a bound and every fault ends in ``SdpError``, never in anything else.
"""

from __future__ import annotations

from collections.abc import Callable

from wsmedia.errors import SdpError
from wsmedia.sdp.candidate import parse_candidate
from wsmedia.sdp.description import (
    Direction,
    Fingerprint,
    HeaderExtension,
    MediaSection,
    Msid,
    PayloadFormat,
    SessionDescription,
    Setup,
    SsrcGroup,
)

MAX_LENGTH = 400_000
MAX_SECTIONS = 256
MAX_ATTRIBUTES = 1000
MAX_CANDIDATES = 64
MAX_FORMATS = 128
MAX_FEEDBACK = 32
"""Kinds of feedback that are kept of one format; the rest is cut off, for each line of ``*`` counts for all."""

STATIC_FORMATS = {0: ("PCMU", 8000), 8: ("PCMA", 8000), 9: ("G722", 8000)}


def parse(text: str) -> SessionDescription:
    """Read a session description.

    Args:
        text: lines ended by CRLF or LF; at most 400,000 characters and 256 m-sections.
    Returns:
        what it says; session-level ICE and DTLS attributes stand in each section that has none of its own.
    Raises:
        SdpError: too long, no version line, or an attribute that is understood is malformed.
    """
    if len(text) > MAX_LENGTH:
        raise SdpError(f"the session description is longer than {MAX_LENGTH} characters")
    lines = [line for line in text.replace("\r\n", "\n").split("\n") if line]
    if not lines or lines[0] != "v=0":
        raise SdpError("the session description does not begin with v=0")
    session = SessionDescription()
    common = MediaSection(kind="session")
    section = common
    attributes = 0
    for line in lines[1:]:
        kind, separator, value = line.partition("=")
        if separator != "=" or len(kind) != 1:
            raise SdpError("a line of the session description is not of the form x=value")
        if kind == "m":
            section = _parse_media_line(value)
            session.media.append(section)
            attributes = 0
            if len(session.media) > MAX_SECTIONS:
                raise SdpError(f"the session description has more than {MAX_SECTIONS} m-sections")
        elif kind == "o":
            session.session_id, session.session_version = _parse_origin(value)
        elif kind == "a":
            attributes += 1
            if attributes > MAX_ATTRIBUTES:
                raise SdpError(f"a section has more than {MAX_ATTRIBUTES} attributes")
            name, _, content = value.partition(":")
            if section is common and name in _SESSION_ATTRIBUTES:
                _SESSION_ATTRIBUTES[name](session, content)
            elif name in _ATTRIBUTES:
                _ATTRIBUTES[name](section, content)
    _complete(session, common)
    return session


def _parse_media_line(value: str) -> MediaSection:
    fields = value.split()
    if len(fields) < 4:
        raise SdpError("an m-line has fewer than four fields")
    if len(fields) > 3 + MAX_FORMATS:
        raise SdpError(f"an m-line has more than {MAX_FORMATS} formats")
    port = _integer(fields[1].partition("/")[0], 0, 65535, "m-line port")
    section = MediaSection(kind=fields[0], port=port, protocol=fields[2], protocol_formats=fields[3:])
    if "RTP/" in section.protocol:
        for text in section.protocol_formats:
            payload_type = _integer(text, 0, 127, "payload type")
            name, clock_rate = STATIC_FORMATS.get(payload_type, ("", 0))
            section.formats.append(PayloadFormat(payload_type, name, clock_rate))
    return section


def _parse_origin(value: str) -> tuple[int, int]:
    fields = value.split()
    if len(fields) != 6:
        raise SdpError("the o-line does not have six fields")
    return _integer(fields[1], 0, 2**64 - 1, "session id"), _integer(fields[2], 0, 2**64 - 1, "session version")


def _integer(text: str, low: int, high: int, what: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 20) or not low <= int(text) <= high:
        raise SdpError(f"{what} is not a number from {low} to {high}")
    return int(text)


def _complete(session: SessionDescription, common: MediaSection) -> None:
    """Hand session-level attributes down and drop payload types that no rtpmap explains."""
    seen: set[str] = set()
    for section in session.media:
        transport, inherited = section.transport, common.transport
        transport.ufrag = transport.ufrag or inherited.ufrag
        transport.password = transport.password or inherited.password
        transport.fingerprints = transport.fingerprints or list(inherited.fingerprints)
        transport.setup = transport.setup or inherited.setup
        transport.ice_lite = session.ice_lite
        if section.extensions == []:
            section.extensions = list(common.extensions)
        if section.mid:
            if section.mid in seen:
                raise SdpError("two m-sections have the same mid")
            seen.add(section.mid)
        section.formats = [item for item in section.formats if item.name]


# Session-level attributes.


def _group(session: SessionDescription, value: str) -> None:
    semantics, *mids = value.split() or [""]
    if semantics == "BUNDLE" and not session.bundle:
        session.bundle = mids


def _ice_lite(session: SessionDescription, _value: str) -> None:
    session.ice_lite = True


# Attributes of a section (some of them also at session level, as defaults).


def _format(section: MediaSection, text: str) -> PayloadFormat | None:
    payload_type = _integer(text, 0, 127, "payload type")
    return next((item for item in section.formats if item.payload_type == payload_type), None)


def _rtpmap(section: MediaSection, value: str) -> None:
    payload_type, _, encoding = value.partition(" ")
    item = _format(section, payload_type)
    fields = encoding.strip().split("/")
    if len(fields) < 2:
        raise SdpError("an rtpmap has no clock rate")
    if item is not None:
        item.name = fields[0]
        item.clock_rate = _integer(fields[1], 1, 10**9, "clock rate")
        item.channels = _integer(fields[2], 1, 255, "channel count") if len(fields) > 2 else 1


def _fmtp(section: MediaSection, value: str) -> None:
    payload_type, _, parameters = value.partition(" ")
    item = _format(section, payload_type)
    if item is not None:
        for parameter in parameters.split(";"):
            name, _, content = parameter.strip().partition("=")
            if name:
                item.parameters[name.strip().lower()] = content.strip()


def _rtcp_fb(section: MediaSection, value: str) -> None:
    payload_type, _, feedback = value.partition(" ")
    feedback = " ".join(feedback.split())
    chosen = section.formats if payload_type == "*" else [_format(section, payload_type)]
    for item in chosen:
        if item is not None and feedback and len(item.feedback) < MAX_FEEDBACK and feedback not in item.feedback:
            item.feedback.append(feedback)


def _extmap(section: MediaSection, value: str) -> None:
    fields = value.split()
    if len(fields) < 2:
        raise SdpError("an extmap has no URI")
    identifier = fields[0].partition("/")[0]
    section.extensions.append(HeaderExtension(_integer(identifier, 1, 4351, "header extension id"), fields[1]))


def _mid(section: MediaSection, value: str) -> None:
    if not value or len(value) > 64 or any(not 33 <= ord(character) < 127 for character in value):
        raise SdpError("a mid is empty, too long or not printable ASCII")
    section.mid = value


def _ssrc(section: MediaSection, value: str) -> None:
    number, _, attribute = value.partition(" ")
    ssrc = _integer(number, 0, 2**32 - 1, "SSRC")
    if ssrc not in section.ssrcs:
        section.ssrcs.append(ssrc)
    name, _, content = attribute.partition(":")
    if name == "cname":
        section.cname = content
    elif name == "msid" and section.msid is None:
        _msid(section, content)


def _ssrc_group(section: MediaSection, value: str) -> None:
    semantics, *ssrcs = value.split() or [""]
    section.ssrc_groups.append(SsrcGroup(semantics, tuple(_integer(text, 0, 2**32 - 1, "SSRC") for text in ssrcs)))


def _msid(section: MediaSection, value: str) -> None:
    fields = value.split()
    if fields:
        section.msid = Msid(fields[0], fields[1] if len(fields) > 1 else "")


def _fingerprint(section: MediaSection, value: str) -> None:
    algorithm, _, digest = value.partition(" ")
    digest = digest.strip().upper()
    if not digest or not set(digest) <= set("0123456789ABCDEF:"):
        raise SdpError("a fingerprint is not hexadecimal octets joined by colons")
    section.transport.fingerprints.append(Fingerprint(algorithm.lower(), digest))


def _setup(section: MediaSection, value: str) -> None:
    try:
        section.transport.setup = Setup(value.strip())
    except ValueError:
        raise SdpError("the setup attribute is none of actpass, active, passive") from None


def _candidate(section: MediaSection, value: str) -> None:
    candidate = parse_candidate(value)
    if len(section.transport.candidates) < MAX_CANDIDATES:
        section.transport.candidates.append(candidate)


def _ufrag(section: MediaSection, value: str) -> None:
    section.transport.ufrag = _ice_characters(value, 4, "ice-ufrag")


def _password(section: MediaSection, value: str) -> None:
    section.transport.password = _ice_characters(value, 22, "ice-pwd")


def _ice_characters(value: str, shortest: int, what: str) -> str:
    # RFC 8839 §5.4 allows letters, digits, + and /; some peers also write - and _, which do no harm.
    if not shortest <= len(value) <= 256 or not all(c.isascii() and (c.isalnum() or c in "+/-_=") for c in value):
        raise SdpError(f"{what} is too short, too long or has forbidden characters")
    return value


def _direction(direction: Direction) -> Callable[[MediaSection, str], None]:
    def apply(section: MediaSection, _value: str) -> None:
        section.direction = direction

    return apply


def _flag(name: str) -> Callable[[MediaSection, str], None]:
    def apply(section: MediaSection, _value: str) -> None:
        setattr(section, name, True)

    return apply


_SESSION_ATTRIBUTES: dict[str, Callable[[SessionDescription, str], None]] = {"group": _group, "ice-lite": _ice_lite}

_ATTRIBUTES: dict[str, Callable[[MediaSection, str], None]] = {
    "rtpmap": _rtpmap,
    "fmtp": _fmtp,
    "rtcp-fb": _rtcp_fb,
    "extmap": _extmap,
    "mid": _mid,
    "ssrc": _ssrc,
    "ssrc-group": _ssrc_group,
    "msid": _msid,
    "fingerprint": _fingerprint,
    "setup": _setup,
    "candidate": _candidate,
    "ice-ufrag": _ufrag,
    "ice-pwd": _password,
    "rtcp-mux": _flag("rtcp_mux"),
    "rtcp-rsize": _flag("rtcp_reduced_size"),
    "bundle-only": _flag("bundle_only"),
    "end-of-candidates": _flag("end_of_candidates"),
    **{str(direction): _direction(direction) for direction in Direction},
}
