"""The scenarios of sessions with several lanes, for ``make_scenarios``: overtaking, redundancy, number of lanes.

Some are played by chance with a fixed seed: no hand would write as many cases in which two engines might differ.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from random import Random

import msgspec

from scripts.make_vectors import KEY
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
from wsmedia.fec import encode_parity, split
from wsmedia.media import Codec, EncodedFrame, MediaKind, TrackSource
from wsmedia.session import Role
from wsmedia.wire import (
    Ack,
    AudioMessage,
    Control,
    Hello,
    LaneAck,
    LanesWanted,
    Publish,
    TargetBitrate,
    TrackAdded,
    TrackDescription,
    TrackRemoved,
    VideoMessage,
    Welcome,
    WireLimits,
    decode,
    encode,
    encode_fragment,
)

REMOTE_CAMERA = TrackDescription(7, MediaKind.VIDEO, Codec.H264, TrackSource.CAMERA)
REMOTE_MICROPHONE = TrackDescription(6, MediaKind.AUDIO, Codec.OPUS, TrackSource.MICROPHONE)
CLOCKS_APART = 50.0
"""Seconds by which the far end's clock is ahead."""


def fragments(message: VideoMessage | AudioMessage, number: int, data_count: int, spare_count: int = 0) -> list[bytes]:
    """A message as FRAGMENTs, parity behind the data."""
    data = encode(message)
    parity = encode_parity(data, data_count, range(data_count, data_count + spare_count))
    payloads = [*split(data, data_count), *parity]
    return [encode_fragment(data_count, index, number, len(data), payload) for index, payload in enumerate(payloads)]


def large_video(number: int, distance: int, size: int) -> VideoMessage:
    """A frame of that many octets from the far end, on track 7."""
    frame = EncodedFrame(bytes([number % 256]) * size, number * 3000, number, keyframe=distance == 0)
    return VideoMessage(7, number, distance, frame)


def packet(number: int) -> AudioMessage:
    """A packet of audio from the far end, on track 6."""
    return AudioMessage(6, number, EncodedFrame(bytes([0xFC, number]), number * 960, number))


def speech(number: int = 0) -> EncodedFrame:
    """A packet of our own audio."""
    return EncodedFrame(bytes([0xFC, number % 256]), 960 * number, number)


def subscriber(lanes: int) -> Recorder:
    """A client with so many lanes for which somebody else publishes camera and microphone."""
    recorder = connected_client(lanes)
    recorder.receive(0, Control(1, TrackAdded("p-2", REMOTE_CAMERA)))
    recorder.receive(0, Control(2, TrackAdded("p-2", REMOTE_MICROPHONE)))
    return recorder


def publisher(lanes: int) -> Recorder:
    """A client with so many lanes that publishes camera and microphone; nothing is acknowledged."""
    recorder = connected_client(lanes)
    recorder.control(Publish(CAMERA))
    recorder.control(Publish(MICROPHONE))
    return recorder


def acknowledge(recorder: Recorder, on: int, *lane_ids: int, control: int = 0) -> None:
    """An ACK comes on lane ``on``: everything that was sent on those lanes has arrived 10 ms ago."""
    counts = [
        LaneAck(lane_id, sum(at == lane_id and counts_as_sent(data) for _, at, data in recorder.sent), 0)
        for lane_id in lane_ids
    ]
    recorder.receive(on, Ack(control, us(recorder.now - 0.01 + CLOCKS_APART), tuple(counts)))


def counts_as_sent(data: bytes) -> bool:
    """Whether an ACK reports that message."""
    return not isinstance(decode(data, WireLimits()), Ack | Hello | Welcome)


def both_in_use(recorder: Recorder) -> None:
    """Send sound and pictures, which arrive: from now on a clean path keeps the first lane for sound."""
    recorder.frame(0, speech())
    recorder.frame(1, keyframe())
    recorder.wait(0.03)
    acknowledge(recorder, 1, 0, 1, control=2)


