"""Hypothesis strategies for whole session descriptions that ``write`` can say without loss."""

from __future__ import annotations

from hypothesis import strategies as st

from wsmedia.sdp import (
    Candidate,
    Direction,
    Fingerprint,
    HeaderExtension,
    MediaSection,
    Msid,
    PayloadFormat,
    SessionDescription,
    Setup,
    SsrcGroup,
    TransportParameters,
)

TOKENS = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGH0123456789-", min_size=1, max_size=12)
ICE = "abcdefghijklmnopqrstuvwxyz0123456789+/"

candidates = st.builds(
    Candidate,
    foundation=TOKENS,
    component=st.integers(1, 2),
    transport=st.sampled_from(["udp", "tcp"]),
    priority=st.integers(0, 2**32 - 1),
    address=st.sampled_from(["192.0.2.1", "2001:db8::1", "0b2c7f1e.local"]),
    port=st.integers(0, 65535),
    type=st.sampled_from(["host", "srflx", "prflx", "relay"]),
    related_address=st.none() | st.just("198.51.100.7"),
    related_port=st.none() | st.integers(0, 65535),
    tcp_type=st.none() | st.sampled_from(["active", "passive"]),
)

transports = st.builds(
    TransportParameters,
    ufrag=st.text(ICE, min_size=4, max_size=8),
    password=st.text(ICE, min_size=22, max_size=32),
    fingerprints=st.lists(
        st.builds(Fingerprint, st.sampled_from(["sha-256", "sha-1"]), st.just("AB:CD:EF")), min_size=1, max_size=2
    ),
    setup=st.none() | st.sampled_from(Setup),
    candidates=st.lists(candidates, max_size=2),
)


@st.composite
def sections(draw: st.DrawFn, mid: str) -> MediaSection:
    """One m-section that is not refused."""
    payload_types = draw(st.lists(st.integers(0, 127), unique=True, min_size=1, max_size=4))
    formats = [
        PayloadFormat(
            payload_type,
            draw(st.sampled_from(["opus", "H264", "rtx", "VP8"])),
            draw(st.sampled_from([48_000, 90_000])),
            draw(st.integers(1, 2)),
            draw(st.dictionaries(st.sampled_from(["apt", "x-y", "minptime"]), TOKENS, max_size=2)),
            draw(st.lists(st.sampled_from(["nack", "nack pli", "transport-cc"]), unique=True, max_size=3)),
        )
        for payload_type in payload_types
    ]
    ssrcs = draw(st.lists(st.integers(0, 2**32 - 1), unique=True, max_size=3))
    msid = draw(st.none() | st.builds(Msid, TOKENS, TOKENS))
    cname = draw(TOKENS) if ssrcs else None
    return MediaSection(
        kind=draw(st.sampled_from(["audio", "video"])),
        protocol_formats=[str(payload_type) for payload_type in payload_types],
        mid=mid,
        direction=draw(st.sampled_from(Direction)),
        formats=formats,
        extensions=draw(st.lists(st.builds(HeaderExtension, st.integers(1, 255), TOKENS), max_size=3)),
        rtcp_mux=draw(st.booleans()),
        rtcp_reduced_size=draw(st.booleans()),
        end_of_candidates=draw(st.booleans()),
        msid=msid,
        cname=cname,
        ssrcs=ssrcs,
        ssrc_groups=[SsrcGroup("FID", (ssrcs[0], ssrcs[1]))] if len(ssrcs) > 1 and draw(st.booleans()) else [],
        transport=draw(transports),
    )


@st.composite
def descriptions(draw: st.DrawFn) -> SessionDescription:
    """A whole description."""
    mids = draw(st.lists(TOKENS, unique=True, max_size=2))
    ice_lite = draw(st.booleans())
    media = [draw(sections(mid)) for mid in mids]
    for section in media:
        section.transport.ice_lite = ice_lite
    return SessionDescription(
        media=media,
        bundle=mids if draw(st.booleans()) else [],
        session_id=draw(st.integers(0, 2**63)),
        session_version=draw(st.integers(0, 2**31)),
        ice_lite=ice_lite,
    )
