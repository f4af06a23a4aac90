from fractions import Fraction

from vcam.media.timeline import Timeline

TICK = Fraction(1, 1000)


def place(timeline: Timeline, stream: int, dts: int, duration: int = 40) -> int:
    """Where a packet comes to lie, in milliseconds."""
    packet = FakePacket(stream, dts, duration)
    timeline.place(packet)  # type: ignore[arg-type]
    return packet.dts


class FakePacket:
    """What a timeline reads and writes of a packet; a real one belongs to an open container."""

    def __init__(self, stream: int, dts: int, duration: int) -> None:
        self.stream_index, self.dts, self.pts, self.duration = stream, dts, dts + 80, duration
        self.time_base = TICK


def test_time_stamps_that_rise_stay() -> None:
    timeline = Timeline(may_jump=True)
    assert [place(timeline, 0, dts) for dts in (0, 40, 80, 9_000)] == [0, 40, 80, 9_000]


def test_packets_of_less_than_a_tenth_of_a_second_are_no_part() -> None:
    timeline = Timeline(may_jump=True)
    assert [place(timeline, 0, dts) for dts in (1000, 1040, 1000, 1040)] == [1000, 1040, 1000, 1040]


def test_both_streams_of_a_part_are_shifted_alike_though_they_come_to_it_one_after_the_other() -> None:
    timeline = Timeline(may_jump=True)
    for dts in (0, 40, 2000):
        place(timeline, 0, dts)
        place(timeline, 1, dts)
    assert place(timeline, 0, 0) == 2040  # the picture is at the joint
    assert place(timeline, 1, 2040) == 2040  # the sound's last packet before it
    assert place(timeline, 1, 0) == 2040
    assert place(timeline, 0, 40) == 2080


def test_a_long_gap_is_a_pause_where_time_stamps_do_not_jump() -> None:
    assert [place(Timeline(False), 0, dts) for dts in (0, 60_000)] == [0, 60_000]
    timeline = Timeline(True)
    assert [place(timeline, 0, dts) for dts in (0, 60_000)] == [0, 40]


def test_packets_that_are_a_little_out_of_order_are_no_joint() -> None:
    timeline = Timeline(True)
    assert [place(timeline, 0, dts) for dts in (100, 60, 140)] == [100, 60, 140]