def lossy(recorder: Recorder) -> None:
    """Let lane 0 come late by what lane 1 carries: the path counts as lossy from now on."""
    both_in_use(recorder)
    for _ in range(3):
        recorder.frame(0, speech())
    recorder.wait(0.03)
    recorder.frame(1, keyframe())
    recorder.wait(0.03)
    acknowledge(recorder, 1, 1)
    recorder.wait(0.02)
    acknowledge(recorder, 1, 0, 1, control=2)


def fragments_overtake() -> Recorder:
    """Fragments over three lanes in any order, some twice; a frame that is whole on one lane, and again on another."""
    recorder = subscriber(3)
    first = fragments(large_video(0, 0, 100), 0, 3)
    second = fragments(large_video(1, 1, 100), 1, 2)
    for lane_id, piece in ((2, first[2]), (0, first[0]), (0, first[0]), (1, second[1]), (2, second[0]), (1, first[1])):
        recorder.wait(0.002)
        recorder.receive(lane_id, piece)
    recorder.receive(2, first[1])
    recorder.receive(0, video(2, 1))
    recorder.receive(1, video(2, 1))
    recorder.receive(1, fragments(packet(0), 2, 1)[0])
    recorder.receive(2, packet(0))
    recorder.timeout()
    return recorder


def parity_restores() -> Recorder:
    """Any fragments that are as many as the data restore a frame; what comes after them is ignored."""
    recorder = subscriber(2)
    for number, wanted in enumerate(((0, 1, 2), (0, 3, 2), (4, 3, 1), (4, 5, 3))):
        pieces = fragments(large_video(number, min(number, 1), 200 + number), number, 3, spare_count=3)
        for index in (*wanted, *range(6)):
            recorder.receive(index % 2, pieces[index])
        recorder.wait(0.03)
    return recorder


def fragments_of_something_else() -> Recorder:
    """Only VIDEO and AUDIO travel in fragments."""
    recorder = subscriber(2)
    data = encode(Control(3, TargetBitrate(1, 1)))
    for index, payload in enumerate(split(data, 2)):
        recorder.receive(index, encode_fragment(2, index, 0, len(data), payload))
    return recorder


def fragments_contradict() -> Recorder:
    """Fragments of one block that do not agree end the session."""
    recorder = subscriber(2)
    recorder.receive(0, fragments(large_video(0, 0, 100), 0, 3)[0])
    recorder.receive(1, fragments(large_video(0, 0, 101), 0, 3)[1])
    return recorder


def early_frames() -> Recorder:
    """Frames that overtake their track's announcement are kept for it; what comes of a track that has ended is not."""
    recorder = connected_client(2)
    recorder.receive(1, video(0, 0))
    recorder.receive(1, packet(0))
    for piece in fragments(large_video(1, 1, 40), 0, 2, 0):
        recorder.receive(1, piece)
    # Another second is too long.
    recorder.receive(1, VideoMessage(9, 0, 0, keyframe()))
    recorder.wait(0.12)
    recorder.receive(0, Control(2, TrackAdded("p-2", REMOTE_MICROPHONE)))
    recorder.receive(0, Control(1, TrackAdded("p-2", REMOTE_CAMERA)))
    recorder.receive(1, video(2, 1))
    recorder.wait(0.9)
    recorder.receive(0, Control(3, TrackAdded("p-2", msgspec.structs.replace(REMOTE_CAMERA, track_id=9))))
    recorder.receive(0, Control(4, TrackRemoved(7)))
    recorder.receive(1, video(3, 1))
    recorder.receive(0, Control(5, TrackAdded("p-2", REMOTE_CAMERA)))
    recorder.receive(1, video(0, 0))
    return recorder


