from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

import pytest
from fake_output import CARD, FakeOutput

from vcam.camera.policy import Health
from vcam.camera.warnings import find_warnings
from vcam.config import Config
from vcam.restore.network import EngineHealth
from vcam.sinks import NullSink


@dataclass
class Case:
    """A camera with which all is well, until a test changes that."""

    config: Config = field(default_factory=Config)
    provider: str = "CPUExecutionProvider"
    health: Health = field(default_factory=Health)
    source: Any = field(default_factory=lambda: SimpleNamespace(warnings=()))
    sink: Any = field(default_factory=NullSink)
    lag: float = 0.0
    state: str = "running"
    engine: EngineHealth | None = None
    has_model: bool = True
    looks: int = 2

    def warnings(self) -> list[str]:
        model = SimpleNamespace(
            provider=self.provider, spec=SimpleNamespace(name="mine", looks=self.looks), health=self.engine
        )
        chain: Any = SimpleNamespace(restorer=SimpleNamespace(model=model) if self.has_model else None)
        return list(
            find_warnings(self.config, chain, self.health, self.source, self.sink, self.lag, self.state)
        )


def test_where_all_is_well_there_is_none() -> None:
    assert Case().warnings() == []


def test_a_source_says_its_own() -> None:
    assert Case(source=SimpleNamespace(warnings=("slow", "raw"))).warnings() == ["slow", "raw"]


@pytest.mark.parametrize("source", [None, SimpleNamespace()])
def test_a_closed_source_and_one_that_says_nothing_are_well(source: Any) -> None:
    assert Case(source=source).warnings() == []


def test_an_old_model_that_was_kept_is_told_from_none_at_all() -> None:
    case = Case(health=Health(model_error="sha256 is wrong"))
    assert case.warnings() == ["kept the old model: sha256 is wrong"]
    assert replace(case, has_model=False).warnings() == ["still no model: sha256 is wrong"]


def test_a_model_that_cannot_follow_is_told_with_its_share() -> None:
    (warning,) = Case(lag=1 / 3).warnings()
    assert warning.startswith("too slow for this camera: 33% of its last frames")


@pytest.mark.parametrize("provider", ["cuda", "tensorrt"])
def test_a_gpu_that_was_asked_for_and_is_not_used_is_told(provider: str) -> None:
    case = Case(config=Config(provider=provider))
    (warning,) = case.warnings()
    assert warning.startswith(f"provider = {provider}, but the model runs on the CPU")
    assert replace(case, provider="CUDAExecutionProvider").warnings() == []
    assert Case(config=Config(provider="auto")).warnings() == []


def test_a_lost_output_is_told_where_the_state_does_not_say_so() -> None:
    output = FakeOutput()
    kept = output.keep()
    output.fault = "gone"
    kept.send(CARD)
    assert Case(sink=kept, state="waiting for output: gone").warnings() == []
    assert Case(sink=kept, state="paused", source=None).warnings() == ["no output: gone"]


def test_crispness_without_a_crisp_look_is_told() -> None:
    crisp = Config(crispness=0.5)
    assert Case(config=crisp).warnings() == []
    assert Case(config=crisp, looks=1).warnings() == [
        "crispness = 0.5, but the model mine has no crisp look; run: sharpkd set crispness 0, or use a "
        "version that has one: sharpkd model list"
    ]
    assert Case(looks=1).warnings() == []


def test_an_engine_that_was_given_up_is_told_with_what_to_do() -> None:
    engine = EngineHealth("openvino")
    assert Case(engine=engine).warnings() == []
    engine.give_up("it failed in use: lost")
    (warning,) = Case(engine=engine).warnings()
    assert warning == (
        "the CPU runs the model, not openvino: it failed in use: lost;"
        " try it again: sharpkd bench --engines, or leave it out: sharpkd set provider cpu"
    )
