"""Writes encoded frames into a Matroska file (RFC 9559) as they come, without touching their content.

Made for live recordings: tracks may be added at any time (the track list has room to grow at the file's beginning), the
file can be played after a crash, and frames of several tracks are put in order of time although they arrive mixed.
``close`` adds what makes seeking fast. H.264 access units become length-prefixed NAL units (ISO/IEC 14496-15); all
units are kept, so pictures may change their size within a track. VP8, VP9 and AV1 are stored as they travel.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import BinaryIO

from wsmedia.client import ebml
from wsmedia.errors import PayloadError
from wsmedia.media import Codec
from wsmedia.rtp import av1
from wsmedia.rtp.h264_units import PPS, SPS, split_nals

_EBML, _SEGMENT, _SEEK_HEAD, _SEEK, _INFO, _TRACKS = 0x1A45DFA3, 0x18538067, 0x114D9B74, 0x4DBB, 0x1549A966, 0x1654AE6B
_CLUSTER, _SIMPLE_BLOCK, _CUES = 0x1F43B675, 0xA3, 0x1C53BB6B

# Room kept at the file's beginning for parts that are written again later.
_SEEK_HEAD_ROOM = 128
_INFO_ROOM = 512
_TRACKS_ROOM = 8192

_MILLISECOND_NS = 1_000_000
_EPOCH_2001_US = 978_307_200_000_000  # Matroska's dates count from 2001-01-01
_OPUS_SEEK_PREROLL_NS = 80_000_000  # RFC 7845 §4.6: decode this much before the wanted position

_CODEC_IDS = {
    Codec.H264: "V_MPEG4/ISO/AVC",
    Codec.VP8: "V_VP8",
    Codec.VP9: "V_VP9",
    Codec.AV1: "V_AV1",
}

_HOLD_BACK_MS = 500
_CLUSTER_MS = 1000
_MAX_BUFFERED_OCTETS = 8_000_000


class TooManyTracksError(ValueError):
    """The track list at the file's beginning is full."""


@dataclass(slots=True)
class _Block:
    time_us: int
    track_number: int
    data: bytes
    keyframe: bool
    discardable: bool


