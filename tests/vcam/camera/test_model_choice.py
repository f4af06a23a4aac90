from dataclasses import dataclass
from pathlib import Path

import pytest

from vcam.camera.model_choice import Budget, choose_model
from vcam.errors import ModelError
from vcam.frame import Size
from vcam.manifest import ModelSpec
from vcam.restore import Engine, Model

SPECS = {name: ModelSpec(name, 4, 1.0, {}) for name in ("best", "good", "fast")}
THREADS = 2
TIMES_MS = {"best": 30.0, "good": 12.0, "fast": 3.0}


@dataclass
class FakeModel:
    """Takes as long as its name says."""

    spec: ModelSpec
    provider: str = "CPUExecutionProvider"
    warm_up_ms: float = 0.0
    warm_up_processor_ms: float = 0.0

    def warm_up(self, size: Size, most_ms: float) -> float:
        self.warm_up_ms = TIMES_MS[self.spec.name]
        self.warm_up_processor_ms = THREADS * self.warm_up_ms
        return self.warm_up_ms


def choose(budget: Budget, name: str = "auto") -> tuple[str, list[str]]:
    """The chosen name, and those that were loaded for it."""
    loaded: list[str] = []

    def load(spec: ModelSpec, folder: Path, engine: Engine) -> Model:
        loaded.append(spec.name)
        return FakeModel(spec)  # type: ignore[return-value]  # what is used of it

    model = choose_model(SPECS, Path("weights"), Engine(), (1280, 720), budget, name, load)
    return model.spec.name, loaded


@pytest.mark.parametrize(
    ("budget", "name"),
    [
        (Budget(40), "best"),
        (Budget(15), "good"),
        (Budget(5), "fast"),
        (Budget(40, processor_ms=60), "best"),
        (Budget(40, processor_ms=59), "good"),
        (Budget(11, processor_ms=60), "fast"),
    ],
)
def test_auto_takes_the_best_that_keeps_the_budget(budget: Budget, name: str) -> None:
    assert choose(budget)[0] == name


def test_auto_takes_the_fastest_where_none_keeps_it() -> None:
    assert choose(Budget(1)) == ("fast", ["best", "good", "fast"])


def test_auto_loads_no_more_than_it_needs() -> None:
    assert choose(Budget(15))[1] == ["best", "good"]


def test_a_named_model_is_taken_however_slow() -> None:
    assert choose(Budget(1), "best") == ("best", ["best"])


def test_an_unknown_name_lists_those_there_are() -> None:
    with pytest.raises(
        ModelError,
        match=r"no model 'bets' in weights \(did you mean 'best'\?\); choose one of: best, good, fast",
    ):
        choose(Budget(15), "bets")


def test_an_empty_manifest_says_so() -> None:
    with pytest.raises(ModelError, match="names no model"):
        choose_model({}, Path("weights"), Engine(), (1280, 720), Budget(15))
