"""One m-section as a connection keeps it between negotiations: what goes out, what comes in, what was agreed."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from wsmedia.media import Codec
from wsmedia.peer.outlet import OutgoingSource, SendParameters
from wsmedia.peer.receiver import RtpReceiver
from wsmedia.peer.sender import RtpSender
from wsmedia.rtp.header_extensions import ExtensionMap
from wsmedia.sdp import (
    Direction,
    Encoding,
    HeaderExtension,
    MediaSection,
    Msid,
    PayloadFormat,
    SsrcGroup,
    TransportParameters,
    encodings,
)


@dataclass(slots=True)
class Section:
    """A place in the order of m-lines.

    Attributes:
        mid: changes when the place is recycled.
        refused: the section as it must be echoed while the place is dead (port 0); None while it is alive.
        offered_here: whether our own offer made it, so that another sender of ours may take it over.
        wants_to_receive: whether we take what the peer sends in it.
        formats, extensions: what is offered or agreed.
    """

    kind: str
    mid: str
    refused: MediaSection | None = None
    offered_here: bool = False
    wants_to_receive: bool = False
    sender: RtpSender | None = None
    receiver: RtpReceiver | None = None
    source: OutgoingSource = field(default_factory=OutgoingSource)
    track_id: str = field(default_factory=lambda: secrets.token_hex(8))
    formats: list[PayloadFormat] = field(default_factory=list)
    extensions: list[HeaderExtension] = field(default_factory=list)

    @property
    def alive(self) -> bool:
        """Whether the place carries, or may carry, media."""
        return self.refused is None

    def encoding_for(self, sender: RtpSender) -> Encoding | None:
        """What ``sender`` would send here; None if nothing that was agreed suits it."""
        return next((e for e in self._sendable() if e.codec is sender.track.codec), None)

    def _sendable(self) -> list[Encoding]:
        """For every codec that was agreed what we would send."""
        chosen: dict[Codec, Encoding] = {}
        for encoding in encodings(self.formats):
            if encoding.fragmentable:
                chosen.setdefault(encoding.codec, encoding)
        return list(chosen.values())

    def assign(self, sender: RtpSender) -> None:
        """Let ``sender`` send in this section, once negotiated; it continues the section's SSRC and numbers."""
        self.sender = sender
        sender.source = self.source

    def extension_map(self) -> ExtensionMap:
        """The agreed header extensions."""
        return ExtensionMap({item.uri: item.extension_id for item in self.extensions})

    def configure_sender(self, *, allowed: bool) -> None:
        """Start or stop the sender according to what was agreed."""
        if self.sender is None:
            return
        encoding = self.encoding_for(self.sender) if allowed else None
        if encoding is None:
            self.sender.configure(None)
        else:
            others = tuple(other for other in self._sendable() if other is not encoding)
            self.sender.configure(SendParameters(self.mid, encoding, self.extension_map(), others))

    def describe(
        self, direction: Direction, transport: TransportParameters, *, cname: str, protocol: str = "UDP/TLS/RTP/SAVPF"
    ) -> MediaSection:
        """The section as our description says it."""
        section = MediaSection(
            kind=self.kind,
            protocol=protocol,
            mid=self.mid,
            direction=direction,
            formats=self.formats,
            extensions=self.extensions,
            rtcp_mux=True,
            rtcp_reduced_size=True,
            transport=transport,
            end_of_candidates=bool(transport.candidates),
        )
        if direction.sends and self.sender is not None:
            section.msid = Msid(self.sender.stream_id, self.track_id)
            section.cname = cname
            section.ssrcs = [self.source.ssrc]
            if any(encoding.rtx_payload_type is not None for encoding in encodings(self.formats)):
                section.ssrcs.append(self.source.rtx_ssrc)
                section.ssrc_groups = [SsrcGroup("FID", (self.source.ssrc, self.source.rtx_ssrc))]
        return section