def patience() -> Recorder:
    """Frames wait for those in front of them: for packets 40 ms, for a frame that they need 350 ms, else 30 ms."""
    recorder = subscriber(2)
    recorder.receive(0, video(0, 0))
    recorder.receive(0, packet(0))
    # In time after all.
    recorder.wait(0.01)
    recorder.receive(1, packet(2))
    recorder.receive(1, video(2, 1))
    recorder.wait(0.01)
    recorder.receive(0, packet(1))
    recorder.receive(0, video(1, 1))
    # Missed, and then late.
    recorder.wait(0.01)
    recorder.receive(1, packet(5))
    recorder.receive(1, video(4, 2))
    recorder.receive(1, video(6, 1))
    for _ in range(3):
        recorder.timeout()
    recorder.receive(0, packet(3))
    recorder.receive(0, video(3, 1))
    # What the sixth frame refers to never comes.
    while recorder.session.next_timeout() < recorder.now + 0.36:  # type: ignore[operator]
        recorder.timeout()
    recorder.wait(0.01)
    recorder.receive(1, video(7, 1))
    recorder.receive(1, video(8, 0))
    # A keyframe that has overtaken much needs nobody.
    recorder.wait(0.01)
    recorder.receive(0, video(20, 0))
    recorder.timeout()
    recorder.receive(1, video(19, 1))
    return recorder


def impatience() -> Recorder:
    """With one lane left nothing is waited for; too much that waits gives up what is missing."""
    recorder = subscriber(2)
    recorder.receive(1, video(0, 0))
    for number in range(2, 68):
        recorder.receive(1, large_video(number, 1, 2))
    recorder.receive(1, video(100, 0))
    recorder.receive(1, packet(2))
    recorder.lane_lost(0)
    recorder.receive(1, packet(4))
    recorder.timeout()
    return recorder


def clean_path() -> Recorder:
    """Two lanes, none late: audio and CONTROL have the first one, large frames in few pieces the other."""
    recorder = publisher(2)
    both_in_use(recorder)
    recorder.frame(1, keyframe(20_000))
    recorder.frame(0, speech())
    recorder.wait(0.03)
    acknowledge(recorder, 0, 0, 1, control=2)
    recorder.frame(1, delta())
    return recorder


def large_keyframe() -> Recorder:
    """A keyframe leaves piece by piece at the pace of the path, audio in between; the window does not limit it here."""
    recorder = publisher(2)
    both_in_use(recorder)
    recorder.frame(1, keyframe(28_000))
    recorder.frame(1, delta())
    for number in range(2):
        recorder.frame(0, speech(number))
        recorder.timeout()
        recorder.wait(0.01)
        acknowledge(recorder, 0, 0, 1, control=2)
    return recorder


def hedge() -> Recorder:
    """What was overtaken is sent again on another lane, once; then audio goes twice and video with parity."""
    recorder = publisher(3)
    lossy(recorder)
    recorder.frame(0, speech(1))
    recorder.frame(1, EncodedFrame(b"\x41" * 3000, 1, 1))
    recorder.timeout()
    return recorder


def stalled_lane() -> Recorder:
    """One lane of four stalls: parity makes up for it, the others go on, and it is used again when it has caught up."""
    recorder = publisher(4)
    lossy(recorder)
    for number in range(1, 5):
        recorder.wait(0.033)
        recorder.frame(1, EncodedFrame(b"\x41" * (2000 + number), number, number))
        recorder.frame(0, speech(number))
        recorder.wait(0.015)
        acknowledge(recorder, 1, 1, 2, 3, control=2)
    recorder.wait(0.02)
    acknowledge(recorder, 1, 0, 1, 2, 3, control=2)
    recorder.frame(1, EncodedFrame(b"\x41" * 2000, 9, 9))
    return recorder


def lane_lost_among_several() -> Recorder:
    """What a lost lane carried of frames is sent again on others; no keyframe is needed."""
    recorder = publisher(3)
    lossy(recorder)
    recorder.frame(1, EncodedFrame(b"\x41" * 4000, 1, 1))
    recorder.frame(0, speech(1))
    recorder.lane_lost(2)
    recorder.wait(0.03)
    acknowledge(recorder, 0, 0, 1, control=2)
    recorder.frame(1, EncodedFrame(b"\x41" * 300, 2, 2))
    recorder.lane_lost(0)
    recorder.lane_lost(1)
    recorder.frame(1, delta())
    return recorder


