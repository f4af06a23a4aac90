"""How much of the processor the user gives: the network's threads, and its share of a frame's time."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from vcam.camera.model_choice import BUDGET, Budget
from vcam.config import Config

MOST_CORES = 1 / 3  # of all of them, for the network: a call's program encodes and decodes on the others


@dataclass(frozen=True)
class Effort:
    """What one choice of the setting `cpu` means.

    threads  of the network; 0: one a core, at most 4
    budget   of the frame period, which one run of the network may take; a model within it is kept
    share    of all cores in that period, which it may take together: the call's program needs them, too
    """

    threads: int
    budget: float
    share: float


EFFORTS: Mapping[str, Effort] = MappingProxyType(
    {
        "quiet": Effort(1, 0.25, MOST_CORES),  # a call encodes and decodes on the other cores meanwhile
        "balanced": Effort(0, BUDGET, MOST_CORES),
        "best": Effort(0, 0.75, 1.0),
    }
)


def threads_of(config: Config) -> int:
    """Threads of the network: those that the settings name, else those of their effort."""
    return config.threads or EFFORTS[config.cpu].threads


def budget_of(config: Config) -> Budget:
    """What one run of the network may take."""
    effort, period_ms, cores = EFFORTS[config.cpu], 1000 / config.fps, len(os.sched_getaffinity(0))
    return Budget(effort.budget * period_ms, effort.share * cores * period_ms)
