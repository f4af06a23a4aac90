"""Which of the published models is fast enough on this machine."""

import logging
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from vcam.errors import ModelError
from vcam.frame import Size
from vcam.manifest import ModelSpec
from vcam.restore import Engine, Model
from vcam.spelling import closest

log = logging.getLogger(__name__)

AUTO = "auto"
BUDGET = 0.45  # of the frame period; the rest is for decoding, scaling and the calling program


@dataclass(frozen=True)
class Budget:
    """What one run of a network may take, in milliseconds.

    wall_ms       by the clock: more makes pictures late
    processor_ms  of all its threads together: more takes from the call what it needs to encode and decode
    """

    wall_ms: float
    processor_ms: float = math.inf

    def holds(self, model: Model) -> bool:
        """Whether the model's last warm-up kept it."""
        return model.warm_up_ms <= self.wall_ms and model.warm_up_processor_ms <= self.processor_ms


NO_LIMIT = Budget(math.inf)


def choose_model(
    specs: Mapping[str, ModelSpec],
    folder: Path,
    engine: Engine,
    size: Size,
    budget: Budget,
    name: str = AUTO,
    load: Callable[[ModelSpec, Path, Engine], Model] = Model,
) -> Model:
    """Load and warm the model to use at an output of `size`.

    specs   by name, best picture first
    budget  for one run; "auto" takes the first model within it, else the fastest
    name    a model's name, or "auto"

    Raises ModelError if there is no such model, or if one that is tried cannot be used.
    """
    tried: list[Model] = []
    for spec in _candidates(specs, folder, name):
        model = load(spec, folder, engine)
        took_ms = model.warm_up(size, budget.wall_ms if name == AUTO else math.inf)
        log.info("model %s: %.1f ms on %s", spec.name, took_ms, model.provider)
        if budget.holds(model):
            return model
        tried.append(model)
    return min(tried, key=lambda model: model.warm_up_ms)


def _candidates(specs: Mapping[str, ModelSpec], folder: Path, name: str) -> list[ModelSpec]:
    if not specs:
        raise ModelError(f"the manifest in {folder} names no model; run: make distill")
    if name == AUTO:
        return list(specs.values())
    if name not in specs:
        found = closest(name, specs)
        raise ModelError(f"no model {name!r} in {folder}{found}; choose one of: {', '.join(specs)}, or auto")
    return [specs[name]]
