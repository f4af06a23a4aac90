import pytest
from manual_time import ManualTime

from vcam.sources.pace import Pace

MS = 1_000_000


@pytest.fixture
def time() -> ManualTime:
    return ManualTime()


def test_the_first_moment_is_now(time: ManualTime) -> None:
    assert Pace(time.clock, time.sleep).wait(77_000 * MS) == time.now_ns
    assert time.slept_s == []


def test_each_moment_comes_when_it_is_due_whatever_the_caller_spent_between(time: ManualTime) -> None:
    pace = Pace(time.clock, time.sleep)
    start_ns = pace.wait(0)
    time.now_ns += 30 * MS
    assert pace.wait(40 * MS) == start_ns + 40 * MS
    assert pace.wait(80 * MS) == start_ns + 80 * MS


def test_a_gap_of_more_than_a_second_is_cut_to_one(time: ManualTime) -> None:
    pace = Pace(time.clock, time.sleep)
    pace.wait(0)
    pace.wait(3_600_000 * MS)
    assert time.slept_s == [1.0]


def test_a_step_back_does_not_wait(time: ManualTime) -> None:
    pace = Pace(time.clock, time.sleep)
    pace.wait(500 * MS)
    pace.wait(100 * MS)
    pace.wait(140 * MS)
    assert time.slept_s == [0.04]


def test_after_a_suspend_nothing_is_played_at_double_speed(time: ManualTime) -> None:
    pace = Pace(time.clock, time.sleep)
    pace.wait(0)
    time.now_ns += 60_000 * MS
    pace.wait(40 * MS)
    pace.wait(80 * MS)
    assert time.slept_s == [0.04]


def test_a_small_delay_is_caught_up(time: ManualTime) -> None:
    pace = Pace(time.clock, time.sleep)
    start_ns = pace.wait(0)
    time.now_ns += 100 * MS
    pace.wait(40 * MS)
    assert pace.wait(120 * MS) == start_ns + 120 * MS
