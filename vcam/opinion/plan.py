"""What one person is shown, and in which order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, TypeAlias

import numpy as np

from vcam.opinion.study import Kind, Layout, Pair, Study

Order: TypeAlias = Literal["ab", "ba"]  # which one is shown first, or on the left

LONGEST_S = 25 * 60.0  # for one person, with what is read before the first pair
READING_S = 120.0
VOTE_S = 7.0  # to think and to click
GAP_S = 1.0  # of grey between the two clips
MOST_GOLDS, TESTS_A_GOLD = 4, 6
SHUFFLES = 200


@dataclass(frozen=True)
class Trial:
    """One pair as it is shown to one person."""

    number: int  # from 1
    kind: Kind
    pair: str
    shown: Order


def trial_seconds(layout: Layout, clip_s: float) -> float:
    """How long a pair takes, with the vote."""
    return VOTE_S + (2 * clip_s + GAP_S if layout == "sequential" else clip_s)


def plan_trials(study: Study, asked: Mapping[str, int], rng: np.random.Generator) -> list[Trial]:
    """The trials of one person: the training, then test pairs in both orders with gold questions among them.

    asked  how often each pair was planned for others: where there is no time for all pairs, those that were
           asked least are taken
    rng    decides the order

    All of it fits into 25 minutes; at least one test pair is there, however long it takes.
    """
    training = _training(study)
    golds = study.of_kind("gold")
    room = int((LONGEST_S - READING_S) / trial_seconds(study.layout, study.seconds)) - len(training)
    tests = study.of_kind("test")
    gold_count = _gold_count(min(2 * len(tests), room), len(golds))
    chosen = _least_asked(tests, max(1, (room - gold_count) // 2), asked, rng)
    shown: list[tuple[Kind, Pair, Order]] = [
        ("test", pair, order)
        for pair, order in _spread([(pair, order) for pair in chosen for order in ORDERS], rng)
    ]
    for place, (pair, order) in _gold_places(golds, gold_count, len(shown), rng):
        shown.insert(place, ("gold", pair, order))
    return [
        Trial(number, kind, pair.id, order)
        for number, (kind, pair, order) in enumerate([*training, *shown], 1)
    ]


ORDERS: tuple[Order, Order] = ("ab", "ba")


def _training(study: Study) -> list[tuple[Kind, Pair, Order]]:
    """The worst and the best that can come, and no difference; a pair with a difference comes both ways."""
    trials: list[tuple[Kind, Pair, Order]] = []
    for pair in study.of_kind("training"):
        orders = ORDERS if pair.a != pair.b else ORDERS[:1]
        trials += [("training", pair, order) for order in orders]
    return trials


def _gold_count(tests: int, kinds: int) -> int:
    return min(MOST_GOLDS, max(2, tests // TESTS_A_GOLD)) if kinds else 0


def _least_asked(
    pairs: Sequence[Pair], most: int, asked: Mapping[str, int], rng: np.random.Generator
) -> list[Pair]:
    mixed = [pairs[index] for index in rng.permutation(len(pairs))]
    return sorted(mixed, key=lambda pair: asked.get(pair.id, 0))[:most]


def _spread(trials: Sequence[tuple[Pair, Order]], rng: np.random.Generator) -> list[tuple[Pair, Order]]:
    """In random order, the same clip as seldom as possible twice in a row."""
    best: list[tuple[Pair, Order]] = list(trials)
    fewest: tuple[int, int] | None = None
    for _ in range(SHUFFLES):
        mixed = [trials[index] for index in rng.permutation(len(trials))]
        same_pairs = sum(one[0].id == other[0].id for one, other in pairwise(mixed))
        same_clips = sum(one[0].clip == other[0].clip for one, other in pairwise(mixed))
        if fewest is None or (same_pairs, same_clips) < fewest:
            best, fewest = mixed, (same_pairs, same_clips)
        if fewest == (0, 0):
            break
    return best


def _gold_places(
    golds: Sequence[Pair], count: int, tests: int, rng: np.random.Generator
) -> list[tuple[int, tuple[Pair, Order]]]:
    """Where gold questions go, the last place first: one in each of `count` parts, none at the start."""
    mixed = [golds[index % len(golds)] for index in range(count)]
    edges = np.linspace(0, tests, count + 1)
    places = [
        int(rng.integers(int(low) + 1, max(int(low) + 1, int(high)) + 1)) for low, high in pairwise(edges)
    ]
    first = int(rng.integers(2))
    shown = [(pair, ORDERS[(first + index // len(golds)) % 2]) for index, pair in enumerate(mixed)]
    placed = [(place, shown[index]) for place, index in zip(places, rng.permutation(count), strict=True)]
    return sorted(placed, key=lambda each: each[0], reverse=True)
