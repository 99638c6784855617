"""Offer and answer for one connection (RFC 9429 §5): keeps m-sections in order, refuses them singly, recycles places.

Works on parsed descriptions and touches no network; ``PeerConnection`` adds text, transport and callbacks.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace

from wsmedia.errors import SdpError
from wsmedia.media import Codec, MediaKind
from wsmedia.peer.inlet import ReceiveParameters
from wsmedia.peer.numbering import AUDIO_ONLY_URIS, EXTENSION_URIS, Numbering
from wsmedia.peer.receiver import RtpReceiver
from wsmedia.peer.section import Section
from wsmedia.peer.sender import RtpSender
from wsmedia.rtp.timeline import RemoteClock
from wsmedia.sdp import (
    Direction,
    MediaSection,
    PayloadFormat,
    SessionDescription,
    TransportParameters,
    encodings,
    sections,
    usable_formats,
)


class Negotiation:
    """The state of one connection's descriptions.

    Args:
        make_receiver: makes the receiver of a section in which the peer begins to send.
        cname: our canonical name.
        retransmission: whether RTX is used.

    Attributes:
        sections: in the order of the m-lines.
        receivers_added, receivers_removed, senders_rejected: what the last negotiation changed; the connection tells
            its owner and clears them.
        reduced_size: whether the peer takes reduced-size RTCP in every section.
    """

    def __init__(self, make_receiver: Callable[[ReceiveParameters], RtpReceiver], cname: str, retransmission: bool):
        self.sections: list[Section] = []
        self.receivers_added: list[RtpReceiver] = []
        self.receivers_removed: list[RtpReceiver] = []
        self.senders_rejected: list[RtpSender] = []
        self.reduced_size = False
        self._make_receiver = make_receiver
        self._cname = cname
        self._retransmission = retransmission
        self._numbering = Numbering()
        self._waiting: list[RtpSender] = []
        self._wanted: list[Codec] = []
        self._clocks: dict[tuple[str, str | None], RemoteClock] = {}
        self._next_mid = 0
        self._session_id = secrets.randbits(62)
        self._version = 0

    # Intentions

    def add_sender(self, sender: RtpSender) -> None:
        """Give the sender a section in the next offer, or one that the peer's next offer has room in."""
        self._waiting.append(sender)

    def remove_sender(self, sender: RtpSender) -> None:
        """Stop the sender; its section says so from the next description on."""
        if sender in self._waiting:
            self._waiting.remove(sender)
        for section in self.sections:
            if section.sender is sender:
                section.sender = None
        sender.configure(None)

    def add_receiver_section(self, codec: Codec) -> None:
        """Offer to receive one more track in ``codec``."""
        self._wanted.append(codec)

    # Our offers

    def offer(self, local: TransportParameters) -> SessionDescription:
        """Describe every section, with new or recycled ones for senders and wishes that have none yet."""
        for sender in self._waiting:
            self._find_place(sender)
        self._waiting.clear()
        for codec in self._wanted:
            self._new_place(codec.kind, codec).wants_to_receive = True
        self._wanted.clear()
        description = self._describe([section.mid for section in self.sections if section.alive])
        bare = replace(local, candidates=[])
        for section in self.sections:
            if section.refused is not None:
                description.media.append(sections.refused(section.refused))
                continue
            direction = Direction.of(sends=section.sender is not None, receives=section.wants_to_receive)
            first = all(other.rejected for other in description.media)
            description.media.append(section.describe(direction, local if first else bare, cname=self._cname))
        return description

    def _find_place(self, sender: RtpSender) -> None:
        for section in self.sections:
            idle = section.alive and section.offered_here and section.sender is None and not section.wants_to_receive
            if idle and section.kind == sender.track.kind and section.encoding_for(sender) is not None:
                section.assign(sender)
                return
        self._new_place(sender.track.kind, sender.track.codec).assign(sender)

    def _new_place(self, kind: MediaKind, codec: Codec) -> Section:
        """A section on the place of a dead one (RFC 9429 §5.2.2), or at the end."""
        used = {section.mid for section in self.sections}
        while str(self._next_mid) in used:
            self._next_mid += 1
        section = Section(kind, str(self._next_mid), offered_here=True)
        self._next_mid += 1
        section.formats = self._numbering.formats(codec, retransmission=self._retransmission)
        section.extensions = self._numbering.extensions(kind)
        for index, other in enumerate(self.sections):
            if not other.alive:
                self.sections[index] = section
                return section
        self.sections.append(section)
        return section

    def accept_answer(self, answer: SessionDescription) -> None:
        """Apply the peer's answer to our last offer.

        Raises:
            SdpError: it has another number of sections, or a section of another kind.
        """
        if len(answer.media) != len(self.sections):
            raise SdpError("the answer does not have as many m-sections as the offer")
        if any(remote.kind != section.kind for section, remote in zip(self.sections, answer.media, strict=True)):
            raise SdpError("the answer has an m-section of another kind than the offer")
        usable = self._usable(answer)
        for index, (section, remote) in enumerate(zip(self.sections, answer.media, strict=True)):
            if not section.alive:
                continue
            formats = self._formats(remote)
            if index not in usable or not formats:
                self._kill(section, remote)
                continue
            self._agree(section, remote, formats)
        self._forget_clocks()

    # The peer's offers

    def answer(self, offer: SessionDescription, local: TransportParameters) -> SessionDescription:
        """Apply the peer's offer and describe our answer; what cannot be carried is refused section by section.

        Raises:
            SdpError: it has fewer sections than were negotiated before.
        """
        if len(offer.media) < len(self.sections):
            raise SdpError("the offer has fewer m-sections than before")
        usable = self._usable(offer)
        bare = replace(local, candidates=[])
        media: list[MediaSection] = []
        mids: list[str] = []
        for index, remote in enumerate(offer.media):
            formats = self._formats(remote) if index in usable else []
            section = self._place(index, remote, alive=bool(formats))
            if not formats:
                media.append(sections.refused(remote))
                continue
            section.formats = formats
            if remote.direction.receives and section.sender is None:
                waiting = (s for s in self._waiting if s.track.kind == section.kind and section.encoding_for(s))
                if (sender := next(waiting, None)) is not None:
                    self._waiting.remove(sender)
                    section.assign(sender)
            formats = _narrowed(section, remote, formats)
            self._agree(section, remote, formats)
            sends = section.sender is not None and section.sender.parameters is not None
            direction = Direction.of(sends=sends, receives=section.receiver is not None)
            transport = bare if mids else local
            media.append(section.describe(direction, transport, cname=self._cname, protocol=remote.protocol))
            mids.append(remote.mid)
        self._forget_clocks()
        description = self._describe(mids if offer.bundle else [])
        description.media = media
        return description

    def _place(self, index: int, remote: MediaSection, *, alive: bool) -> Section:
        """The section at ``index``: the one that was there, or a fresh one if it is new, recycled or refused."""
        known = self.sections[index] if index < len(self.sections) else None
        if known is not None and known.alive and alive and known.mid == remote.mid and known.kind == remote.kind:
            return known
        if known is not None and known.alive:
            self._kill(known, remote)
        section = Section(remote.kind, remote.mid, refused=None if alive else remote, wants_to_receive=True)
        if known is None:
            self.sections.append(section)
        else:
            self.sections[index] = section
        return section

    # Both ways

    def _usable(self, remote: SessionDescription) -> set[int]:
        """The indexes of the sections that live on the transport that we use and that we can carry."""
        mids = sections.bundled_mids(remote)
        chosen = [index for index, section in enumerate(remote.media) if not section.rejected and section.mid in mids]
        if not remote.bundle:
            chosen = chosen[:1]
        return {index for index in chosen if sections.is_media(remote.media[index])}

    def _formats(self, remote: MediaSection) -> list[PayloadFormat]:
        formats = usable_formats(remote)
        return formats if self._retransmission else [item for item in formats if item.name.lower() != "rtx"]

    def _agree(self, section: Section, remote: MediaSection, formats: list[PayloadFormat]) -> None:
        section.formats = formats
        section.extensions = sections.shared_extensions(
            remote.extensions, EXTENSION_URIS, section.kind, AUDIO_ONLY_URIS
        )
        self._numbering.learn(remote, formats)
        self.reduced_size = remote.rtcp_reduced_size
        section.configure_sender(allowed=remote.direction.receives)
        if not (remote.direction.sends and section.wants_to_receive):
            self._remove_receiver(section)
            return
        parameters = self._receive_parameters(section, remote)
        receiver = section.receiver
        if receiver is not None and (receiver.stream_id, receiver.track_id) == (
            parameters.stream_id,
            parameters.track_id,
        ):
            receiver.configure(parameters)
            return
        self._remove_receiver(section)
        section.receiver = self._make_receiver(parameters)
        self.receivers_added.append(section.receiver)

    def _receive_parameters(self, section: Section, remote: MediaSection) -> ReceiveParameters:
        # RFC 8830 §2: "-" says that the track belongs to no stream.
        stream_id = remote.msid.stream_id if remote.msid and remote.msid.stream_id != "-" else ""
        clock = self._clocks.setdefault((stream_id, remote.cname), RemoteClock())
        return ReceiveParameters(
            mid=section.mid,
            encodings=tuple(encodings(section.formats)),
            extensions=section.extension_map(),
            ssrcs=tuple(remote.media_ssrcs),
            retransmission_ssrcs=tuple(remote.retransmission_ssrcs),
            stream_id=stream_id,
            track_id=remote.msid.track_id if remote.msid else "",
            clock=clock,
        )

    def _kill(self, section: Section, remote: MediaSection) -> None:
        """The place is dead: refused by either side, or taken by another section."""
        self._remove_receiver(section)
        if section.sender is not None:
            section.sender.configure(None)
            self.senders_rejected.append(section.sender)
            section.sender = None
        section.refused = remote

    def _remove_receiver(self, section: Section) -> None:
        if section.receiver is not None:
            self.receivers_removed.append(section.receiver)
            section.receiver = None

    def _forget_clocks(self) -> None:
        used = {id(section.receiver.parameters.clock) for section in self.sections if section.receiver is not None}
        self._clocks = {key: clock for key, clock in self._clocks.items() if id(clock) in used}

    def _describe(self, bundle: list[str]) -> SessionDescription:
        self._version += 1
        return SessionDescription(bundle=bundle, session_id=self._session_id, session_version=self._version)


def _narrowed(section: Section, remote: MediaSection, formats: list[PayloadFormat]) -> list[PayloadFormat]:
    """The formats of one codec where we receive: the one that we send too or have received so far, else the first.

    A peer may change between what was agreed as it likes, and a track of ours has one codec. Where we only send, all
    stay: the peer can take any of them, and a sender may carry one track after another.
    """
    if not (remote.direction.sends and section.wants_to_receive):
        return formats
    known = encodings(formats)
    held = section.sender.track.codec if section.sender else section.receiver.codec if section.receiver else None
    codec = held if any(encoding.codec is held for encoding in known) else known[0].codec
    kept = {encoding.payload_type for encoding in known if encoding.codec is codec}
    kept |= {encoding.rtx_payload_type for encoding in known if encoding.codec is codec and encoding.rtx_payload_type}
    return [item for item in formats if item.payload_type in kept]