class MatroskaWriter:
    """One file.

    Frames wait until they are half a second older than the newest, so that tracks interleave by time; at most 8 MB
    wait, then the oldest are written at once.

    Args:
        file: seekable and empty; the writer does not close it.
        title: what players show, as the participant's name.
        date_us: when the recording began, microseconds since the Unix epoch.
    """

    def __init__(self, file: BinaryIO, title: str, date_us: int) -> None:
        self._file = file
        self._title = title
        self._date_us = date_us
        self._entries: list[bytes] = []
        self._video_numbers: set[int] = set()
        self._h264_numbers: set[int] = set()
        self._blocks: list[_Block] = []
        self._buffered_octets = 0
        self._origin_us: int | None = None
        self._end_ms = 0.0
        self._cues: list[bytes] = []
        self._write_beginning()

    def add_track(self, codec: Codec, name: str, keyframe: bytes = b"", width: int = 0, height: int = 0) -> int:
        """Add a track, also after frames of others have been written.

        Args:
            name: for people, as ``camera``.
            keyframe: video only: one, for the decoder's configuration; of H.264 with SPS and PPS.
            width, height: video only: pixels.
        Returns:
            The track number for ``write``.
        Raises:
            TooManyTracksError: there is no room for another. ValueError: see ``decoder_configuration``.
        """
        number = len(self._entries) + 1
        common = [
            ebml.unsigned(0xD7, number),
            ebml.unsigned(0x73C5, number),  # TrackUID
            ebml.unsigned(0x9C, 0),  # FlagLacing
            ebml.text(0x536E, name),
        ]
        if codec is Codec.OPUS:
            entry = ebml.element(
                0xAE,
                *common,
                ebml.unsigned(0x83, 2),
                ebml.text(0x86, "A_OPUS"),
                ebml.element(0x63A2, _opus_head()),
                ebml.unsigned(0x56BB, _OPUS_SEEK_PREROLL_NS),
                ebml.element(0xE1, ebml.float64(0xB5, 48_000.0), ebml.unsigned(0x9F, 2)),
            )
        else:
            configuration = decoder_configuration(codec, keyframe)
            entry = ebml.element(
                0xAE,
                *common,
                ebml.unsigned(0x83, 1),
                ebml.text(0x86, _CODEC_IDS[codec]),
                *([ebml.element(0x63A2, configuration)] if configuration else []),
                ebml.element(0xE0, ebml.unsigned(0xB0, width), ebml.unsigned(0xBA, height)),
            )
        tracks = ebml.element(_TRACKS, *self._entries, entry)
        if len(tracks) > _TRACKS_ROOM - 10:
            raise TooManyTracksError("a recording cannot hold more tracks")
        self._entries.append(entry)
        if codec is not Codec.OPUS:
            self._video_numbers.add(number)
        if codec is Codec.H264:
            self._h264_numbers.add(number)
        self._rewrite(self._tracks_at, ebml.padded(tracks, _TRACKS_ROOM))
        return number

    def write(
        self, track_number: int, time_us: int, data: bytes | memoryview, keyframe: bool, discardable: bool = False
    ) -> None:
        """Take one frame.

        Args:
            track_number: from ``add_track``.
            time_us: on a clock common to all tracks; the first written frame becomes the file's beginning. Must not
                fall within a track.
            data: as in ``EncodedFrame``.
            keyframe: true for all audio.
        """
        content = _length_prefixed(data) if track_number in self._h264_numbers else bytes(data)
        self._blocks.append(_Block(time_us, track_number, content, keyframe, discardable))
        self._buffered_octets += len(content)
        if time_us - self._blocks[0].time_us >= (_CLUSTER_MS + _HOLD_BACK_MS) * 1000:
            self.flush(time_us - _HOLD_BACK_MS * 1000)
        elif self._buffered_octets > _MAX_BUFFERED_OCTETS:
            self.flush()

    def flush(self, up_to_us: int | None = None) -> None:
        """Write the frames that wait, all of them or those up to a time, and hand them to the operating system."""
        ready = self._blocks if up_to_us is None else [block for block in self._blocks if block.time_us <= up_to_us]
        if ready:
            self._blocks = [] if up_to_us is None else [block for block in self._blocks if block.time_us > up_to_us]
            self._buffered_octets = sum(len(block.data) for block in self._blocks)
            ready.sort(key=lambda block: block.time_us)  # stable: a track keeps its order
            if self._origin_us is None:
                self._origin_us = ready[0].time_us
            cluster: list[_Block] = []
            for block in ready:
                if cluster and block.time_us - cluster[0].time_us > _CLUSTER_MS * 2000:
                    self._write_cluster(cluster)
                    cluster = []
                cluster.append(block)
            self._write_cluster(cluster)
        self._file.flush()

    def close(self) -> None:
        """Write what waits, the index and the duration. The file object stays open."""
        self.flush()
        cues_at = self._file.tell()
        if self._cues:
            self._file.write(ebml.element(_CUES, *self._cues))
        end = self._file.tell()
        self._rewrite(self._segment_at - 8, ebml.size_octets(end - self._segment_at, 8))
        self._rewrite(self._segment_at, self._seek_head(cues_at if self._cues else None))
        self._rewrite(self._info_at, self._info())
        self._file.flush()

    def _write_beginning(self) -> None:
        header = ebml.element(
            _EBML,
            ebml.unsigned(0x4286, 1),
            ebml.unsigned(0x42F7, 1),
            ebml.unsigned(0x42F2, 4),
            ebml.unsigned(0x42F3, 8),
            ebml.text(0x4282, "matroska"),
            ebml.unsigned(0x4287, 4),
            ebml.unsigned(0x4285, 2),
        )
        self._file.write(header + ebml.element_id(_SEGMENT) + ebml.UNKNOWN_SIZE)
        self._segment_at = self._file.tell()
        self._info_at = self._segment_at + _SEEK_HEAD_ROOM
        self._tracks_at = self._info_at + _INFO_ROOM
        self._file.write(self._seek_head(None) + self._info() + ebml.padded(b"", _TRACKS_ROOM))

    def _seek_head(self, cues_at: int | None) -> bytes:
        places = [(_INFO, self._info_at), (_TRACKS, self._tracks_at)]
        if cues_at is not None:
            places.append((_CUES, cues_at))
        seeks = [
            ebml.element(
                _SEEK, ebml.element(0x53AB, ebml.element_id(what)), ebml.unsigned(0x53AC, at - self._segment_at)
            )
            for what, at in places
        ]
        return ebml.padded(ebml.element(_SEEK_HEAD, *seeks), _SEEK_HEAD_ROOM)

    def _info(self) -> bytes:
        parts = [
            ebml.unsigned(0x2AD7B1, _MILLISECOND_NS),
            ebml.text(0x4D80, "wsmedia"),
            ebml.text(0x5741, "wsmedia record"),
            ebml.signed64(0x4461, (self._date_us - _EPOCH_2001_US) * 1000),
            ebml.text(0x7BA9, self._title[:64]),
        ]
        if self._end_ms:
            parts.append(ebml.float64(0x4489, self._end_ms))
        return ebml.padded(ebml.element(_INFO, *parts), _INFO_ROOM)

    def _write_cluster(self, blocks: list[_Block]) -> None:
        assert self._origin_us is not None  # noqa: S101
        # A frame that came too late for its place is written where the file is now, at its own time if that is valid.
        start_ms = max(0, round((blocks[0].time_us - self._origin_us) / 1000))
        parts = [ebml.unsigned(0xE7, start_ms)]
        for block in blocks:
            time_ms = max(0, round((block.time_us - self._origin_us) / 1000))
            self._end_ms = max(self._end_ms, time_ms + 20.0)
            flags = (0x80 if block.keyframe else 0) | (0x01 if block.discardable else 0)
            # RFC 9559 §10.3: track number, time relative to the cluster, flags.
            relative = struct.pack("!hB", time_ms - start_ms, flags)
            parts.append(ebml.element(_SIMPLE_BLOCK, ebml.size_octets(block.track_number), relative, block.data))
        self._cues.extend(self._cue(blocks, start_ms))
        self._file.write(ebml.element(_CLUSTER, *parts))

    def _cue(self, blocks: list[_Block], start_ms: int) -> list[bytes]:
        """An index entry, if a player can start decoding in this cluster."""
        track_number = next((block.track_number for block in blocks if self._is_seekable(block)), None)
        if track_number is None:
            return []
        position = ebml.unsigned(0xF1, self._file.tell() - self._segment_at)
        where = ebml.element(0xB7, ebml.unsigned(0xF7, track_number), position)
        return [ebml.element(0xBB, ebml.unsigned(0xB3, start_ms), where)]

    def _is_seekable(self, block: _Block) -> bool:
        return block.keyframe and (block.track_number in self._video_numbers or not self._video_numbers)

    def _rewrite(self, position: int, data: bytes) -> None:
        end = self._file.tell()
        self._file.seek(position)
        self._file.write(data)
        self._file.seek(end)


