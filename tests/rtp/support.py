"""Strategies and small helpers that the RTP tests share."""

from __future__ import annotations

from hypothesis import strategies as st

from wsmedia.rtp.packet import RtpPacket

u8 = st.integers(0, 0xFF)
u16 = st.integers(0, 0xFFFF)
u32 = st.integers(0, 0xFFFFFFFF)
u64 = st.integers(0, 0xFFFFFFFFFFFFFFFF)


def numbered(sequence_number: int, payload: bytes = b"x", *, rtp_timestamp: int = 0, marker: bool = False) -> RtpPacket:
    return RtpPacket(96, sequence_number & 0xFFFF, rtp_timestamp, 1, payload, marker)
