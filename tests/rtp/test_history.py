from wsmedia.rtp.history import SendHistory


def test_a_packet_is_given_back_once_per_interval():
    history = SendHistory(min_resend_interval=0.1)
    history.store(7, b"seven", 1.0)
    assert history.find(7, 1.0) == b"seven"
    assert history.find(7, 1.05) is None
    assert history.find(7, 1.1) == b"seven"
    assert history.find(8, 1.1) is None


def test_old_packets_are_not_given():
    history = SendHistory(max_age=2.0)
    history.store(7, b"seven", 1.0)
    assert history.find(7, 3.1) is None


def test_the_oldest_are_overwritten_across_the_wrap():
    history = SendHistory(max_packets=100)
    for number in range(65500, 65536 + 164):
        history.store(number & 0xFFFF, number.to_bytes(4), 1.0)
    kept = [number for number in range(65500, 65536 + 164) if history.find(number & 0xFFFF, 1.0) is not None]
    assert kept == list(range(65536 + 36, 65536 + 164))


def test_clear_forgets():
    history = SendHistory()
    history.store(7, b"seven", 1.0)
    history.clear()
    assert history.find(7, 1.0) is None


def test_a_frame_is_stored_by_consecutive_numbers():
    history = SendHistory()
    history.store_frame(65535, [b"a", b"b"], 1.0)
    assert [history.find(number, 1.0) for number in (65535, 0, 1)] == [b"a", b"b", None]


def test_a_number_that_comes_again_belongs_to_the_new_packet():
    history = SendHistory(min_resend_interval=10.0)
    history.store(7, b"old", 1.0)
    assert history.find(7, 1.0) == b"old"
    history.store(7, b"new", 1.5)
    assert history.find(7, 1.6) == b"new"
