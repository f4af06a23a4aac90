from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
from manual_time import ManualTime

from vcam.frame import Frame, Size, black, resize
from vcam.link import Link, parse_profile
from vcam.sources.bars import BARS
from vcam.sources.pattern import PatternSource
from vcam.sources.stamp import Stamp, draw_stamp, read_stamp

SIZES = [(1280, 720), (1920, 1080), (640, 480), (854, 480), (480, 640)]


def frames_of(size: Size, count: int) -> list[Frame]:
    with PatternSource(size, fps=25, realtime=False) as source:
        return list(islice(source, count))


@pytest.mark.parametrize("size", SIZES)
def test_the_stamp_says_the_index_and_the_time(size: Size) -> None:
    frames = frames_of(size, 4)
    assert [frame.size for frame in frames] == [size] * 4
    assert [read_stamp(frame) for frame in frames] == [Stamp(n, 40 * n) for n in range(4)]


@pytest.mark.parametrize("profile", ["270p", "180p"])
@pytest.mark.parametrize("size", [(1280, 720), (640, 480)])
def test_the_stamp_survives_a_call_and_scaling_up_again(profile: str, size: Size) -> None:
    with Link(parse_profile(profile), np.random.default_rng(0)) as link:
        for frame in frames_of(size, 15):
            received = link(frame)
            assert received.height < size[1]
            assert read_stamp(received) == read_stamp(resize(received, size)) == read_stamp(frame)


def test_the_stamp_holds_a_year_of_uptime_and_wraps_the_index() -> None:
    luma = black((320, 180)).y.copy()
    year_ms = 365 * 86_400_000
    draw_stamp(luma, Stamp(2**32 + 5, year_ms))
    assert read_stamp(replace(black((320, 180)), y=luma)) == Stamp(5, year_ms)


def test_a_picture_without_a_stamp_has_none() -> None:
    noise = np.random.default_rng(0).integers(16, 236, (180, 320), np.uint8)
    assert read_stamp(black((320, 180))) is None
    assert read_stamp(replace(black((320, 180)), y=noise)) is None


def test_a_damaged_stamp_is_not_read_wrong() -> None:
    (frame,) = frames_of((1280, 720), 1)
    luma = frame.y.copy()
    luma[:72] = 255 - luma[:72]
    assert read_stamp(replace(frame, y=luma)) is None


def test_the_bars_have_their_colours_and_the_rest_is_grey() -> None:
    (frame,) = frames_of((1280, 720), 1)
    row = frame.height // 2
    columns = [int((number + 0.5) * 160) for number in range(8)]
    got = [(frame.y[row, x], frame.u[row // 2, x // 2], frame.v[row // 2, x // 2]) for x in columns]
    assert got == list(BARS)
    assert set(np.unique(frame.u[:100])) == {128}


def test_something_moves() -> None:
    first, second = frames_of((640, 360), 2)
    assert not np.array_equal(first.y[-40:], second.y[-40:])


def test_only_the_first_frame_is_a_cut() -> None:
    assert [frame.is_cut for frame in frames_of((64, 48), 3)] == [True, False, False]


def test_in_real_time_frames_come_at_the_rate() -> None:
    time = ManualTime()
    with PatternSource((64, 48), fps=20, clock=time.clock, sleep=time.sleep) as source:
        times_ns = [frame.captured_ns for frame in islice(source, 4)]
    assert set(np.diff(times_ns)) == {50_000_000}
    assert times_ns[0] == 5_000_000_000


@pytest.mark.parametrize("size", [(16, 16), (64, 48), (16, 720)])
def test_a_picture_too_small_for_the_stamp_still_comes(size: Size) -> None:
    (frame,) = frames_of(size, 1)
    assert frame.size == size


def test_an_odd_size_is_the_callers_mistake() -> None:
    with pytest.raises(ValueError, match="must be even"), PatternSource((65, 48)):
        pass
