import pytest

from vcam.sources.patience import KNOWN, SPAN, Patience


def patience_after(*intervals_s: float) -> Patience:
    patience, now_s = Patience(2.0, 10.0), 0.0
    patience.note(0)
    for interval_s in intervals_s:
        now_s += interval_s
        patience.note(round(now_s * 1e9))
    return patience


def test_a_stream_that_is_not_known_yet_may_be_slow() -> None:
    assert Patience(2.0, 10.0).limit_s == 10.0
    assert patience_after(*[0.01] * (KNOWN - 1)).limit_s == 10.0


def test_a_fast_stream_has_the_least() -> None:
    assert patience_after(*[1 / 30] * KNOWN).limit_s == 2.0


def test_a_slow_stream_has_four_of_its_longest_intervals() -> None:
    assert patience_after(*[1 / 30] * 5, *[1.5] * 5).limit_s == pytest.approx(6.0)


def test_nobody_is_waited_for_longer_than_the_most() -> None:
    assert patience_after(*[9.0] * KNOWN).limit_s == 10.0


def test_what_was_long_ago_is_forgotten() -> None:
    assert patience_after(9.0, *[1 / 30] * SPAN).limit_s == 2.0
