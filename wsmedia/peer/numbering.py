"""Which payload types and header extension ids our own offers use: the peer's where it has named some (one bundle has
one meaning for each number, RFC 9143 §10.1), customary ones otherwise."""

from __future__ import annotations

from wsmedia.media import Codec, MediaKind
from wsmedia.rtp.header_extensions import ABS_SEND_TIME_URI, AUDIO_LEVEL_URI, MID_URI, TRANSPORT_CC_URI
from wsmedia.sdp import HeaderExtension, MediaSection, PayloadFormat, encodings, offered_formats

EXTENSION_URIS = (AUDIO_LEVEL_URI, ABS_SEND_TIME_URI, TRANSPORT_CC_URI, MID_URI)
AUDIO_ONLY_URIS = frozenset((AUDIO_LEVEL_URI,))

_CUSTOMARY_PAYLOAD_TYPES = {Codec.OPUS: 111, Codec.VP8: 96, Codec.VP9: 98, Codec.H264: 102, Codec.AV1: 45}
_CUSTOMARY_IDS = {AUDIO_LEVEL_URI: 1, ABS_SEND_TIME_URI: 2, TRANSPORT_CC_URI: 3, MID_URI: 4}


class Numbering:
    """The numbers of one connection."""

    def __init__(self) -> None:
        self._used_payload_types: set[int] = set()
        self._chosen: dict[Codec, tuple[int, int | None]] = {}
        self._ids: dict[str, int] = {}
        self._used_ids: set[int] = set()

    def learn(self, remote: MediaSection, formats: list[PayloadFormat]) -> None:
        """Note what a peer's section uses; ``formats`` are those of them that we use too."""
        self._used_payload_types.update(item.payload_type for item in remote.formats)
        for encoding in encodings(formats):
            if encoding.fragmentable:
                self._chosen.setdefault(encoding.codec, (encoding.payload_type, encoding.rtx_payload_type))
        for extension in remote.extensions:
            self._ids.setdefault(extension.uri, extension.extension_id)
            self._used_ids.add(extension.extension_id)

    def formats(self, codec: Codec, *, retransmission: bool) -> list[PayloadFormat]:
        """How our offer names ``codec``."""
        if codec not in self._chosen:
            payload_type = self._free_payload_type(_CUSTOMARY_PAYLOAD_TYPES[codec])
            rtx = self._free_payload_type(payload_type + 1) if codec.kind is MediaKind.VIDEO else None
            self._chosen[codec] = (payload_type, rtx)
        payload_type, rtx = self._chosen[codec]
        return offered_formats(codec, payload_type, rtx if retransmission else None)

    def extensions(self, kind: MediaKind) -> list[HeaderExtension]:
        """The header extensions of a section that we offer."""
        return [
            HeaderExtension(self._extension_id(uri), uri)
            for uri in EXTENSION_URIS
            if kind is MediaKind.AUDIO or uri not in AUDIO_ONLY_URIS
        ]

    def _free_payload_type(self, wanted: int) -> int:
        candidates: list[int] = [wanted, *range(96, 128), *range(35, 64)]
        free = next(number for number in candidates if number not in self._used_payload_types)
        self._used_payload_types.add(free)
        return free

    def _extension_id(self, uri: str) -> int:
        if uri not in self._ids:
            candidates: list[int] = [_CUSTOMARY_IDS[uri], *range(1, 15), *range(16, 256)]
            free = next(number for number in candidates if number not in self._used_ids)
            self._ids[uri] = free
            self._used_ids.add(free)
        return self._ids[uri]
