"""Fuzz target: fragments of any kind never give anything but a message, a refusal, or nothing.

An input is a row of FRAGMENT messages, each behind two octets of its length; they are decoded, put together block by
block, and what comes out is read as media. The documented rejection is ``RemoteProtocolError``. The input is also cut
and put together again by itself, with as many fragments lost as there is parity; and it comes to a session, over three
lanes in turn, which comes to rest each time and closes with a documented code only.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from runner import fuzz

from wsmedia.errors import CloseCode, RemoteProtocolError
from wsmedia.fec import Assembler, data_count_for, encode_parity, split
from wsmedia.media import Codec, EncodedFrame, MediaKind, TrackSource
from wsmedia.session import Closed, Role, Session, SessionLimits
from wsmedia.wire import (
    Control,
    Fragment,
    Hello,
    TrackAdded,
    TrackDescription,
    VideoMessage,
    Welcome,
    WireLimits,
    decode,
    decode_media,
    encode,
    encode_fragment,
)

VECTORS = Path(__file__).parent.parent / "vectors"
LIMITS = WireLimits(max_message_bytes=100_000, max_frame_bytes=50_000)
REJECTIONS = {CloseCode.MALFORMED, CloseCode.TOO_LARGE}
SESSION_ENDS = {*REJECTIONS, CloseCode.VERSION_UNSUPPORTED, CloseCode.RATE_LIMITED, CloseCode.SESSION_UNKNOWN}
SESSION_ID = "0123456789abcdef0123456789abcdef"
KEY = "00112233445566778899aabbccddeeff"
HELLO = Hello(lane_id=0, key=KEY, room="r", name="Alice")
CAMERA = TrackDescription(1, MediaKind.VIDEO, Codec.H264, TrackSource.CAMERA)
MICROPHONE = TrackDescription(0, MediaKind.AUDIO, Codec.OPUS, TrackSource.MICROPHONE)


def assemble(data: bytes) -> None:
    """One input."""
    assemblers: dict[int, Assembler] = {}
    at = 0
    while at + 2 <= len(data):
        length = int.from_bytes(data[at : at + 2], "big")
        try:
            _take(data[at + 2 : at + 2 + length], assemblers)
        except RemoteProtocolError as error:
            if error.code not in REJECTIONS:
                raise AssertionError(f"undocumented rejection {error.code}") from error
        at += 2 + length
    if data:
        _there_and_back(data)
    _through_a_session(data)


def _take(data: bytes, assemblers: dict[int, Assembler]) -> None:
    fragment = decode(data, LIMITS)
    if not isinstance(fragment, Fragment):
        return
    assembler = assemblers.get(fragment.block_number)
    if assembler is None:
        assembler = assemblers[fragment.block_number] = Assembler(fragment.data_count, fragment.message_length)
    assembler.check(fragment.data_count, fragment.message_length)
    message = assembler.add(fragment.index, fragment.payload)
    if message is None:
        return
    assert len(message) == fragment.message_length
    decode_media(message, LIMITS)


def _through_a_session(data: bytes) -> None:
    session = Session(Role.CLIENT, SESSION_ID, key=KEY, now=0.0, hello=HELLO)
    for lane_id in range(3):
        session.open_lane(lane_id, "websocket", 0.0)
        session.receive_message(lane_id, encode(Welcome(lane_id, lane_id > 0, "p-1", SessionLimits().welcome)), 0.0)
    for number, track in enumerate((CAMERA, MICROPHONE), 1):
        session.receive_message(0, encode(Control(number, TrackAdded("p-2", track))), 0.0)
    session.events_received()
    at = 0
    now = 0.0
    while at + 2 <= len(data):
        length = int.from_bytes(data[at : at + 2], "big")
        session.receive_message(at % 3, data[at + 2 : at + 2 + length], now)
        _rest(session, now)
        # Often less than the patience of a receiver, and sometimes more.
        now += 0.1 * (length % 5)
        session.handle_timeout(now)
        _rest(session, now)
        due = session.next_timeout()
        assert due is None or due > now, "a time-out that is due for ever"
        at += 2 + length


def _rest(session: Session, now: float) -> None:
    """Pull what the session has to send until it comes to rest, and look at how it ended if it did."""
    for _ in range(1000):
        if not [lane_id for lane_id in range(3) if session.next_message(lane_id, now) is not None]:
            break
    else:
        raise AssertionError("the session never comes to rest")
    for event in session.events_received():
        if isinstance(event, Closed) and not event.by_remote and event.code not in SESSION_ENDS:
            raise AssertionError(f"undocumented end {event.code}")


def _there_and_back(data: bytes) -> None:
    data_count = data_count_for(len(data), 1 + data[0])
    indices = range(data_count, min(255, data_count + 1 + data[-1] % 8))
    fragments = {
        **dict(enumerate(split(data, data_count))),
        **dict(zip(indices, encode_parity(data, data_count, indices), strict=True)),
    }
    for lost in range(len(indices)):
        fragments.pop((data[lost % len(data)] + lost) % data_count, None)
    assembler = Assembler(data_count, len(data))
    messages = [assembler.add(index, payload) for index, payload in fragments.items()]
    assert [message for message in messages if message is not None] == [data]


def _row(vector: dict[str, object]) -> bytes:
    """The fragments of one vector as an input."""
    length = len(str(vector["message"])) // 2
    parts = [
        encode_fragment(
            int(str(vector["data_count"])), fragment["index"], 1, length, bytes.fromhex(fragment["payload"])
        )
        for fragment in vector["fragments"]  # type: ignore[attr-defined]
    ]
    return b"".join(len(part).to_bytes(2, "big") + part for part in parts)


def _video_row(order: Iterable[int]) -> bytes:
    """Three frames in two data fragments and one of parity each, in that order."""
    parts = []
    for number in range(3):
        frame = EncodedFrame(bytes(40), number, number, keyframe=number == 0)
        message = encode(VideoMessage(CAMERA.track_id, number, min(number, 1), frame))
        payloads = [*split(message, 2), *encode_parity(message, 2, [2])]
        parts += [encode_fragment(2, at, number, len(message), payload) for at, payload in enumerate(payloads)]
    return b"".join(len(parts[at]).to_bytes(2, "big") + parts[at] for at in order)


CORPUS = [_row(vector) for vector in json.loads((VECTORS / "fec.json").read_text())]
CORPUS += [_video_row(range(9)), _video_row((8, 3, 0, 7, 2, 4)), _video_row((3, 4, 6, 7, 0, 0, 1))]


if __name__ == "__main__":
    fuzz(assemble, CORPUS)
