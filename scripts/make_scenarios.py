"""Write tests/vectors/session: what an engine is told, and what it must answer.

    .venv/bin/python -m scripts.make_scenarios

Each file is one session of one role. A step says what happens at which time (``do`` and its arguments), and then which
``messages`` the lanes give (all lanes in the order they were opened, those that have ended too, each pulled once, and
again until a whole pass gave nothing), which ``events`` were told before and after that, and when the
next time-out is (seconds, within a microsecond). Times are seconds; microseconds on the wire are those times a million.
Not compared: the ``detail`` of a CLOSE that the engine itself words. ``data`` may be followed by a ``pad``, as in
wire_invalid.json, or by the ``sha256`` of octets that are too many to be written here.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from scripts.lane_scenarios import LANE_SCENARIOS
from scripts.make_vectors import KEY, VECTORS, write
from scripts.scenario_recorder import (
    CAMERA,
    MICROPHONE,
    Recorder,
    connected_client,
    delta,
    keyframe,
    us,
    video,
    welcome,
)
from wsmedia.errors import CloseCode
from wsmedia.media import Codec, EncodedFrame, MediaKind, TrackSource
from wsmedia.session import Role, SessionLimits
from wsmedia.wire import (
    Ack,
    Close,
    Control,
    Hello,
    KeyframeRequest,
    LaneAck,
    Mute,
    ParticipantDescription,
    ParticipantJoined,
    Pause,
    Ping,
    Publish,
    TargetBitrate,
    TrackAdded,
    TrackDescription,
    VideoMessage,
)


def handshake() -> Recorder:
    """HELLO, early media, WELCOME, first ACKs both ways."""
    recorder = Recorder(Role.CLIENT)
    recorder.open_lane(0)
    recorder.control(Publish(MICROPHONE))
    recorder.control(Publish(CAMERA))
    recorder.frame(0, EncodedFrame(b"\xfc", 960, 1_000_000, audio_level=0x85))
    recorder.frame(1, keyframe())
    recorder.wait(0.04)
    recorder.receive(0, welcome(0))
    recorder.receive(0, Control(1, ParticipantJoined(ParticipantDescription("p-2", "Bob"))))
    recorder.receive(0, Ack(2, us(recorder.now), (LaneAck(0, 4, 0),)))
    recorder.timeout()
    return recorder


def priorities() -> Recorder:
    """What waits for a lane leaves as PONG, CONTROL, audio, video."""
    recorder = Recorder(Role.CLIENT)
    recorder.open_lane(0)
    recorder.control(Publish(MICROPHONE))
    recorder.control(Publish(CAMERA))
    recorder.wait(0.04)
    recorder.receive(0, welcome(0))
    # More than the window: the second frame waits.
    recorder.frame(1, keyframe(40_000))
    recorder.frame(1, delta())
    recorder.frame(0, EncodedFrame(b"\xfc", 960, 1))
    recorder.receive(0, Ping(5))
    recorder.control(Mute(0, True))
    recorder.timeout()
    recorder.wait(0.02)
    recorder.receive(0, Ack(3, us(recorder.now), (LaneAck(0, 6, 1000),)))
    return recorder


def numbering() -> Recorder:
    """Reference distances of temporal layers; a frame without a reference is dropped and a keyframe asked for."""
    recorder = connected_client()
    recorder.control(Publish(CAMERA))
    recorder.frame(1, delta())
    recorder.wait(0.1)
    recorder.frame(1, keyframe())
    for layer, discardable in ((2, True), (1, False), (2, True), (0, False), (2, True), (0, True), (0, False)):
        recorder.frame(1, delta(layer, discardable=discardable))
    return recorder


def gaps() -> Recorder:
    """A hole in incoming video: undecodable frames are dropped, one request per half second, duplicates ignored."""
    recorder = connected_client()
    recorder.receive(
        0, Control(1, TrackAdded("p-2", TrackDescription(7, MediaKind.VIDEO, Codec.H264, TrackSource.CAMERA)))
    )
    for number, distance in ((0, 0), (1, 1), (1, 1), (3, 2), (5, 1), (6, 1)):
        recorder.wait(0.033)
        recorder.receive(0, video(number, distance))
    recorder.wait(0.5)
    recorder.receive(0, video(7, 1))
    recorder.receive(0, video(8, 0))
    recorder.receive(0, video(9, 1))
    recorder.control(KeyframeRequest(7))
    recorder.timeout()
    while recorder.session.next_timeout() < recorder.now + 1:  # type: ignore[operator]
        recorder.timeout()
    return recorder


def control_order() -> Recorder:
    """CONTROL that comes early or twice is delivered in order and once."""
    recorder = connected_client()
    for number in (2, 1, 1, 4, 3):
        recorder.receive(0, Control(number, TargetBitrate(1, number)))
    recorder.receive(0, b"\x03\x00\x00\x00\x05" + b'{"type":"from the future"}')
    recorder.receive(0, Control(1 + 5 + 256, TargetBitrate(1, 0)))
    return recorder


def resume() -> Recorder:
    """A cut: unacknowledged CONTROL is sent again, media is dropped meanwhile, the encoder is asked for a keyframe."""
    recorder = connected_client()
    recorder.control(Publish(CAMERA))
    recorder.frame(1, keyframe())
    recorder.control(Mute(1, True))
    recorder.wait(0.03)
    recorder.receive(0, Ack(1, us(recorder.now), (LaneAck(0, 2, 0),)))
    recorder.control(Mute(1, False))
    recorder.lane_lost(0)
    recorder.frame(1, delta())
    recorder.wait(0.5)
    recorder.open_lane(1)
    recorder.wait(0.04)
    recorder.receive(1, welcome(1, resumed=True, control_received=2))
    recorder.frame(1, delta())
    recorder.frame(1, keyframe())
    return recorder


def resume_on_two_lanes() -> Recorder:
    """Two lanes come back at once: the first resumes, the second joins it; each video track asks once."""
    recorder = connected_client()
    recorder.control(Publish(CAMERA))
    recorder.lane_lost(0)
    recorder.open_lane(1)
    recorder.open_lane(2)
    recorder.wait(0.04)
    recorder.receive(2, welcome(2, resumed=True, control_received=1))
    recorder.receive(1, welcome(1, resumed=True, control_received=1))
    recorder.frame(1, keyframe())
    recorder.lane_lost(1)
    recorder.frame(1, delta())
    return recorder


def too_large_a_frame() -> Recorder:
    """A frame that the far end would refuse is dropped, and those that refer to it with it."""
    recorder = Recorder(Role.CLIENT)
    recorder.open_lane(0)
    limits = msgspec.structs.replace(SessionLimits().welcome, max_frame_bytes=50)
    recorder.receive(0, msgspec.structs.replace(welcome(0), limits=limits))
    recorder.control(Publish(CAMERA))
    recorder.frame(1, keyframe(51))
    recorder.frame(1, delta())
    recorder.frame(1, keyframe(50))
    return recorder


def resume_expires() -> Recorder:
    """Nobody comes back."""
    recorder = connected_client()
    recorder.lane_lost(0)
    recorder.timeout()
    return recorder


def idle() -> Recorder:
    """PING after a third of the idle time-out, PONG, and the loss of a lane that has gone silent."""
    recorder = connected_client()
    recorder.timeout()
    recorder.receive(0, Ping(77))
    while not recorder.steps[-1]["events"]:
        recorder.timeout()
    return recorder


def forgotten() -> Recorder:
    """A gateway that answers a second lane with resumed false has forgotten the session."""
    recorder = connected_client()
    recorder.open_lane(1)
    recorder.receive(1, welcome(1))
    return recorder


def malformed() -> Recorder:
    """A broken message ends the session; the far end is told on every lane."""
    recorder = connected_client()
    recorder.open_lane(1)
    recorder.receive(1, welcome(1, resumed=True))
    recorder.receive(0, b"\x7f")
    recorder.receive(0, Ping(1))
    return recorder


def wrong_direction() -> Recorder:
    """A gateway does not publish."""
    recorder = connected_client()
    recorder.receive(0, Control(1, Publish(CAMERA)))
    return recorder


def acknowledged_too_much() -> Recorder:
    """An ACK of messages that were never sent is malformed."""
    recorder = connected_client()
    recorder.receive(0, Ack(0, us(recorder.now), (LaneAck(0, 1, 0),)))
    return recorder


def lean_acks() -> Recorder:
    """An ACK names the lanes with news, and lately silent ones again; after the loss of a lane all that are left."""
    recorder = connected_client()
    recorder.open_lane(1)
    recorder.open_lane(2)
    recorder.receive(1, welcome(1, resumed=True))
    recorder.receive(2, welcome(2, resumed=True))
    recorder.receive(0, Ping(1))
    recorder.receive(0, Ping(2))
    recorder.wait(0.005)
    recorder.receive(1, Ping(3))
    recorder.timeout()
    recorder.wait(0.05)
    recorder.receive(1, Ping(4))
    recorder.timeout()
    recorder.wait(0.06)
    recorder.receive(1, Ping(5))
    recorder.timeout()
    recorder.lane_lost(1)
    return recorder


def before_welcome() -> Recorder:
    """A gateway speaks after WELCOME."""
    recorder = Recorder(Role.CLIENT)
    recorder.open_lane(0)
    recorder.receive(0, Ping(1))
    return recorder


def orderly_close() -> Recorder:
    """We leave."""
    recorder = connected_client()
    recorder.control(Publish(CAMERA))
    recorder.close(CloseCode.LEFT, "Alice left")
    recorder.frame(1, keyframe())
    return recorder


def remote_close() -> Recorder:
    """The gateway ends the session, with a code that we do not know."""
    recorder = connected_client()
    recorder.receive(0, Close(4999, "sun_exploded", "bye"))
    return recorder


def gateway() -> Recorder:
    """The other role: WELCOME first, tracks after ``publish``, a resume that replaces the old lane."""
    hello = Hello(lane_id=0, key=KEY, room="standup", name="Alice", client="test")
    recorder = Recorder(Role.GATEWAY)
    recorder.attach_lane(hello)
    track = VideoMessage(1, 0, 0, keyframe())
    recorder.receive(0, track)
    recorder.receive(0, Control(1, Publish(CAMERA)))
    recorder.receive(0, track)
    recorder.control(TrackAdded("p-2", CAMERA))
    recorder.frame(1, keyframe())
    recorder.timeout()
    recorder.attach_lane(msgspec.structs.replace(hello, lane_id=1, resume=True))
    recorder.receive(1, Control(2, TrackAdded("p-2", CAMERA)))
    return recorder


def pause() -> Recorder:
    """A paused track sends nothing, through a resume; it goes on with a keyframe, which is asked for."""
    hello = Hello(lane_id=0, key=KEY, room="standup", name="Alice", client="test")
    recorder = Recorder(Role.GATEWAY)
    recorder.attach_lane(hello)
    recorder.control(TrackAdded("p-2", CAMERA))
    recorder.control(TrackAdded("p-2", MICROPHONE))
    recorder.frame(1, keyframe())
    recorder.receive(0, Control(1, Pause(1, True)))
    recorder.receive(0, Control(2, Pause(0, True)))
    recorder.receive(0, Control(3, Pause(9, True)))
    recorder.frame(1, delta())
    recorder.frame(1, keyframe())
    recorder.frame(0, EncodedFrame(b"\x78", 960, 1_000_000))
    recorder.receive(0, Control(4, KeyframeRequest(1)))
    recorder.lane_lost(0)
    recorder.wait(1)
    recorder.attach_lane(msgspec.structs.replace(hello, lane_id=1, resume=True, control_received=2))
    recorder.frame(1, keyframe())
    recorder.receive(1, Control(5, Pause(1, False)))
    recorder.frame(1, delta())
    recorder.frame(1, keyframe())
    recorder.frame(1, delta())
    recorder.receive(1, Control(6, Pause(0, False)))
    recorder.frame(0, EncodedFrame(b"\x78", 1920, 1_020_000))
    recorder.receive(1, Control(7, Pause(1, False)))
    recorder.frame(1, delta())
    return recorder


SCENARIOS: tuple[Callable[[], Recorder], ...] = (
    handshake,
    priorities,
    numbering,
    gaps,
    control_order,
    resume,
    resume_on_two_lanes,
    too_large_a_frame,
    resume_expires,
    idle,
    forgotten,
    malformed,
    wrong_direction,
    acknowledged_too_much,
    lean_acks,
    before_welcome,
    orderly_close,
    remote_close,
    gateway,
    pause,
    *LANE_SCENARIOS,
)


def main() -> None:
    """Write everything."""
    for scenario in SCENARIOS:
        text = (scenario.__doc__ or "").strip()
        write(VECTORS / "session" / f"{scenario.__name__}.json", scenario().scenario(text))


if __name__ == "__main__":
    main()
