"""Write a session description as text (RFC 8866 §9 order of lines, RFC 9429 §5.2.1 and §5.3.1)."""

from __future__ import annotations

from collections.abc import Iterator

from wsmedia.sdp.candidate import format_candidate
from wsmedia.sdp.description import MediaSection, PayloadFormat, SessionDescription, TransportParameters


def write(description: SessionDescription) -> str:
    """The description's text, lines ended by CRLF.

    Rejected sections (port 0) carry only what RFC 9429 §5.3.1 keeps: the m-line's formats and the mid.
    """
    return "".join(f"{line}\r\n" for line in _lines(description))


def _lines(description: SessionDescription) -> Iterator[str]:
    yield "v=0"
    yield f"o=- {description.session_id} {description.session_version} IN IP4 0.0.0.0"
    yield "s=-"
    yield "t=0 0"
    if description.bundle:
        yield "a=group:BUNDLE " + " ".join(description.bundle)
    if description.ice_lite:
        yield "a=ice-lite"
    yield "a=extmap-allow-mixed"
    yield "a=msid-semantic:WMS *"
    for section in description.media:
        yield from _section_lines(section)


def _section_lines(section: MediaSection) -> Iterator[str]:
    formats = [str(item.payload_type) for item in section.formats] or section.protocol_formats or ["0"]
    yield f"m={section.kind} {section.port} {section.protocol} {' '.join(formats)}"
    yield "c=IN IP4 0.0.0.0"
    if section.mid:
        yield f"a=mid:{section.mid}"
    if section.rejected:
        yield "a=inactive"
        yield from _format_lines(section.formats)
        return
    yield from _transport_lines(section.transport)
    yield f"a={section.direction}"
    if section.rtcp_mux:
        yield "a=rtcp-mux"
    if section.rtcp_reduced_size:
        yield "a=rtcp-rsize"
    for extension in section.extensions:
        yield f"a=extmap:{extension.extension_id} {extension.uri}"
    yield from _format_lines(section.formats)
    yield from _source_lines(section)
    for candidate in section.transport.candidates:
        yield f"a={format_candidate(candidate)}"
    if section.end_of_candidates:
        yield "a=end-of-candidates"


def _transport_lines(transport: TransportParameters) -> Iterator[str]:
    if transport.ufrag and transport.password:
        yield f"a=ice-ufrag:{transport.ufrag}"
        yield f"a=ice-pwd:{transport.password}"
    for fingerprint in transport.fingerprints:
        yield f"a=fingerprint:{fingerprint.algorithm} {fingerprint.value}"
    if transport.setup is not None:
        yield f"a=setup:{transport.setup}"


def _source_lines(section: MediaSection) -> Iterator[str]:
    msid = None if section.msid is None else f"msid:{section.msid.stream_id} {section.msid.track_id}".rstrip()
    if msid is not None:
        yield f"a={msid}"
    for group in section.ssrc_groups:
        yield f"a=ssrc-group:{group.semantics} " + " ".join(map(str, group.ssrcs))
    for ssrc in section.ssrcs:
        if section.cname is not None:
            yield f"a=ssrc:{ssrc} cname:{section.cname}"
        if msid is not None:
            yield f"a=ssrc:{ssrc} {msid}"


def _format_lines(formats: list[PayloadFormat]) -> Iterator[str]:
    for item in formats:
        channels = f"/{item.channels}" if item.channels > 1 else ""
        yield f"a=rtpmap:{item.payload_type} {item.name}/{item.clock_rate}{channels}"
        for feedback in item.feedback:
            yield f"a=rtcp-fb:{item.payload_type} {feedback}"
        if item.parameters:
            parameters = ";".join(f"{name}={content}" if content else name for name, content in item.parameters.items())
            yield f"a=fmtp:{item.payload_type} {parameters}"
