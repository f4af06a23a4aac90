"""Simulated panels with a known opinion: the scores find it, and intervals cover it as often as they say."""

from dataclasses import replace

import numpy as np
import pytest
from panel_of_raters import Rater, Spammer, ask, ids_of, make_study

from vcam.opinion.report import make_report
from vcam.opinion.screening import far_observers, screen
from vcam.opinion.statistics import bootstrap_t, order_effect, overall, pair_means, score_of
from vcam.opinion.store import Vote

STUDY = make_study()
OPINION = dict(zip(ids_of(STUDY), (-1.5, -0.5, 0.0, 0.7, 1.2, 2.1), strict=True))


def panel(count: int, rng: np.random.Generator, second: float = 0.0) -> list[Rater]:
    return [Rater(OPINION, offset=rng.normal(0, 0.4), second=second) for _ in range(count)]


def expected_score(opinion: float, spread: float) -> float:
    """The mean of votes that are rounded and end at the scale's ends, for a spread over people and votes."""
    latent = np.random.default_rng(0).normal(opinion, spread, 400_000)
    return float(np.clip(np.rint(latent), -3, 3).mean())


TRUE_SPREAD = float(np.hypot(0.4, 0.7))
TRUE = {pair: expected_score(opinion, TRUE_SPREAD) for pair, opinion in OPINION.items()}
TRUE_CMOS = float(np.mean(list(TRUE.values())))


def test_a_large_panel_finds_the_opinion_that_it_has() -> None:
    report = make_report(STUDY, ask(STUDY, panel(300, np.random.default_rng(1)), 2), {}, is_screened=False)
    assert report.cmos is not None
    assert report.cmos.mean == pytest.approx(TRUE_CMOS, abs=0.08)  # 3 standard errors
    for pair in STUDY.of_kind("test"):
        assert report.scenes[pair.scene].mean == pytest.approx(TRUE[pair.id], abs=0.15), pair.scene


def test_intervals_of_panels_cover_the_true_score_as_often_as_they_say() -> None:
    rng = np.random.default_rng(3)
    hits = []
    for seed in range(100):
        score = overall(pair_means(ask(STUDY, panel(16, rng), seed)))
        assert score is not None
        assert score.low is not None
        assert score.high is not None
        hits.append(score.low <= TRUE_CMOS <= score.high)
    assert 0.89 <= np.mean(hits) <= 0.99  # 0.95, with 2.7 standard errors of 100 panels


@pytest.mark.parametrize("people", [10, 24])
def test_intervals_cover_skewed_opinions_too(people: int) -> None:
    rng = np.random.default_rng(4)
    hits = []
    for _ in range(600):
        values = np.clip(np.rint(2 * rng.gamma(1.5, 0.6, people)) / 2, 0, 3)
        low, high = bootstrap_t(values, rng, draws=600)
        hits.append(low <= SKEWED_MEAN <= high)
    assert 0.90 <= np.mean(hits) <= 0.985


SKEWED_MEAN = float(
    np.clip(np.rint(2 * np.random.default_rng(5).gamma(1.5, 0.6, 1_000_000)) / 2, 0, 3).mean()
)


def test_a_liking_for_the_second_clip_cancels_and_is_told() -> None:
    plain, liking = (ask(STUDY, panel(200, np.random.default_rng(6), second), 7) for second in (0.0, 0.6))
    without, with_it = (overall(pair_means(votes)) for votes in (plain, liking))
    assert without is not None
    assert with_it is not None
    assert with_it.mean == pytest.approx(without.mean, abs=0.08)
    effect = order_effect(liking)
    assert effect is not None
    assert effect.low is not None
    assert effect.high is not None
    assert effect.low <= 0.6 <= effect.high + 0.1  # the scale's ends take a little of it
    one_way = [vote.b_over_a for vote in liking if vote.kind == "test" and vote.shown == "ab"]
    assert float(np.mean(one_way)) > with_it.mean + 0.4  # which one order alone would have said


