"""Learning rate schedules, cosine or halved on a plateau, and early stopping."""

import math
from dataclasses import dataclass

from distill.recipe import Training
from vcam.errors import ConfigError

WARM_UP = 200  # iterations of linear warm-up
STALLED = 3  # validations without improvement before the learning rate is halved
SCHEDULES = ("cosine", "plateau")


@dataclass
class Progress:
    """The progress of validation so far; part of a checkpoint."""

    best: float = -math.inf  # gain in dB
    since_best: int = 0  # validations
    factor: float = 1.0  # on the learning rate, halved on plateaus
    first: int = 0  # iteration that a fresh optimizer began at: a later sitting warms up again
    # gain of each look in dB before the first iteration; none of a run that starts from nothing
    start: tuple[float, ...] = ()

    def update(self, gain_db: float) -> bool:
        """Add a validation; returns whether it is the best so far."""
        if gain_db > self.best:
            self.best, self.since_best = gain_db, 0
            return True
        self.since_best += 1
        if self.since_best % STALLED == 0:
            self.factor /= 2
        return False


def learning_rate(training: Training, iteration: int, progress: Progress) -> float:
    """The learning rate of an iteration: linear warm-up, then the recipe's schedule."""
    warm_up = min(1.0, (iteration - progress.first + 1) / min(WARM_UP, training.iterations))
    peak = training.learning_rate * warm_up
    if training.schedule == "plateau":
        return peak * progress.factor
    return peak * 0.5 * (1 + math.cos(math.pi * iteration / training.iterations))


def is_over(training: Training, iteration: int, progress: Progress) -> bool:
    """Whether the run has reached its last iteration or run out of patience."""
    return iteration >= training.iterations or 0 < training.patience <= progress.since_best


def check_schedule(training: Training) -> None:
    if training.schedule not in SCHEDULES:
        raise ConfigError(f"no schedule {training.schedule!r}; choose one of: {', '.join(SCHEDULES)}")
