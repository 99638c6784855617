"""Offer/answer rules that need no state (RFC 3264, RFC 9143, RFC 9429 §5): refusing a section, choosing extensions and
roles, and what makes a section acceptable at all."""

from __future__ import annotations

from collections.abc import Collection

from wsmedia.errors import SdpError
from wsmedia.sdp.description import Direction, HeaderExtension, MediaSection, SessionDescription, Setup

MEDIA_PROTOCOLS = frozenset(("UDP/TLS/RTP/SAVPF", "RTP/SAVPF", "UDP/TLS/RTP/SAVP", "RTP/SAVP", "TCP/DTLS/RTP/SAVPF"))


def refused(offered: MediaSection) -> MediaSection:
    """The answer that turns a section down: port 0, its formats echoed as RFC 3264 §6 wants."""
    return MediaSection(
        kind=offered.kind,
        port=0,
        protocol=offered.protocol,
        protocol_formats=list(offered.protocol_formats),
        mid=offered.mid,
        direction=Direction.INACTIVE,
    )


def bundled_mids(description: SessionDescription) -> list[str]:
    """The mids that share the transport that we use; without BUNDLE only the first section that is not refused.

    Sections without a mid get none here: their place is kept, and they are refused unless they are that first one.
    """
    alive = [section for section in description.media if not section.rejected]
    if description.bundle:
        known = {section.mid for section in alive}
        return [mid for mid in description.bundle if mid in known]
    return [alive[0].mid] if alive else []


def is_media(section: MediaSection) -> bool:
    """Whether a section is audio or video over DTLS-SRTP with RTP and RTCP multiplexed, all that we carry."""
    return section.kind in ("audio", "video") and section.protocol in MEDIA_PROTOCOLS and section.rtcp_mux


def shared_extensions(
    offered: list[HeaderExtension], supported: Collection[str], kind: str, audio_only: Collection[str] = ()
) -> list[HeaderExtension]:
    """The offered extensions that we support, under the offered ids (RFC 8285 §6); each URI and id once.

    Args:
        offered: the peer's extmap lines.
        supported: URIs that we support.
        kind: ``audio`` or ``video``.
        audio_only: URIs that make no sense for video.
    """
    chosen: list[HeaderExtension] = []
    for extension in offered:
        if extension.uri not in supported or (kind != "audio" and extension.uri in audio_only):
            continue
        if extension.extension_id > 255 or extension.extension_id == 15:
            continue
        if all(extension.uri != other.uri and extension.extension_id != other.extension_id for other in chosen):
            chosen.append(extension)
    return chosen


def answered_setup(offered: Setup | None) -> Setup:
    """Our DTLS role in a first answer: active where the offer leaves the choice (RFC 8842 §5.3)."""
    return Setup.PASSIVE if offered is Setup.ACTIVE else Setup.ACTIVE


def first_transport(description: SessionDescription, mids: list[str]) -> MediaSection:
    """The section whose ICE and DTLS parameters stand for the whole bundle (RFC 9143 §7.2).

    Raises:
        SdpError: no section can be used, or ICE credentials or the fingerprint are missing.
    """
    for section in description.media:
        if section.rejected or section.mid not in mids or section.bundle_only:
            continue
        transport = section.transport
        if not transport.ufrag or not transport.password:
            raise SdpError("the session description has no ICE credentials")
        if not transport.fingerprints:
            raise SdpError("the session description has no DTLS fingerprint")
        return section
    raise SdpError("no section of the session description can carry media")
