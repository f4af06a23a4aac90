from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

import pytest

from vcam.errors import SourceError
from vcam.frame import Frame, black
from vcam.roundtrip import Arrival, measure_trip, observe
from vcam.sources import PatternSource, Stamp

SIZE = (320, 240)
MS = 1_000_000


def arrival(index: int, age_ms: float = 40.0, deviation: int = 0) -> Arrival:
    """Of a frame that was taken `index` periods of 100 ms after the machine's start."""
    return Arrival(round((100 * index + age_ms) * MS), Stamp(index, 100 * index), deviation)


def pattern_at(fps: float, age_ms: float, card_frames: int = 0) -> Iterator[Frame]:
    """A daemon's card, then the pattern; each frame `age_ms` old when it arrives."""
    for number in range(card_frames):
        yield replace(black(SIZE), captured_ns=round((number - card_frames) * 1e9 / fps + age_ms * MS))
    with PatternSource(SIZE, fps, realtime=False) as source:
        for frame in source:
            yield replace(frame, captured_ns=frame.captured_ns + round(age_ms * MS))


def test_latency_is_from_the_stamp_to_the_arrival() -> None:
    trip = measure_trip([arrival(0), *(arrival(1 + n, age_ms=10 + n) for n in range(101))])
    assert (trip.latency_ms.p50, trip.latency_ms.p95) == (60, 105)


def test_the_first_frame_may_have_lain_in_the_device() -> None:
    assert measure_trip([arrival(3, age_ms=900), arrival(4), arrival(5)]).latency_ms.p95 == 40


def test_a_repeat_counts_as_one_and_does_not_age_the_others() -> None:
    trip = measure_trip([arrival(0), arrival(1), arrival(1, age_ms=140), arrival(2)])
    assert (trip.read, trip.repeated, trip.lost) == (3, 1, 0)
    assert trip.latency_ms.p95 == 40


def test_a_gap_is_lost_where_it_is_not_known_what_was_sent() -> None:
    trip = measure_trip([arrival(2), arrival(3), arrival(7)])
    assert (trip.sent, trip.read, trip.lost, trip.dropped) == (None, 3, 3, None)


def test_a_gap_is_lost_on_the_way_or_was_never_sent() -> None:
    trip = measure_trip([arrival(2), arrival(3), arrival(7)], sent=[0, 1, 2, 3, 5, 7, 8])
    assert (trip.sent, trip.read, trip.lost, trip.dropped) == (4, 3, 1, 2)


def test_a_source_that_began_again_has_no_gap() -> None:
    assert measure_trip([arrival(8), arrival(9), arrival(0), arrival(1)]).lost == 0


def test_the_rate_is_that_of_new_frames() -> None:
    trip = measure_trip([arrival(0), arrival(1), arrival(1, age_ms=90), arrival(2)])
    assert trip.fps == pytest.approx(10)


def test_a_stamp_that_cannot_be_read_is_counted() -> None:
    trip = measure_trip([arrival(0), Arrival(150 * MS, None, 99), arrival(2)])
    assert (trip.unreadable, trip.read, trip.lost, trip.deviation) == (1, 2, 1, 0)


def test_the_largest_deviation_is_told() -> None:
    assert measure_trip([arrival(0), arrival(1, deviation=3), arrival(2, deviation=1)]).deviation == 3


def test_one_frame_is_too_few() -> None:
    with pytest.raises(SourceError, match=r"1 frames of the pattern arrived.*--seconds"):
        measure_trip([arrival(0), arrival(0)])


def test_the_pattern_is_observed_for_so_many_seconds() -> None:
    arrivals = observe(pattern_at(fps=20, age_ms=70), seconds=0.5)
    assert [found.stamp for found in arrivals] == [Stamp(n, 50 * n) for n in range(10)]
    assert measure_trip(arrivals).latency_ms.p50 == 70


def test_the_time_begins_with_the_first_pattern_not_with_the_card() -> None:
    arrivals = observe(pattern_at(fps=20, age_ms=70, card_frames=40), seconds=0.5)
    assert [found.stamp.index for found in arrivals if found.stamp] == list(range(10))


def test_a_camera_that_shows_something_else_is_an_error() -> None:
    cards = (replace(black(SIZE), captured_ns=number * 10**9) for number in range(100))
    with pytest.raises(SourceError, match=r"no test pattern in 10 s.*sharpkd set source pattern"):
        observe(cards, seconds=1)


def test_colours_that_are_off_by_3_are_seen() -> None:
    frames = (replace(frame, y=frame.y + 3) for frame in islice(pattern_at(20, 0), 2))
    assert [found.deviation for found in observe(frames, seconds=1)] == [3, 3]
