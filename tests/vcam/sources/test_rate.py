import pytest

from vcam.sources.rate import Rate


def note(rate: Rate, fps: float, seconds: float, start_s: float = 0.0) -> list[bool]:
    """Note so many seconds of frames; returns where slowness has changed, as it is then."""
    frames = round(fps * seconds)
    return [rate.is_slow for k in range(frames) if rate.note(round((start_s + k / fps) * 1e9))]


def test_less_than_a_second_says_nothing() -> None:
    rate = Rate(30)
    assert note(rate, 10, 2.0) == []
    assert (rate.fps, rate.is_slow) == (None, False)


def test_the_first_second_is_not_counted() -> None:
    rate = Rate(30)
    note(rate, 2, 1.0)
    assert note(rate, 30, 4, start_s=1.0) == []
    assert rate.fps == pytest.approx(30)


def test_it_is_that_of_the_last_two_seconds() -> None:
    rate = Rate(30)
    note(rate, 30, 10)
    note(rate, 15, 2.2, start_s=10)
    assert rate.fps == pytest.approx(15, rel=0.05)


def test_slowness_begins_and_ends_once() -> None:
    rate = Rate(30)
    assert note(rate, 15, 5) == [True]
    assert note(rate, 30, 5, start_s=5) == [False]


def test_a_rate_on_the_edge_does_not_flicker() -> None:
    rate = Rate(30)
    changes = []
    for second in range(0, 60, 3):
        changes += note(rate, 23.9 if second % 2 else 24.2, 3, start_s=second)
    assert changes == [True]


def test_one_late_frame_is_no_slow_camera() -> None:
    rate = Rate(30)
    note(rate, 30, 5)
    assert note(rate, 30, 5, start_s=5.3) == []


def test_a_rate_below_one_a_second_is_measured_too() -> None:
    rate = Rate(30)
    note(rate, 0.25, 20)
    assert rate.fps == pytest.approx(0.25)
