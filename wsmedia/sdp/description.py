"""What a session description says, as typed values: the m-sections and their attributes that wsmedia understands.

``parse`` makes these from a peer's text and ``write`` turns them into text; negotiation works on these alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Direction(StrEnum):
    """Which way media flows in a section, seen from the description's author (RFC 8866 §6.7)."""

    SENDRECV = "sendrecv"
    SENDONLY = "sendonly"
    RECVONLY = "recvonly"
    INACTIVE = "inactive"

    @classmethod
    def of(cls, *, sends: bool, receives: bool) -> Direction:
        """The direction of an author that sends and receives as told."""
        if sends:
            return cls.SENDRECV if receives else cls.SENDONLY
        return cls.RECVONLY if receives else cls.INACTIVE

    @property
    def sends(self) -> bool:
        """Whether the author sends."""
        return self in (Direction.SENDRECV, Direction.SENDONLY)

    @property
    def receives(self) -> bool:
        """Whether the author receives."""
        return self in (Direction.SENDRECV, Direction.RECVONLY)


class Setup(StrEnum):
    """Who opens the DTLS association (RFC 4145 §4, RFC 8842)."""

    ACTPASS = "actpass"
    ACTIVE = "active"
    PASSIVE = "passive"


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """A certificate's digest (RFC 8122): ``sha-256`` and upper-case hex octets joined by colons."""

    algorithm: str
    value: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """One ICE candidate (RFC 8839 §5.1). ``address`` may be a name; wsmedia never resolves it."""

    foundation: str
    component: int
    transport: str
    priority: int
    address: str
    port: int
    type: str
    related_address: str | None = None
    related_port: int | None = None
    tcp_type: str | None = None


@dataclass(slots=True)
class PayloadFormat:
    """A payload type with its ``rtpmap``, ``fmtp`` and ``rtcp-fb`` (RFC 8866 §6.6, RFC 4585 §4.2).

    ``name`` keeps the author's case; compare it in lower case. ``feedback`` holds ``nack``, ``nack pli`` and so on.
    """

    payload_type: int
    name: str
    clock_rate: int
    channels: int = 1
    parameters: dict[str, str] = field(default_factory=dict)
    feedback: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class HeaderExtension:
    """An ``extmap`` line (RFC 8285 §8): the id under which a header extension travels."""

    extension_id: int
    uri: str


@dataclass(frozen=True, slots=True)
class SsrcGroup:
    """An ``ssrc-group`` line (RFC 5576 §4.2); ``FID`` names a source and its retransmission (RFC 4588 §8.8)."""

    semantics: str
    ssrcs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Msid:
    """A ``msid`` line (RFC 8830): the stream (a participant's label) and the track within it."""

    stream_id: str
    track_id: str = ""


@dataclass(slots=True)
class TransportParameters:
    """ICE and DTLS parameters of one side (RFC 8839 §5.4, RFC 8842)."""

    ufrag: str = ""
    password: str = ""
    fingerprints: list[Fingerprint] = field(default_factory=list)
    setup: Setup | None = None
    candidates: list[Candidate] = field(default_factory=list)
    ice_lite: bool = False


@dataclass(slots=True)
class MediaSection:
    """One m-section. ``protocol_formats`` are the m-line's last fields as text, kept for echoing unknown ones."""

    kind: str
    port: int = 9
    protocol: str = "UDP/TLS/RTP/SAVPF"
    protocol_formats: list[str] = field(default_factory=list)
    mid: str = ""
    direction: Direction = Direction.SENDRECV
    formats: list[PayloadFormat] = field(default_factory=list)
    extensions: list[HeaderExtension] = field(default_factory=list)
    rtcp_mux: bool = False
    rtcp_reduced_size: bool = False
    bundle_only: bool = False
    end_of_candidates: bool = False
    msid: Msid | None = None
    cname: str | None = None
    ssrcs: list[int] = field(default_factory=list)
    ssrc_groups: list[SsrcGroup] = field(default_factory=list)
    transport: TransportParameters = field(default_factory=TransportParameters)

    @property
    def rejected(self) -> bool:
        """Whether the section is refused or stopped: port 0 without ``bundle-only`` (RFC 9143 §6, RFC 9429 §5.2.2)."""
        return self.port == 0 and not self.bundle_only

    @property
    def retransmission_ssrcs(self) -> dict[int, int]:
        """Retransmission SSRC → its source's SSRC, from the FID groups."""
        return {
            group.ssrcs[1]: group.ssrcs[0]
            for group in self.ssrc_groups
            if group.semantics == "FID" and len(group.ssrcs) == 2
        }

    @property
    def media_ssrcs(self) -> list[int]:
        """The declared SSRCs that are not retransmissions, in the author's order."""
        retransmissions = self.retransmission_ssrcs
        return [ssrc for ssrc in self.ssrcs if ssrc not in retransmissions]


@dataclass(slots=True)
class SessionDescription:
    """A whole description: ``bundle`` lists the mids that share one transport (RFC 9143)."""

    media: list[MediaSection] = field(default_factory=list)
    bundle: list[str] = field(default_factory=list)
    session_id: int = 0
    session_version: int = 0
    ice_lite: bool = False
