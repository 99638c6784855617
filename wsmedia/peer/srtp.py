"""One direction of SRTP and SRTCP on libsrtp, through pylibsrtp's session but without its cost per packet.

pylibsrtp allocates and calls twice for each packet; here a frame's packets take one call. This is the only file that
touches pylibsrtp's internals, and ``tests/peer/test_srtp.py`` fails when they move.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pylibsrtp
from pylibsrtp import Error, Session

MAX_PLAIN_PACKET = 1500 - 148
"""libsrtp works in place, in pylibsrtp's buffer of 1500 octets, and may need 148 of them for the trailer."""

_MAX_PROTECTED = 1500

MAX_RECENT_SOURCES = 1024
"""libsrtp keeps state for each SSRC that it has ever seen; a peer that invents them must not fill the memory."""


class MediaCipher:
    """Protects or unprotects packets; a session serves one direction.

    Args:
        session: keyed by the DTLS handshake.
    """

    def __init__(self, session: Session) -> None:
        internals: Any = session
        binding: Any = pylibsrtp
        self._session = session  # owns the memory below
        self._handle: Any = internals._srtp[0]
        self._memory: Any = internals._cdata
        self._buffer: Any = internals._buffer
        self._length: Any = binding.ffi.new("int *")
        self._protect_rtp: Callable[..., int] = binding.lib.srtp_protect
        self._protect_rtcp: Callable[..., int] = binding.lib.srtp_protect_rtcp
        self._unprotect_rtp: Callable[..., int] = binding.lib.srtp_unprotect
        self._unprotect_rtcp: Callable[..., int] = binding.lib.srtp_unprotect_rtcp
        self._recent: set[bytes] = set()
        self._earlier: set[bytes] = set()

    def protect(self, packets: Sequence[bytes]) -> list[bytes]:
        """Protect RTP packets.

        Raises:
            ValueError: one is longer than ``MAX_PLAIN_PACKET``.
            pylibsrtp.Error: libsrtp refuses, as for a sequence number that was protected before.
        """
        function, handle, memory, buffer, length = (
            self._protect_rtp,
            self._handle,
            self._memory,
            self._buffer,
            self._length,
        )
        protected = []
        for packet in packets:
            size = len(packet)
            if size > MAX_PLAIN_PACKET:
                raise ValueError("packet is too long")
            length[0] = size
            buffer[0:size] = packet
            status = function(handle, memory, length)
            if status:
                raise Error(f"libsrtp refuses with status {status}")
            protected.append(buffer[0 : length[0]])
        return protected

    def protect_rtcp(self, packet: bytes) -> bytes:
        """Protect one RTCP compound; errors as in ``protect``."""
        return self._process(self._protect_rtcp, packet, MAX_PLAIN_PACKET)

    def unprotect(self, packet: bytes) -> bytes:
        """Verify and decrypt one RTP packet.

        Raises:
            ValueError: longer than any packet of ours.
            pylibsrtp.Error: forged, repeated or too old.
        """
        plain = self._process(self._unprotect_rtp, packet, _MAX_PROTECTED)
        if (ssrc := packet[8:12]) not in self._recent:
            self._note_source(ssrc)
        return plain

    def unprotect_rtcp(self, packet: bytes) -> bytes:
        """Verify and decrypt one RTCP compound; errors as in ``unprotect``."""
        plain = self._process(self._unprotect_rtcp, packet, _MAX_PROTECTED)
        if (ssrc := packet[4:8]) not in self._recent:
            self._note_source(ssrc)
        return plain

    def _note_source(self, ssrc: bytes) -> None:
        """Remember a source; after each 1024 new ones, those that were silent meanwhile are forgotten."""
        self._recent.add(ssrc)
        if len(self._recent) < MAX_RECENT_SOURCES:
            return
        for silent in self._earlier - self._recent:
            self._session.remove_stream(int.from_bytes(silent))
        self._earlier, self._recent = self._recent, set()

    def _process(self, function: Callable[..., int], packet: bytes, limit: int) -> bytes:
        size = len(packet)
        if size > limit:
            raise ValueError("packet is too long")
        length, buffer = self._length, self._buffer
        length[0] = size
        buffer[0:size] = packet
        status = function(self._handle, self._memory, length)
        if status:
            raise Error(f"libsrtp refuses with status {status}")
        result: bytes = buffer[0 : length[0]]
        return result