def _length_prefixed(access_unit: bytes | memoryview) -> bytes:
    """Annex B to 4-octet lengths (ISO/IEC 14496-15 §5.3.4.2)."""
    return b"".join([piece for unit in split_nals(access_unit) for piece in (len(unit).to_bytes(4, "big"), unit)])


def decoder_configuration(codec: Codec, keyframe: bytes) -> bytes:
    """What a player's decoder needs before the first frame; empty for VP8 and VP9, whose frames say it all.

    Raises:
        ValueError: it cannot be had from this keyframe; a decoder may take it all the same.
    """
    try:
        if codec is Codec.H264:
            return _avc_configuration(keyframe)
        return _av1_configuration(keyframe) if codec is Codec.AV1 else b""
    except (PayloadError, OverflowError) as error:
        raise ValueError(str(error)) from error


def _av1_configuration(keyframe: bytes) -> bytes:
    """AV1CodecConfigurationRecord (AV1 in ISO-BMFF §2.3.3) of a keyframe of the main profile, 8-bit 4:2:0."""
    header = av1.sequence_header(keyframe)
    # Level 31, "no limits": finding the real one would mean to parse the operating points.
    return bytes((0x81, 31, 0x0C, 0)) + header


def _avc_configuration(keyframe: bytes) -> bytes:
    """AVCDecoderConfigurationRecord (ISO/IEC 14496-15 §5.3.3.1) of an access unit with SPS and PPS, 8-bit 4:2:0."""
    units = split_nals(keyframe)
    sps = [bytes(unit) for unit in units if unit[0] & 0x1F == SPS][:31]
    pps = [bytes(unit) for unit in units if unit[0] & 0x1F == PPS][:255]
    if not sps or not pps or len(sps[0]) < 4:
        raise ValueError("a keyframe needs SPS and PPS")
    record = bytes([1, *sps[0][1:4], 0xFC | 3, 0xE0 | len(sps)])
    record += b"".join(len(unit).to_bytes(2, "big") + unit for unit in sps)
    record += bytes([len(pps)]) + b"".join(len(unit).to_bytes(2, "big") + unit for unit in pps)
    if sps[0][1] in {100, 110, 122, 144}:
        record += bytes([0xFC | 1, 0xF8, 0xF8, 0])
    return record


def _opus_head() -> bytes:
    """The identification header (RFC 7845 §5.1). No pre-skip: capture times already tell when a sample sounds."""
    return struct.pack("<8sBBHIhB", b"OpusHead", 1, 2, 0, 48_000, 0, 0)
