"""Learning rates over a run: cosine, or halved on a plateau; and when to stop early."""

import math
from dataclasses import dataclass

from distill.recipe import Training
from vcam.errors import ConfigError

WARM_UP = 200  # iterations of rising learning rate
STALLED = 3  # validations without a better one before a plateau halves the rate
SCHEDULES = ("cosine", "plateau")


@dataclass
class Progress:
    """How the validations went so far; part of a checkpoint."""

    best: float = -math.inf  # gain in dB
    since_best: int = 0  # validations
    factor: float = 1.0  # of the learning rate, by plateaus

    def update(self, gain_db: float) -> bool:
        """Take a validation in; returns whether it is the best so far."""
        if gain_db > self.best:
            self.best, self.since_best = gain_db, 0
            return True
        self.since_best += 1
        if self.since_best % STALLED == 0:
            self.factor /= 2
        return False


def learning_rate(training: Training, iteration: int, progress: Progress) -> float:
    """The rate of an iteration: a linear warm-up, then the recipe's schedule."""
    warm_up = min(1.0, (iteration + 1) / min(WARM_UP, training.iterations))
    peak = training.learning_rate * warm_up
    if training.schedule == "plateau":
        return peak * progress.factor
    return peak * 0.5 * (1 + math.cos(math.pi * iteration / training.iterations))


def is_over(training: Training, iteration: int, progress: Progress) -> bool:
    """Whether the run has come to its last iteration, or its patience is spent."""
    return iteration >= training.iterations or 0 < training.patience <= progress.since_best


def check_schedule(training: Training) -> None:
    if training.schedule not in SCHEDULES:
        raise ConfigError(f"no schedule {training.schedule!r}; choose one of: {', '.join(SCHEDULES)}")
