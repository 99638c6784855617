"""Write the vectors in tests/vectors that the Python and the TypeScript tests both read.

Run it after a change of the wire or of the engine's behaviour, look at the difference, commit both together:

    .venv/bin/python -m scripts.make_vectors

``wire.json``: messages with their bytes. ``exact``: an encoder makes exactly these octets; otherwise (JSON bodies,
whose members have no fixed order, and reserved bits) only decoding is compared. ``pad`` stands for more octets.
``wire_invalid.json``: bytes that a decoder with the given limits refuses, with the code that the session closes with.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec

from wsmedia.media import Codec, EncodedFrame, MediaKind, TrackSource
from wsmedia.wire import (
    Ack,
    AudioMessage,
    Capabilities,
    Close,
    Control,
    Fragment,
    Hello,
    KeyframeRequest,
    LaneAck,
    LanesWanted,
    Message,
    Mute,
    ParticipantDescription,
    ParticipantJoined,
    ParticipantLeft,
    Pause,
    Ping,
    Pong,
    Publish,
    PublishRejected,
    RoomStateChanged,
    Skipped,
    TargetBitrate,
    TrackAdded,
    TrackDescription,
    TrackMuted,
    TrackRemoved,
    UnknownControl,
    Unpublish,
    VideoMessage,
    Welcome,
    WelcomeLimits,
    encode,
)

VECTORS = Path(__file__).parent.parent / "tests" / "vectors"
KEY = "00112233445566778899aabbccddeeff"
INVALID_LIMITS = {"max_message_bytes": 20_000, "max_frame_bytes": 1000}


def message_json(message: Message) -> dict[str, Any]:
    """A message as the vectors spell it."""
    match message:
        case VideoMessage(track_id, frame_number, distance, frame):
            return {
                "type": "video",
                "track_id": track_id,
                "frame_number": frame_number,
                "reference_distance": distance,
                "rtp_timestamp": frame.rtp_timestamp,
                "capture_time_us": frame.capture_time_us,
                "keyframe": frame.keyframe,
                "discardable": frame.discardable,
                "temporal_layer": frame.temporal_layer,
                "data": bytes(frame.data).hex(),
            }
        case AudioMessage(track_id, frame_number, frame):
            return {
                "type": "audio",
                "track_id": track_id,
                "frame_number": frame_number,
                "rtp_timestamp": frame.rtp_timestamp,
                "capture_time_us": frame.capture_time_us,
                "audio_level": frame.audio_level,
                "data": bytes(frame.data).hex(),
            }
        case Fragment(data_count, index, block_number, message_length, payload):
            return {
                "type": "fragment",
                "data_count": data_count,
                "index": index,
                "block_number": block_number,
                "message_length": message_length,
                "payload": bytes(payload).hex(),
            }
        case Control(sequence_number, body):
            return {"type": "control", "sequence_number": sequence_number, "message": msgspec.to_builtins(body)}
        case _:
            # Through JSON, so that tuples become lists as in the file.
            return {"type": type(message).__name__.lower(), **json.loads(msgspec.json.encode(message))}


def exact_messages() -> dict[str, Message]:
    """Binary messages: every field, and the ends of every range."""
    delta = EncodedFrame(bytes.fromhex("00000001419a0102"), 3000, 1_700_000_000_033_333)
    top = 0xFFFFFFFF
    return {
        "video keyframe": VideoMessage(
            1, 0, 0, EncodedFrame(bytes.fromhex("0000000167"), 90_000, 1_700_000_000_000_000, keyframe=True)
        ),
        "video delta": VideoMessage(1, 1, 1, delta),
        "video discardable, temporal layer 1": VideoMessage(
            2, 7, 1, EncodedFrame(b"\x00\x00\x01\x01\x80", 6000, 5, discardable=True, temporal_layer=1)
        ),
        "video, all at the upper end": VideoMessage(
            0xFFFF, top, 255, EncodedFrame(b"\xff", top, (1 << 53) - 1, discardable=True, temporal_layer=7)
        ),
        "audio, level unknown": AudioMessage(0, 0, EncodedFrame(b"\xf8\xff\xfe", 960, 1_700_000_000_020_000)),
        "audio, voice at level 30": AudioMessage(3, 9, EncodedFrame(b"\x78\x01", 1920, 1, audio_level=0x80 | 30)),
        "audio, no voice, loudest": AudioMessage(3, 10, EncodedFrame(b"\x78\x01", 1920, 1, audio_level=0)),
        "audio, all at the upper end": AudioMessage(
            0xFFFF, top, EncodedFrame(b"\xff", top, (1 << 53) - 1, audio_level=0xFF)
        ),
        "fragment, the only one": Fragment(1, 0, 0, 30, bytes(range(30))),
        "fragment, first of three": Fragment(3, 0, 7, 10, b"\x01\x02\x03\x04"),
        "fragment, last of three, shorter": Fragment(3, 2, 7, 10, b"\x09\x0a"),
        "fragment, parity": Fragment(3, 3, 7, 10, b"\xff\xfe\xfd\xfc"),
        "fragment, all at the upper end": Fragment(200, 231, top, 1_048_576, bytes(5243)),
        "ack of nothing": Ack(0, 0, ()),
        "ack of one lane": Ack(3, 1_000_020, (LaneAck(0, 17, 20),)),
        "ack of two lanes": Ack(top, (1 << 53) - 1, (LaneAck(1, 0, 0), LaneAck(0xFFFF, top, top))),
        "ping": Ping(123_456_789),
        "pong": Pong(123_456_789, (1 << 53) - 1),
        "empty message of an optional type": Skipped(0xFF),
    }


def control_bodies() -> dict[str, Any]:
    """One body of every type of CONTROL."""
    camera = TrackDescription(1, MediaKind.VIDEO, Codec.H264, TrackSource.CAMERA)
    microphone = TrackDescription(0, MediaKind.AUDIO, Codec.OPUS, TrackSource.MICROPHONE, True)
    screen = TrackDescription(0xFFFF, MediaKind.VIDEO, Codec.H264, TrackSource.SCREEN)
    return {
        "publish video": Publish(camera),
        "publish audio": Publish(microphone),
        "publish_rejected": PublishRejected(1, "the room takes no video"),
        "unpublish": Unpublish(1),
        "mute": Mute(0, True),
        "pause": Pause(0xFFFF, True),
        "pause, no more": Pause(0, False),
        "participant_joined": ParticipantJoined(ParticipantDescription("p-7", "Zoë 🦊")),
        "participant_left": ParticipantLeft("p-7"),
        "track_added": TrackAdded("p-7", screen),
        **{
            f"track_added, {codec.value}": TrackAdded(
                "p-7", TrackDescription(2, MediaKind.VIDEO, codec, TrackSource.CAMERA)
            )
            for codec in (Codec.VP8, Codec.VP9, Codec.AV1)
        },
        "track_removed": TrackRemoved(0xFFFF),
        "track_muted": TrackMuted(4, False),
        "room_state": RoomStateChanged("reconnecting", "the SFU restarts"),
        "keyframe_request": KeyframeRequest(1),
        "target_bitrate": TargetBitrate(1, 0xFFFFFFFF),
        "lanes": LanesWanted(16),
        "lanes, most": LanesWanted(0xFFFF),
        "of a type from the future": UnknownControl("hologram"),
    }


def json_messages() -> dict[str, Message]:
    """Messages whose body is JSON."""
    limits = WelcomeLimits(1_048_576, 1_000_000, 8, 2_500_000, 1000, 16)
    messages: dict[str, Message] = {
        "hello, all members": Hello(
            lane_id=0,
            key=KEY,
            room="standup",
            name="Alice",
            resume=True,
            token="a.b.c",
            handover=KEY,
            control_received=12,
            client="wsmedia-web/0.1",
            capabilities=Capabilities(("opus",), ("h264", "vp9")),
        ),
        "hello, the longest name and room": Hello(lane_id=0xFFFF, key=KEY * 2, room="r" * 64, name="🦊" * 64),
        "welcome": Welcome(0, False, "p-1", limits, server="wsmedia/0.1"),
        "welcome, resumed": Welcome(5, True, "p-1", limits, 0xFFFFFFFF, 1, 1),
        "close": Close(4413, "too_large", "frame over the limit"),
        "close with a code from the future": Close(4999, "sun_exploded"),
    }
    bodies = control_bodies().items()
    return messages | {f"control {name}": Control(n, body) for n, (name, body) in enumerate(bodies, 1)}


def as_json(message_type: int, body: str) -> bytes:
    """A message with a JSON body as somebody else might write it."""
    return bytes([message_type]) + body.encode()


def control(body: str) -> bytes:
    """CONTROL number 1 with that body."""
    return b"\x03\x00\x00\x00\x01" + body.encode()


def loose_vectors() -> list[tuple[str, bytes, Message]]:
    """Bytes that our encoder would not write, but that mean something."""
    video = bytearray(encode(exact_messages()["video delta"]))
    video[1] |= 0x38
    ack = bytearray(encode(exact_messages()["ack of one lane"]))
    ack[2:4] = b"\xff\xff"
    hello = f'{{"name":"  Bob\\t","version":1,"room":"r","key":"{KEY.upper()}","lane_id":3,"future":[{{}}]}}'
    fragment = bytearray(encode(exact_messages()["fragment, parity"]))
    fragment[3] = 0xFF
    welcome = (
        '{"version":1,"lane_id":0,"resumed":false,"participant_id":"p-1","limits":{"max_message_bytes":1,'
        '"max_frame_bytes":1,"max_tracks":0,"max_bytes_per_second":1,"max_messages_per_second":1}}'
    )
    return [
        ("welcome, only what is required", as_json(2, welcome), Welcome(0, False, "p-1", WelcomeLimits(1, 1, 0, 1, 1))),
        ("fragment, reserved bits set", bytes(fragment), exact_messages()["fragment, parity"]),
        ("video, reserved bits set", bytes(video), exact_messages()["video delta"]),
        ("ack, reserved bits set", bytes(ack), exact_messages()["ack of one lane"]),
        ("padding", b"\x80" + bytes(20), Skipped(0x80)),
        (
            "hello, only what is required, name trimmed, unknown member",
            as_json(1, hello),
            Hello(lane_id=3, key=KEY.upper(), room="r", name="Bob"),
        ),
        (
            "hello, token null",
            as_json(1, f'{{"version":1,"room":".~_-","key":"{KEY}","lane_id":0,"name":"B","token":null}}'),
            Hello(lane_id=0, key=KEY, room=".~_-", name="B"),
        ),
        ("close, code only", as_json(9, ' {"code": 4000} '), Close(4000)),
        (
            "control, muted absent",
            control('{"type":"publish","track":{"track_id":1,"kind":"video","codec":"h264","source":"camera"}}'),
            Control(1, control_bodies()["publish video"]),
        ),
        (
            "control, reason absent",
            control('{"state":"connected","type":"room_state"}'),
            Control(1, RoomStateChanged("connected")),
        ),
        ("control, unknown type with members", control('{"a":1.5,"type":""}'), Control(1, UnknownControl(""))),
    ]


def invalid_vectors() -> list[tuple[str, bytes, int, tuple[int, int] | None]]:
    """Name, bytes, code, and (octet, count) to append."""
    video = encode(exact_messages()["video keyframe"])
    delta = encode(exact_messages()["video delta"])
    audio = encode(exact_messages()["audio, level unknown"])
    ack = encode(exact_messages()["ack of one lane"])
    fragment = encode(exact_messages()["fragment, parity"])
    beyond = (1 << 53).to_bytes(8, "big")
    good_hello = {"version": 1, "lane_id": 0, "key": KEY, "room": "r", "name": "n"}
    good_welcome = msgspec.to_builtins(json_messages()["welcome"])
    good_track = {"track_id": 1, "kind": "video", "codec": "h264", "source": "camera"}

    def hello(**changed: Any) -> bytes:
        return as_json(1, json.dumps({k: v for k, v in (good_hello | changed).items() if v is not ...}))

    def welcome(**changed: Any) -> bytes:
        return as_json(2, json.dumps({k: v for k, v in (good_welcome | changed).items() if v is not ...}))

    def publish(**changed: Any) -> bytes:
        track = {k: v for k, v in (good_track | changed).items() if v is not ...}
        return control(json.dumps({"type": "publish", "track": track}))

    limits = {k: v for k, v in good_welcome["limits"].items() if k != "max_tracks"}
    malformed = {
        "empty": b"",
        "type 0x00": b"\x00",
        "fragment, header cut": fragment[:11],
        "fragment, no payload": fragment[:12],
        "fragment, of no parts": fragment[:1] + b"\x00" + fragment[2:],
        "fragment, 201 parts": fragment[:1] + b"\xc9" + fragment[2:8] + (804).to_bytes(4, "big") + fragment[12:],
        "fragment, too much parity": fragment[:2] + b"\x23" + fragment[3:],
        "fragment, of an empty message": fragment[:8] + bytes(4) + fragment[12:],
        "fragment, more parts than octets": fragment[:8] + b"\x00\x00\x00\x02\x01",
        "fragment, last part empty": b"\x0a\x04\x00\x00" + fragment[4:8] + b"\x00\x00\x00\x05\x01\x02",
        "fragment, an octet too few": fragment[:-1],
        "fragment, an octet too many": fragment + b"\x00",
        "fragment, last part longer than it is": fragment[:2] + b"\x02" + fragment[3:],
        "unknown required type": b"\x7f",
        "video, header cut": video[:20],
        "video, no payload": video[:21],
        "video, keyframe with a reference": video[:20] + b"\x01" + video[21:],
        "video, delta without a reference": delta[:20] + b"\x00" + delta[21:],
        "video, capture time of 2^53": video[:12] + beyond + video[20:],
        "audio, type only": audio[:1],
        "audio, no payload": audio[:20],
        "audio, capture time of 2^53": audio[:12] + beyond + audio[20:],
        "ack, header cut": ack[:15],
        "ack, lane cut": ack[:-1],
        "ack, an octet too many": ack + b"\x00",
        "ack, lane count too low": ack[:1] + b"\x00" + ack[2:],
        "ack, sent at 2^53": ack[:8] + beyond + ack[16:],
        "ping, cut": b"\x07" + bytes(7),
        "ping, long": b"\x07" + bytes(9),
        "ping at 2^53": b"\x07" + beyond,
        "pong, cut": b"\x08" + bytes(15),
        "pong at 2^53": b"\x08" + bytes(8) + beyond,
        "hello, no body": b"\x01",
        "hello, not JSON": as_json(1, "{"),
        "hello, an array": as_json(1, "[1]"),
        "hello, not UTF-8": b'\x01{"version":1,"x":"\xff"}',
        "hello, byte order mark": b'\x01\xef\xbb\xbf{"version":1}',
        "hello, only nesting": b'\x01{"version":' + b"[" * 15_000,
        "hello, no version": hello(version=...),
        "hello, version as text": hello(version="1"),
        "hello, no lane id": hello(lane_id=...),
        "hello, lane id too high": hello(lane_id=65_536),
        "hello, lane id negative": hello(lane_id=-1),
        "hello, lane id broken": hello(lane_id=0.5),
        "hello, no key": hello(key=...),
        "hello, key short": hello(key=KEY[:31]),
        "hello, key long": hello(key=KEY * 2 + "0"),
        "hello, key not hexadecimal": hello(key="g" * 32),
        "hello, handover short": hello(handover=KEY[:31]),
        "hello, handover long": hello(handover=KEY + "0"),
        "hello, handover in upper case": hello(handover=KEY.upper()),
        "hello, handover a number": hello(handover=5),
        "hello, room empty": hello(room=""),
        "hello, room long": hello(room="r" * 65),
        "hello, room with a slash": hello(room="a/b"),
        "hello, room with a line end": hello(room="a\n"),
        "hello, name only blanks": hello(name="  "),
        "hello, name long": hello(name="n" * 65),
        "hello, name with a control character": hello(name="a\u0007b"),
        "hello, name null": hello(name=None),
        "hello, resume as number": hello(resume=1),
        "hello, lane kind empty": hello(lane_kind=""),
        "hello, capabilities not lists": hello(capabilities={"audio": "opus"}),
        "hello, control received too high": hello(control_received=1 << 32),
        "welcome, no limits": welcome(limits=...),
        "welcome, a limit missing": welcome(limits=limits),
        "welcome, no lanes": welcome(limits=good_welcome["limits"] | {"max_lanes": 0}),
        "welcome, idle time-out of 0": welcome(idle_timeout_ms=0),
        "welcome, participant id empty": welcome(participant_id=""),
        "control, header cut": b"\x03\x00\x00\x00",
        "control, number 0": b"\x03\x00\x00\x00\x00" + b'{"type":"mute","track_id":0,"muted":true}',
        "control, no body": b"\x03\x00\x00\x00\x01",
        "control, no type": control('{"track_id":1}'),
        "control, type as number": control('{"type":1}'),
        "control, trailing text": control('{"type":"unpublish","track_id":1} x'),
        "control, mute without muted": control('{"type":"mute","track_id":1}'),
        "control, mute with text": control('{"type":"mute","track_id":1,"muted":"yes"}'),
        "control, pause without paused": control('{"type":"pause","track_id":1}'),
        "control, pause as number": control('{"type":"pause","track_id":1,"paused":1}'),
        "control, track id too high": control('{"type":"unpublish","track_id":65536}'),
        "control, participant id long": control(json.dumps({"type": "participant_left", "participant_id": "p" * 129})),
        "control, room state unknown": control('{"type":"room_state","state":"flying"}'),
        "control, reason long": control(json.dumps({"type": "publish_rejected", "track_id": 0, "reason": "r" * 513})),
        "control, bitrate too high": control('{"type":"target_bitrate","track_id":1,"bitrate_bps":4294967296}'),
        "control, bitrate negative": control('{"type":"target_bitrate","track_id":1,"bitrate_bps":-1}'),
        "control, no lanes wanted": control('{"type":"lanes","wanted":0}'),
        "control, lanes without a number": control('{"type":"lanes"}'),
        "control, too many lanes wanted": control('{"type":"lanes","wanted":65536}'),
        "control, publish without track": control('{"type":"publish"}'),
        "control, codec unknown": publish(codec="theora"),
        "control, kind contradicts codec": publish(kind="audio"),
        "control, source unknown": publish(source="dream"),
        "control, source absent": publish(source=...),
        "close, no code": as_json(9, "{}"),
        "close, code below 4000": as_json(9, '{"code":1000}'),
        "close, code above 4999": as_json(9, '{"code":5000}'),
        "close, reason as number": as_json(9, '{"code":4000,"reason":1}'),
        "close, detail long": as_json(9, json.dumps({"code": 4000, "detail": "d" * 513})),
    }
    vectors: list[tuple[str, bytes, int, tuple[int, int] | None]] = [
        (name, data, 4400, None) for name, data in malformed.items()
    ]
    vectors += [
        ("hello, version 2 with other members", as_json(1, '{"version":2}'), 4426, None),
        ("welcome, version 0", as_json(2, '{"version":0}'), 4426, None),
        ("message over the limit", b"\x80", 4413, (0, 20_000)),
        ("video over the limit", video[:21], 4413, (0, 1001)),
        ("audio over the limit", audio[:20], 4413, (0, 1001)),
        (
            "fragment of a message over the limit",
            b"\x0a\x02\x00\x00" + bytes(4) + (20_001).to_bytes(4, "big"),
            4413,
            (0, 10_001),
        ),
        ("hello body over the limit", hello(), 4413, (0x20, 16_384)),
        ("control body over the limit", control('{"type":"unpublish","track_id":1}'), 4413, (0x20, 16_384)),
        ("close body over the limit", as_json(9, '{"code":4000}'), 4413, (0x20, 16_384)),
    ]
    return vectors


def write(path: Path, content: Any) -> None:
    """Write pretty JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")


def main() -> None:
    """Write everything."""
    valid = [
        {"name": name, "hex": encode(message).hex(), "exact": exact, "message": message_json(message)}
        for exact, messages in ((True, exact_messages()), (False, json_messages()))
        for name, message in messages.items()
    ]
    valid += [
        {"name": name, "hex": data.hex(), "exact": False, "message": message_json(message)}
        for name, data, message in loose_vectors()
    ]
    write(VECTORS / "wire.json", valid)
    invalid = []
    for name, data, code, pad in invalid_vectors():
        vector: dict[str, Any] = {"name": name, "hex": data.hex(), "code": code}
        if pad is not None:
            vector["pad"] = {"octet": pad[0], "count": pad[1]}
        invalid.append(vector)
    write(VECTORS / "wire_invalid.json", {"limits": INVALID_LIMITS, "vectors": invalid})


if __name__ == "__main__":
    main()
