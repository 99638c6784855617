"""Plays a script on a real session and writes down what it does, for ``make_scenarios`` and ``lane_scenarios``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from hashlib import sha256
from typing import Any

import msgspec

from scripts.make_vectors import KEY, message_json
from wsmedia.errors import CloseCode
from wsmedia.media import Codec, EncodedFrame, MediaKind, TrackSource
from wsmedia.session import Event, Role, Session, SessionLimits, WelcomeInfo
from wsmedia.session.events import ControlReceived, FrameReceived
from wsmedia.wire import (
    Hello,
    KnownControl,
    Message,
    TrackDescription,
    VideoMessage,
    Welcome,
    WireLimits,
    decode,
    encode,
)

SESSION_ID = "0123456789abcdef0123456789abcdef"
START = 100.0
CAMERA = TrackDescription(1, MediaKind.VIDEO, Codec.H264, TrackSource.CAMERA)
MICROPHONE = TrackDescription(0, MediaKind.AUDIO, Codec.OPUS, TrackSource.MICROPHONE)
LIMITS = SessionLimits(resume_window=30.0, idle_timeout=15.0)


def event_json(event: Event) -> dict[str, Any]:
    """An event as the scenarios spell it: its name in snake case and its members."""
    name = "".join(f"_{c.lower()}" if c.isupper() else c for c in type(event).__name__).lstrip("_")
    if isinstance(event, ControlReceived):
        return {"type": name, "message": msgspec.to_builtins(event.message)}
    if isinstance(event, FrameReceived):
        return {"type": name, "track_id": event.track_id, "data": bytes(event.frame.data).hex()}
    return {"type": name, **asdict(event)}


def data_json(data: bytes | memoryview) -> dict[str, Any]:
    """Octets of a frame; many equal ones as ``pad``, as in wire_invalid.json."""
    octets = bytes(data)
    if len(octets) > 100 and octets.count(octets[0]) == len(octets):
        return {"data": "", "pad": {"octet": octets[0], "count": len(octets)}}
    return {"data": octets.hex()}


def payload_json(data: bytes) -> dict[str, Any]:
    """Octets of a fragment; many by their hash."""
    return {"payload": "", "sha256": sha256(data).hexdigest()} if len(data) > 64 else {"payload": data.hex()}


def sent_json(data: bytes) -> dict[str, Any]:
    """A message that a session gave."""
    spelled = message_json(decode(data, WireLimits()))
    if "data" in spelled:
        spelled |= data_json(bytes.fromhex(spelled["data"]))
    if "payload" in spelled:
        spelled |= payload_json(bytes.fromhex(spelled["payload"]))
    return spelled


class Recorder:
    """Plays a script on a real session and writes down what it does."""

    def __init__(self, role: Role) -> None:
        self.now = START
        self._hello = Hello(lane_id=0, key=KEY, room="standup", name="Alice", client="test")
        self._role = role
        self.session = Session(
            role,
            SESSION_ID,
            key=KEY,
            now=START,
            limits=LIMITS,
            hello=self._hello if role is Role.CLIENT else None,
        )
        self._lane_ids: list[int] = []
        self.steps: list[dict[str, Any]] = []
        self.sent: list[tuple[float, int, bytes]] = []
        """All that the session has given so far: when, on which lane, and what."""

    def scenario(self, text: str) -> dict[str, Any]:
        """The whole file."""
        return {
            "about": text,
            "role": self._role.value,
            "session_id": SESSION_ID,
            "now": START,
            "hello": msgspec.to_builtins(self._hello),
            "resume_window": LIMITS.resume_window,
            "idle_timeout": LIMITS.idle_timeout,
            "steps": self.steps,
        }

    def wait(self, seconds: float) -> None:
        """Let time pass without telling the session."""
        self.now = round(self.now + seconds, 6)

    def open_lane(self, lane_id: int) -> None:
        """A client gets a carrier."""
        self._lane_ids.append(lane_id)
        self._step(
            "open_lane",
            {"lane_id": lane_id, "kind": "websocket"},
            lambda: self.session.open_lane(lane_id, "websocket", self.now),
        )

    def attach_lane(self, hello: Hello) -> None:
        """A gateway gets a carrier."""
        self._lane_ids.append(hello.lane_id)
        self._step(
            "attach_lane",
            {"hello": msgspec.to_builtins(hello), "participant_id": "p-1", "server": "test"},
            lambda: self.session.attach_lane(hello.lane_id, hello, WelcomeInfo("p-1", "test"), self.now),
        )

    def receive(self, lane_id: int, message: Message | bytes) -> None:
        """A message arrives."""
        data = message if isinstance(message, bytes) else encode(message)
        self._step(
            "receive_message",
            {"lane_id": lane_id, "hex": data.hex()},
            lambda: self.session.receive_message(lane_id, data, self.now),
        )

    def lane_lost(self, lane_id: int) -> None:
        """A carrier breaks."""
        self._step("lane_lost", {"lane_id": lane_id}, lambda: self.session.lane_lost(lane_id, self.now))

    def timeout(self) -> None:
        """Go to the next time-out and handle it."""
        due = self.session.next_timeout()
        if due is None:
            raise AssertionError("the session waits for nothing")
        self.now = due
        self._step("handle_timeout", {}, lambda: self.session.handle_timeout(self.now))

    def control(self, message: KnownControl) -> None:
        """The application sends CONTROL."""
        self._step(
            "send_control",
            {"message": msgspec.to_builtins(message)},
            lambda: self.session.send_control(message, self.now),
        )

    def frame(self, track_id: int, frame: EncodedFrame) -> None:
        """The application sends a frame."""
        spelled = {
            **data_json(frame.data),
            "rtp_timestamp": frame.rtp_timestamp,
            "capture_time_us": frame.capture_time_us,
            "keyframe": frame.keyframe,
            "discardable": frame.discardable,
            "temporal_layer": frame.temporal_layer,
            "audio_level": frame.audio_level,
        }
        self._step(
            "send_frame",
            {"track_id": track_id, "frame": spelled},
            lambda: self.session.send_frame(track_id, frame, self.now),
        )

    def close(self, code: CloseCode, detail: str) -> None:
        """The application ends the session."""
        self._step("close", {"code": int(code), "detail": detail}, lambda: self.session.close(code, detail, self.now))

    def _step(self, what: str, arguments: dict[str, Any], action: Callable[[], None]) -> None:
        action()
        messages: list[dict[str, Any]] = []
        written = -1
        while len(messages) > written:
            written = len(messages)
            for lane_id in self._lane_ids:
                if (data := self.session.next_message(lane_id, self.now)) is not None:
                    messages.append({"lane_id": lane_id, "message": sent_json(data)})
                    self.sent.append((self.now, lane_id, data))
        self.steps.append(
            {
                "at": self.now,
                "do": what,
                **arguments,
                "messages": messages,
                "events": [event_json(event) for event in self.session.events_received()],
                "next_timeout": self.session.next_timeout(),
            }
        )


def us(now: float) -> int:
    """That time on the wire."""
    return int(now * 1e6)


def welcome(lane_id: int, *, resumed: bool = False, control_received: int = 0) -> Welcome:
    """The gateway's answer to a client under test."""
    return Welcome(lane_id, resumed, "p-1", SessionLimits().welcome, control_received, server="test")


def keyframe(size: int = 40) -> EncodedFrame:
    """A keyframe of our encoder."""
    return EncodedFrame(bytes([0x65]) * size, 90_000, 1_000_000, keyframe=True)


def delta(layer: int = 0, *, discardable: bool = False) -> EncodedFrame:
    """A frame that refers to another."""
    return EncodedFrame(b"\x41\x01", 93_000, 1_033_000, temporal_layer=layer, discardable=discardable)


def video(number: int, distance: int) -> VideoMessage:
    """A frame from the far end, on track 7."""
    frame = EncodedFrame(bytes([number]), number * 3000, number, keyframe=distance == 0)
    return VideoMessage(7, number, distance, frame)


def connected_client(lanes: int = 1) -> Recorder:
    """A client with so many lanes from 0 on, established at its start."""
    recorder = Recorder(Role.CLIENT)
    for lane_id in range(lanes):
        recorder.open_lane(lane_id)
    recorder.wait(0.04)
    for lane_id in range(lanes):
        recorder.receive(lane_id, welcome(lane_id, resumed=lane_id > 0))
    return recorder
