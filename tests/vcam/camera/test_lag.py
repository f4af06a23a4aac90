import pytest

from vcam.camera.lag import Counts, Lag


def run(lag: Lag, seconds: int, start_s: int = 0, base: Counts | None = None, **a_second: int) -> Counts:
    """Note counts that rise by so many frames a second; `fresh` are those that were shown."""
    base = base or Counts(0, 0, {})
    fresh_a_second = a_second.pop("fresh", 30)
    for second in range(seconds + 1):
        drops = {
            cause: base.drops.get(cause, 0) + a_second.get(cause, 0) * second
            for cause in {*base.drops, *a_second}
        }
        counts = Counts((start_s + second) * 1_000_000_000, base.fresh + fresh_a_second * second, drops)
        lag.note(counts)
    return counts


def test_a_pipeline_that_keeps_up_does_not_lag() -> None:
    lag = Lag()
    run(lag, 30, busy=1)
    assert lag.share == 0


def test_a_third_of_the_frames_dropped_is_a_third() -> None:
    lag = Lag()
    run(lag, 30, fresh=20, busy=10)
    assert lag.share == pytest.approx(1 / 3)


def test_it_is_known_after_five_seconds_and_not_before() -> None:
    lag = Lag()
    run(lag, 4, fresh=20, busy=10)
    assert lag.share == 0
    run(lag, 6, fresh=20, busy=10)
    assert lag.share > 0


def test_it_is_over_ten_seconds_after_its_cause() -> None:
    lag = Lag()
    counts = run(lag, 30, fresh=20, busy=10)
    counts = run(lag, 5, start_s=30, base=counts)
    assert lag.share > 0
    run(lag, 10, start_s=35, base=counts)
    assert lag.share == 0


def test_drops_of_another_cause_are_no_lag() -> None:
    lag = Lag()
    run(lag, 30, fresh=10, busy=9, source=11)
    assert lag.share == 0


def test_while_there_is_no_output_it_is_not_known() -> None:
    lag = Lag()
    counts = run(lag, 30, fresh=0, busy=1, unpublished=30)
    assert lag.share == 0
    run(lag, 11, start_s=30, base=counts, fresh=20, busy=10)
    assert lag.share == pytest.approx(1 / 3)


def test_a_sample_a_second_is_kept() -> None:
    lag = Lag()
    for k in range(4000):
        lag.note(Counts(k * 250_000_000, k, {}))
    assert len(lag._counts) <= 11
