"""From votes to comparison mean opinion scores (CMOS) with their intervals."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vcam.opinion.store import Vote

LEVEL = 0.95
DRAWS = 10_000
LIMIT = 3.0  # of the scale, either way
LEAST_ERROR = 1e-9

Values = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Score:
    """A mean over people. `low` and `high` bound its 95% interval.

    Both are None for fewer than two people, and where all have the same value, which tells nothing of the
    spread among others.
    """

    mean: float
    low: float | None
    high: float | None
    people: int


def pair_means(votes: Iterable[Vote]) -> dict[str, dict[str, float]]:
    """For each person and test pair, how much better b is than a: the mean of both orders.

    A pair that the person has seen in one order alone is left out, since a preference for the first or the
    second clip would stay in it.
    """
    orders: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    for vote in votes:
        if vote.kind == "test":
            orders[vote.person, vote.pair][vote.shown] = vote.b_over_a
    means: dict[str, dict[str, float]] = defaultdict(dict)
    for (person, pair), scores in orders.items():
        if len(scores) == 2:
            means[person][pair] = sum(scores.values()) / 2
    return dict(means)


def overall(means: Mapping[str, Mapping[str, float]], seed: int = 0) -> Score | None:
    """The mean over people of each one's mean over pairs; None without people."""
    return score_of([float(np.mean(list(pairs.values()))) for pairs in means.values()], seed)


def of_pair(means: Mapping[str, Mapping[str, float]], pair: str, seed: int = 0) -> Score | None:
    return score_of([pairs[pair] for pairs in means.values() if pair in pairs], seed)


def order_effect(votes: Iterable[Vote], seed: int = 0) -> Score | None:
    """How much more what came second was liked than what came first, whatever it was.

    It is the mean of a pair's two scores as they were given, and so is 0 for who has no such preference.
    """
    given: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    for vote in votes:
        if vote.kind == "test":
            given[vote.person, vote.pair][vote.shown] = vote.score
    people: dict[str, list[float]] = defaultdict(list)
    for (person, _), scores in given.items():
        if len(scores) == 2:
            people[person].append(sum(scores.values()) / 2)
    return score_of([float(np.mean(each)) for each in people.values()], seed)


def score_of(values: Sequence[float], seed: int = 0, draws: int = DRAWS) -> Score | None:
    """The mean of one value a person, with its interval by a bootstrap over people; None without values.

    seed  of the bootstrap: the same votes give the same interval
    """
    if not values:
        return None
    mean = float(np.mean(values))
    if max(values) - min(values) < LEAST_ERROR:
        return Score(mean, None, None, len(values))
    low, high = bootstrap_t(np.asarray(values, np.float64), np.random.default_rng(seed), draws)
    return Score(mean, low, high, len(values))


def bootstrap_t(
    values: Values, rng: np.random.Generator, draws: int = DRAWS, level: float = LEVEL
) -> tuple[float, float]:
    """The interval of a mean by the studentised bootstrap, within the scale.

    values  (N,) one for each person, not all the same
    rng     draws the people again
    level   of the interval

    Each draw's distance from the mean is measured in its own standard error; with few people, the plain
    percentiles of the mean are too narrow. Source: Efron and Tibshirani, An Introduction to the Bootstrap,
    1993, section 12.5.
    """
    mean, error = values.mean(), _standard_error(values[None])[0]
    drawn = values[rng.integers(len(values), size=(draws, len(values)))]
    errors = _standard_error(drawn)
    # a draw of equal values is as far away as can be: the scale's ends then bound the interval
    distances = (drawn.mean(axis=1) - mean) / np.maximum(errors, LEAST_ERROR)
    low, high = np.quantile(distances, [(1 - level) / 2, (1 + level) / 2])
    return float(max(-LIMIT, mean - high * error)), float(min(LIMIT, mean - low * error))


def _standard_error(rows: Values) -> Values:
    """Of the mean of each row."""
    return rows.std(axis=1, ddof=1) / np.sqrt(rows.shape[1])
