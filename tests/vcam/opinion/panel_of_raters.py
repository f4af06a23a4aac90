"""People who do not exist: raters with a known opinion, noise and bias, to test the statistics with."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vcam.opinion.plan import Trial, plan_trials
from vcam.opinion.store import Vote
from vcam.opinion.study import Pair, Study


@dataclass(frozen=True)
class Rater:
    """How one simulated person votes.

    opinion  of each test pair by its id: how much better b is than a, before it is rounded to the scale
    offset   added to each score of b over a, as people differ
    noise    standard deviation of each vote
    second   added to each score as it is given: a liking for what is shown second
    """

    opinion: dict[str, float]
    offset: float = 0.0
    noise: float = 0.7
    second: float = 0.0

    def votes(self, person: str, study: Study, rng: np.random.Generator) -> list[Vote]:
        return [
            Vote(person, trial.number, trial.kind, trial.pair, trial.shown, self._score(study, trial, rng))
            for trial in plan_trials(study, {}, rng)
        ]

    def _score(self, study: Study, trial: Trial, rng: np.random.Generator) -> int:
        pair = study.pair(trial.pair)
        sign = 1 if trial.shown == "ab" else -1
        if pair.expected is not None:
            return sign * pair.expected
        latent = sign * (self.opinion[pair.id] + self.offset) + self.second + rng.normal(0, self.noise)
        return int(np.clip(np.rint(latent), -3, 3))


class Spammer:
    """Clicks anywhere, and looks at gold questions only."""

    def votes(self, person: str, study: Study, rng: np.random.Generator) -> list[Vote]:
        votes = Rater(dict.fromkeys(ids_of(study), 0.0)).votes(person, study, rng)
        return [
            vote if vote.kind == "gold" else Vote(*_shown(vote), score=int(rng.integers(-3, 4)))
            for vote in votes
        ]


def _shown(vote: Vote) -> tuple[object, ...]:
    return vote.person, vote.number, vote.kind, vote.pair, vote.shown


def ids_of(study: Study) -> list[str]:
    return [pair.id for pair in study.of_kind("test")]


def make_study(scenes: int = 6, seconds: float = 8.0, clips: int = 100) -> Study:
    """A study without media."""
    checks = [
        Pair("r1", "training", "c0", "off", "x.webm", "y.webm", -3),
        Pair("r2", "training", "c0", "off", "x.webm", "x.webm", 0),
        Pair("g1", "gold", "c0", "off", "x.webm", "y.webm", -3),
        Pair("g2", "gold", "c0", "off", "x.webm", "x.webm", 0),
    ]
    tests = [
        Pair(f"t{index}", "test", f"c{index % clips}", f"{index}", f"{index}a.webm", f"{index}b.webm")
        for index in range(scenes)
    ]
    return Study(
        "A study", "input", "best", "sequential", (640, 480), seconds, 50.0, (*checks, *tests), "key"
    )


def ask(study: Study, raters: Sequence[Rater | Spammer], seed: int) -> list[Vote]:
    """The votes of all raters, who are called p0, p1 and so on."""
    rng = np.random.default_rng(seed)
    return [vote for index, rater in enumerate(raters) for vote in rater.votes(f"p{index}", study, rng)]