def test_a_pair_in_one_order_alone_does_not_count() -> None:
    votes = [
        Vote("p", 1, "test", "t0", "ab", 3),
        Vote("p", 2, "test", "t1", "ab", 1),
        Vote("p", 3, "test", "t1", "ba", -2),
    ]
    assert pair_means(votes) == {"p": {"t1": 1.5}}


def test_a_spammer_who_passes_the_gold_questions_is_screened_out() -> None:
    found = []
    for seed in range(20):
        raters = [*panel(20, np.random.default_rng(seed)), Spammer()]
        votes = list(ask(make_study(scenes=10), [with_ten(rater) for rater in raters], seed))
        found.append(screen(votes, make_study(scenes=10)))
    assert sum("p20" in left_out for left_out in found) >= 18
    wrongly = sum(len(set(left_out) - {"p20"}) for left_out in found)
    assert wrongly <= 20  # of 400 people


TEN = {f"t{index}": opinion for index, opinion in enumerate((-1.5, -1, -0.5, 0, 0, 0.5, 0.7, 1, 1.2, 2))}


def with_ten(rater: Rater | Spammer) -> Rater | Spammer:
    return Rater(TEN, rater.offset) if isinstance(rater, Rater) else rater


def test_who_answers_gold_questions_wrong_is_left_out_with_the_reason() -> None:
    votes = ask(STUDY, panel(8, np.random.default_rng(8)), 9)
    turned = [
        Vote(vote.person, vote.number, vote.kind, vote.pair, vote.shown, -vote.score)
        if vote.person == "p3"
        else vote
        for vote in votes
    ]
    assert "gold questions right, expected 75%" in screen(turned, STUDY)["p3"]


def test_who_always_clicks_the_same_is_left_out() -> None:
    votes = ask(STUDY, panel(8, np.random.default_rng(10)), 11)
    same = [
        Vote(vote.person, vote.number, vote.kind, vote.pair, vote.shown, 1)
        if (vote.person, vote.kind) == ("p5", "test")
        else vote
        for vote in votes
    ]
    assert screen(same, STUDY)["p5"] == "all 12 votes are +1"


def test_who_is_far_to_one_side_stays_as_bt500_has_it() -> None:
    spread = [*[-2] * 4, *[-1] * 10, *[0] * 12, *[1] * 10, *[2] * 4]
    votes = [
        Vote(f"p{index}", 1, "test", f"t{pair}", "ab", score)
        for pair in range(10)
        for index, score in enumerate(np.roll(spread, 4 * pair).tolist())
    ]
    above = [Vote("high", 1, "test", f"t{pair}", "ab", 3) for pair in range(10)]
    both = [Vote("wild", 1, "test", f"t{pair}", "ab", 3 * (-1) ** pair) for pair in range(10)]
    assert set(far_observers([*votes, *above])) == set()
    assert set(far_observers([*votes, *both])) == {"wild"}


def test_who_sees_no_difference_stays_and_who_only_clicks_0_fails_the_gold_questions() -> None:
    votes = ask(STUDY, panel(8, np.random.default_rng(12)), 13)
    for kinds, is_left_out in (({"test"}, False), ({"test", "gold"}, True)):
        zeros = [
            replace(vote, score=0) if vote.person == "p5" and vote.kind in kinds else vote for vote in votes
        ]
        assert ("p5" in screen(zeros, STUDY)) is is_left_out


def test_one_person_has_no_interval_and_neither_have_equal_people() -> None:
    assert score_of([]) is None
    one, equal = score_of([1.5]), score_of([2.0, 2.0, 2.0])
    assert one is not None
    assert (one.mean, one.low, one.high) == (1.5, None, None)
    assert equal is not None
    assert (equal.mean, equal.low, equal.high, equal.people) == (2.0, None, None, 3)


def test_the_same_votes_give_the_same_interval() -> None:
    assert score_of([0.0, 1.0, 0.5, 2.0]) == score_of([0.0, 1.0, 0.5, 2.0])
