from dataclasses import replace

import pytest

from distill.recipe import Training
from distill.training.schedule import STALLED, WARM_UP, Progress, check_schedule, is_over, learning_rate
from vcam.errors import ConfigError

COSINE = Training(iterations=1000, learning_rate=1e-3)
PLATEAU = replace(COSINE, schedule="plateau")


def test_the_learning_rate_rises_then_falls_to_nothing() -> None:
    rates = [learning_rate(COSINE, iteration, Progress()) for iteration in range(1000)]
    peak = rates.index(max(rates))
    assert rates[: peak + 1] == sorted(rates[: peak + 1])
    assert rates[peak:] == sorted(rates[peak:], reverse=True)
    assert 0.8e-3 < rates[peak] <= 1e-3
    assert rates[-1] < 1e-7


def test_a_plateau_schedule_stays_at_its_peak_while_validations_get_better() -> None:
    progress = Progress()
    for gain in (0.1, 0.2, 0.3, 0.4, 0.5):
        progress.update(gain)
    assert [learning_rate(PLATEAU, iteration, progress) for iteration in (WARM_UP, 999)] == [1e-3, 1e-3]


def test_a_plateau_halves_the_rate_again_and_again() -> None:
    progress = Progress()
    progress.update(0.5)
    rates = []
    for _ in range(2 * STALLED):
        progress.update(0.4)
        rates.append(learning_rate(PLATEAU, 999, progress))
    assert rates == [1e-3] * (STALLED - 1) + [5e-4] * STALLED + [2.5e-4]


def test_a_better_validation_ends_the_plateau_and_keeps_the_lower_rate() -> None:
    progress = Progress()
    for gain in (0.5, *[0.4] * STALLED, 0.6, *[0.4] * (STALLED - 1)):
        progress.update(gain)
    assert learning_rate(PLATEAU, 999, progress) == 5e-4


def test_a_plateau_begins_with_the_warm_up_too() -> None:
    assert learning_rate(PLATEAU, 0, Progress()) == 1e-3 / WARM_UP


def test_the_cosine_knows_no_plateau() -> None:
    stalled = Progress(best=1.0, since_best=9, factor=0.125)
    assert learning_rate(COSINE, 500, stalled) == learning_rate(COSINE, 500, Progress())


def test_only_a_better_gain_is_the_best() -> None:
    progress = Progress()
    assert [progress.update(gain) for gain in (-0.3, 0.1, 0.1, float("nan"), 0.2)] == [
        True,
        True,
        False,
        False,
        True,
    ]


def test_a_run_is_over_at_its_last_iteration() -> None:
    assert not is_over(COSINE, 999, Progress())
    assert is_over(COSINE, 1000, Progress())


def test_a_run_is_over_when_its_patience_is_spent() -> None:
    patient = replace(COSINE, patience=2)
    assert not is_over(patient, 10, Progress(best=0.5, since_best=1))
    assert is_over(patient, 10, Progress(best=0.5, since_best=2))
    assert not is_over(COSINE, 10, Progress(best=0.5, since_best=99))


def test_an_unknown_schedule_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="no schedule 'linear'; choose one of: cosine, plateau"):
        check_schedule(replace(COSINE, schedule="linear"))
