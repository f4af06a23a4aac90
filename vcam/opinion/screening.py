"""Which people's votes cannot be used, and why.

Four checks, each of which leaves out a person with all votes:

- gold questions: at least three in four must be answered as everybody answers them, to one step of the scale,
  which is the tolerance of the crowdsourcing toolkit for P.910;
- test votes that are all the same, and not 0, contradict themselves: each pair comes in both orders. All 0 is
  what people say who see no difference, and who only clicks 0 fails the gold questions;
- the screening of observers of ITU-R BT.500-13, Annex 2, section 2.3.1: who is far from the others, now on
  this side and now on that;
- the correlation with the others, by which P.913, Annex A, screens, too. BT.500's check alone misses who
  clicks anywhere: the wild votes themselves make the distribution not normal, and the limits wide.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from vcam.opinion.store import Vote
from vcam.opinion.study import Study

GOLD_SHARE = 0.75
GOLD_STEP = 1
LEAST_PEOPLE = 4
LEAST_VOTES = 4  # for a verdict on votes that are all the same
NORMAL = (2.0, 4.0)  # kurtosis of what counts as a normal distribution
NORMAL_SPREAD, OTHER_SPREAD = 2.0, 20**0.5  # standard deviations that are far
FAR_SHARE, ONE_SIDED = 0.05, 0.3
LEAST_SHARED = 6  # presentations for a correlation
UNLIKE = 3.0  # standard errors of Fisher's z
ALIKE = 0.999  # correlations are bounded by this: z of 1 is infinite


def screen(votes: Sequence[Vote], study: Study) -> dict[str, str]:
    """Those who are left out, each with the reason in words.

    The last two checks compare those who pass the first two, so that careless people do not widen what is
    normal.
    """
    found: dict[str, str] = {}
    by_person: dict[str, list[Vote]] = defaultdict(list)
    for vote in votes:
        by_person[vote.person].append(vote)
    for person, own in by_person.items():
        reason = _fails_gold(own, study) or _never_differs(own)
        if reason:
            found[person] = reason
    rest = [vote for vote in votes if vote.person not in found and vote.kind == "test"]
    return {**found, **unlike_others(rest), **far_observers(rest)}


def _fails_gold(votes: Iterable[Vote], study: Study) -> str:
    right = [
        abs(vote.b_over_a - expected) <= GOLD_STEP
        for vote in votes
        if vote.kind == "gold" and (expected := study.pair(vote.pair).expected) is not None
    ]
    if not right or sum(right) >= GOLD_SHARE * len(right):
        return ""
    return f"{sum(right)} of {len(right)} gold questions right, expected {GOLD_SHARE:.0%}"


def _never_differs(votes: Iterable[Vote]) -> str:
    scores = [vote.score for vote in votes if vote.kind == "test"]
    if len(scores) < LEAST_VOTES or len(set(scores)) > 1 or scores[0] == 0:
        return ""
    return f"all {len(scores)} votes are {scores[0]:+d}"


def far_observers(votes: Sequence[Vote]) -> dict[str, str]:
    """Who is to be left out by BT.500-13, Annex 2, section 2.3.1, with the reason.

    For each presentation (a pair in one order) a vote is far above if it is 2 standard deviations above the
    mean, or sqrt(20) where the votes are not normally distributed, which their kurtosis tells; far below
    alike. P and Q count a person's votes far above and far below. Left out is who has (P + Q) / votes above
    0.05 and |P - Q| / (P + Q) below 0.3: far away, and not to one side, as who only uses the scale otherwise.
    """
    presentations: dict[tuple[str, str], list[Vote]] = defaultdict(list)
    for vote in votes:
        presentations[vote.pair, vote.shown].append(vote)
    above: Counter[str] = Counter()
    below: Counter[str] = Counter()
    count: Counter[str] = Counter()
    for shown in presentations.values():
        low, high = _usual([vote.score for vote in shown])
        for vote in shown:
            count[vote.person] += 1
            above[vote.person] += vote.score >= high
            below[vote.person] += vote.score <= low
    return {
        person: f"of {count[person]} votes, {above[person]} far above the others', {below[person]} far below"
        for person in count
        if _is_far(above[person], below[person], count[person])
    }


def _usual(scores: Sequence[int]) -> tuple[float, float]:
    """Where far below and far above begin for one presentation; nowhere if all scores are the same."""
    values = np.asarray(scores, np.float64)
    if len(values) < 2 or values.std() == 0:
        return -np.inf, np.inf
    distances = values - values.mean()
    kurtosis = (distances**4).mean() / (distances**2).mean() ** 2
    spread = NORMAL_SPREAD if NORMAL[0] <= kurtosis <= NORMAL[1] else OTHER_SPREAD
    far = spread * values.std(ddof=1)
    return values.mean() - far, values.mean() + far


def _is_far(above: int, below: int, count: int) -> bool:
    far = above + below
    return far / count > FAR_SHARE and abs(above - below) / far < ONE_SIDED


def unlike_others(votes: Sequence[Vote]) -> dict[str, str]:
    """Who agrees far less with the others than people here usually do, with the reason.

    What is compared is Pearson's correlation of a person's scores, as given, with the means of all others for
    the same presentations. P.913 leaves out who is below a fixed value, which suits clips of all qualities;
    two systems may hardly differ, and then nobody correlates. So the limit is the panel's own: the median
    person, less 3 standard errors of Fisher's z.
    """
    given: dict[str, dict[tuple[str, str], int]] = defaultdict(dict)
    for vote in votes:
        given[vote.person][vote.pair, vote.shown] = vote.score
    found = {person: _correlation(own, given, person) for person, own in given.items()}
    known = {person: (r, shared) for person, (r, shared) in found.items() if shared >= LEAST_SHARED}
    if len(known) < LEAST_PEOPLE:
        return {}
    usual = float(np.median([r for r, _ in known.values()]))
    return {
        person: f"correlates by {r:.2f} with the others, the median person by {usual:.2f}"
        for person, (r, shared) in known.items()
        if np.arctanh(r) < np.arctanh(usual) - UNLIKE / np.sqrt(shared - 3)
    }


def _correlation(
    own: Mapping[tuple[str, str], int], given: Mapping[str, Mapping[tuple[str, str], int]], person: str
) -> tuple[float, int]:
    """Pearson's r of a person's scores with the means of the others', and over how many presentations."""
    others = {
        shown: [scores[shown] for other, scores in given.items() if other != person and shown in scores]
        for shown in own
    }
    shared = [shown for shown, scores in others.items() if scores]
    ours, theirs = [own[shown] for shown in shared], [float(np.mean(others[shown])) for shown in shared]
    if len(shared) < 2 or np.std(ours) == 0 or np.std(theirs) == 0:
        return 0.0, 0
    return float(np.clip(np.corrcoef(ours, theirs)[0, 1], -ALIKE, ALIKE)), len(shared)


def used_votes(votes: Iterable[Vote], left_out: Mapping[str, str]) -> list[Vote]:
    return [vote for vote in votes if vote.person not in left_out]