def surplus_lanes() -> Recorder:
    """Of three lanes two are wanted: the youngest falls silent, until it is one of two again."""
    recorder = publisher(3)
    both_in_use(recorder)
    for number in range(3):
        recorder.frame(1, keyframe(2000))
        recorder.frame(0, speech(number))
        recorder.wait(0.01)
    acknowledge(recorder, 0, 0, 1, control=2)
    recorder.lane_lost(0)
    recorder.frame(0, speech(3))
    recorder.frame(1, delta())
    return recorder


def lanes_wished_for() -> Recorder:
    """The gateway would like more lanes; the client follows, as far as WELCOME allows, and back again."""
    recorder = Recorder(Role.CLIENT)
    recorder.open_lane(0)
    limits = msgspec.structs.replace(welcome(0).limits, max_lanes=6)
    recorder.receive(0, msgspec.structs.replace(welcome(0), limits=limits))
    for number, wanted in enumerate((4, 4, 16, 1), 1):
        recorder.receive(0, Control(number, LanesWanted(wanted)))
    return recorder


def lanes_told() -> Recorder:
    """A gateway whose downlink comes late tells how many lanes it would like, and more when more comes late."""
    recorder = Recorder(Role.GATEWAY)
    hello = Hello(lane_id=0, key=KEY, room="standup", name="Alice", client="test")
    for lane_id in range(2):
        recorder.attach_lane(msgspec.structs.replace(hello, lane_id=lane_id))
    recorder.control(TrackAdded("p-2", CAMERA))
    recorder.control(TrackAdded("p-2", MICROPHONE))
    lossy(recorder)
    for number in range(1, 6):
        recorder.frame(0, speech(number))
        recorder.wait(0.03)
        recorder.frame(1, keyframe(100 + number))
        recorder.wait(0.02)
        acknowledge(recorder, 1, 1, control=2)
        acknowledge(recorder, 0, 0, control=2)
    return recorder


def congested_path() -> Recorder:
    """A queue that grows: window and estimate are cut, and nothing is sent twice, though lanes came late before."""
    recorder = publisher(4)
    lossy(recorder)
    for number in range(30):
        recorder.frame(0, speech(number))
        recorder.frame(1, EncodedFrame(b"\x41" * 6000, number, number))
        recorder.wait(0.03)
        # What was sent 30 ms ago arrives later and later.
        counts = tuple(
            LaneAck(lane_id, sum(at == lane_id and counts_as_sent(data) for _, at, data in recorder.sent), 0)
            for lane_id in range(4)
        )
        recorder.receive(0, Ack(2, us(recorder.now + 0.002 * number**2 + CLOCKS_APART), counts))
    return recorder


def somebody_elses_queue() -> Recorder:
    """A queue that stays however little is sent: after two seconds a share of what was carried before is held."""
    recorder = publisher(2)
    recorder.frame(1, keyframe())
    for number in range(150):
        recorder.frame(1, EncodedFrame(b"\x41" * (4000 if number < 30 else 900), number, number))
        recorder.wait(0.03)
        counts = tuple(
            LaneAck(lane_id, sum(at == lane_id and counts_as_sent(data) for _, at, data in recorder.sent), 0)
            for lane_id in range(2)
        )
        queue = 0.0 if number < 30 else 0.15
        recorder.receive(0, Ack(2, us(recorder.now + queue + CLOCKS_APART), counts))
    return recorder


