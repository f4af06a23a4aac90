from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from panel_of_raters import ids_of, make_study

from vcam.opinion.plan import LONGEST_S, READING_S, plan_trials, trial_seconds


@pytest.mark.parametrize("scenes", [1, 3, 20, 200])
@pytest.mark.parametrize("seconds", [1.0, 8.0, 20.0])
def test_each_pair_comes_in_both_orders_and_all_within_25_minutes(scenes: int, seconds: float) -> None:
    study = make_study(scenes, seconds)
    trials = plan_trials(study, {}, np.random.default_rng(scenes))
    orders = Counter((trial.pair, trial.shown) for trial in trials if trial.kind == "test")
    assert set(orders.values()) == {1}
    assert {(pair, order) for pair, _ in orders for order in ("ab", "ba")} == set(orders)
    assert READING_S + len(trials) * trial_seconds("sequential", seconds) <= LONGEST_S
    assert [trial.number for trial in trials] == list(range(1, len(trials) + 1))


def test_training_comes_first_and_gold_questions_are_spread() -> None:
    trials = plan_trials(make_study(20), {}, np.random.default_rng(0))
    kinds = [trial.kind for trial in trials]
    assert kinds[:3] == ["training"] * 3
    assert kinds[3] == "test"
    golds = [index for index, kind in enumerate(kinds) if kind == "gold"]
    assert len(golds) == 4
    assert all(later - earlier > 1 for earlier, later in pairwise(golds))
    assert len({(trial.pair, trial.shown) for trial in trials if trial.pair == "g1"}) == 2


def test_the_same_clip_does_not_come_twice_in_a_row_if_that_can_be() -> None:
    for seed in range(20):
        trials = plan_trials(make_study(12, clips=6), {}, np.random.default_rng(seed))
        tests = [trial.pair for trial in trials if trial.kind == "test"]
        assert all(earlier != later for earlier, later in pairwise(tests))


def test_where_there_is_no_time_for_all_those_asked_least_are_taken() -> None:
    study = make_study(scenes=100)
    asked = dict.fromkeys(ids_of(study)[:80], 5)
    trials = plan_trials(study, asked, np.random.default_rng(2))
    chosen = {trial.pair for trial in trials if trial.kind == "test"}
    assert len(chosen) >= 20
    assert set(ids_of(study)[80:]) <= chosen


def test_people_get_orders_of_their_own() -> None:
    study = make_study(10)
    plans = {
        tuple((trial.pair, trial.shown) for trial in plan_trials(study, {}, np.random.default_rng(seed)))
        for seed in range(10)
    }
    assert len(plans) == 10