class _FarEnd:
    """A gateway that only acknowledges, behind lanes that stall by chance; it makes steps in the order of time."""

    def __init__(self, recorder: Recorder, lanes: int, random: Random, stall_share: float) -> None:
        self._recorder = recorder
        self._random = random
        self._stall_share = stall_share
        self._taken = 0
        self._arrivals: list[tuple[float, int]] = []
        self._free_at = dict.fromkeys(range(lanes), 0.0)
        self._received = dict.fromkeys(range(lanes), 0)
        self._last_at = dict.fromkeys(range(lanes), 0.0)
        for _, lane_id, data in recorder.sent:
            self._received[lane_id] += counts_as_sent(data)
        self._taken = len(recorder.sent)

    def run(self, until: float) -> None:
        """Let messages arrive until that time; every 10 ms an ACK comes back after 20 ms."""
        recorder = self._recorder
        while recorder.now < until:
            recorder.wait(0.01)
            self._take()
            news = self._arrive(recorder.now - 0.02)
            if not news:
                continue
            sent_at = us(recorder.now - 0.02 + CLOCKS_APART)
            receipts = tuple(
                LaneAck(lane_id, self._received[lane_id], sent_at - us(self._last_at[lane_id] + CLOCKS_APART))
                for lane_id in sorted(news)
            )
            recorder.receive(min(news), Ack(0, sent_at, receipts))

    def _take(self) -> None:
        for at, lane_id, data in self._recorder.sent[self._taken :]:
            if not counts_as_sent(data) or lane_id not in self._free_at:
                continue
            stall = 0.12 if self._random.random() < self._stall_share else 0.0
            arrival = max(at + 0.02 + stall + 0.004 * self._random.random(), self._free_at[lane_id])
            self._free_at[lane_id] = arrival
            heapq.heappush(self._arrivals, (arrival, lane_id))
        self._taken = len(self._recorder.sent)

    def _arrive(self, until: float) -> set[int]:
        news = set()
        while self._arrivals and self._arrivals[0][0] <= until:
            at, lane_id = heapq.heappop(self._arrivals)
            self._received[lane_id] += 1
            self._last_at[lane_id] = round(at, 6)
            news.add(lane_id)
        return news


def _call(lanes: int, seed: int, stall_share: float, seconds: float, lost: int | None = None) -> Recorder:
    recorder = publisher(lanes)
    random = Random(seed)
    far_end = _FarEnd(recorder, lanes, random, stall_share)
    end = recorder.now + seconds
    number = 0
    while recorder.now < end:
        number += 1
        if number % 3 == 0:
            frame = EncodedFrame(b"\x41" * random.randint(400, 5000), number, number)
            frame.keyframe = number % 60 == 3
            frame.discardable = number % 6 == 0
            recorder.frame(1, frame)
        recorder.frame(0, speech(number))
        if lost is not None and number == 40:
            recorder.lane_lost(lost)
        far_end.run(recorder.now + 0.02)
    return recorder


def call_on_two_lanes() -> Recorder:
    """A call by chance: now and then one of two lanes stalls."""
    return _call(2, 1, 0.01, 1.5)


def call_on_eight_lanes() -> Recorder:
    """A call by chance: lanes stall often, and one is lost."""
    return _call(8, 2, 0.05, 1.5, lost=5)


def overtaking() -> Recorder:
    """Frames and packets by chance, in pieces or whole, over lanes that overtake each other and lose some for good."""
    recorder = subscriber(4)
    random = Random(3)
    arrivals: list[tuple[float, int, int, bytes]] = []
    for number in range(60):
        at = recorder.now + number / 30
        pieces = [encode(packet(number))]
        if number % 2 == 0:
            frame_number = number // 2
            distance = 0 if frame_number % 10 == 0 else random.choice((1, 1, 1, 2))
            message = large_video(frame_number, min(distance, frame_number), 40)
            count = random.randint(1, 4)
            pieces += fragments(message, frame_number, count, random.randint(0, 2)) if count > 1 else [encode(message)]
        for piece in pieces:
            for _ in range(random.choice((0, 1, 1, 1, 1, 1, 1, 2))):
                late = random.random() ** 6 * 0.4
                arrivals.append((round(at + late, 6), len(arrivals), random.randrange(4), piece))
    for at, _, lane_id, piece in sorted(arrivals):
        while (due := recorder.session.next_timeout()) is not None and due <= at:
            recorder.timeout()
        recorder.now = max(recorder.now, at)
        recorder.receive(lane_id, piece)
    return recorder


LANE_SCENARIOS: tuple[Callable[[], Recorder], ...] = (
    fragments_overtake,
    parity_restores,
    fragments_of_something_else,
    fragments_contradict,
    early_frames,
    patience,
    impatience,
    clean_path,
    large_keyframe,
    hedge,
    stalled_lane,
    lane_lost_among_several,
    surplus_lanes,
    lanes_wished_for,
    lanes_told,
    congested_path,
    somebody_elses_queue,
    call_on_two_lanes,
    call_on_eight_lanes,
    overtaking,
)
