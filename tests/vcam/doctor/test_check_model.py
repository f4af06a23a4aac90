from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from made_machine import BARE, MadeMachine

from vcam.config import Config
from vcam.doctor.case import OK, PROBLEM, WARNING, Case, Finding
from vcam.doctor.model import Loaded, check_model
from vcam.errors import ModelError
from vcam.manifest import REMEDY
from vcam.restore import CPU_PROVIDER

ON_CPU = Loaded("fast", CPU_PROVIDER, 9.0)


def check(made: MadeMachine, loaded: Loaded, config: Config | None = None) -> list[Finding]:
    return check_model(Case(made.machine, config or Config()), lambda config: loaded)


def test_a_model_in_time_says_its_share_of_the_frame(made: MadeMachine) -> None:
    (finding,) = check(made, ON_CPU)
    assert finding.level == OK
    assert "fast takes 9.0 ms a frame of 1280x720 on CPUExecutionProvider, of 33.3 ms" in finding.message


@pytest.mark.parametrize(
    ("config", "fix"),
    [
        (Config(model="best"), "sharpkd set model auto --save"),
        (Config(size=(1920, 1080)), "sharpkd set size 1280x720 --save && sharpkd restart"),
        (Config(), "sharpkd set size 640x480 --save && sharpkd restart"),
        (Config(size=(640, 480)), ""),
    ],
)
def test_a_model_that_is_too_slow_is_warned_of(made: MadeMachine, config: Config, fix: str) -> None:
    (finding,) = check(made, replace(ON_CPU, warm_up_ms=20.0), config)
    assert (finding.level, finding.fix) == (WARNING, fix)
    assert "expected at most 15.0 ms" in finding.message


def test_an_idle_gpu_is_warned_of(made: MadeMachine) -> None:
    made.put("/dev/nvidia0")
    finding = check(made, ON_CPU)[1]
    assert (finding.level, "onnxruntime-gpu[cuda,cudnn]" in finding.fix) == (WARNING, True)


def test_a_gpu_in_use_or_not_wanted_is_fine(made: MadeMachine) -> None:
    made.put("/dev/nvidia0")
    assert len(check(made, replace(ON_CPU, provider="CUDAExecutionProvider"))) == 1
    assert len(check(made, ON_CPU, Config(provider="cpu"))) == 1


def test_a_real_model_is_loaded_as_the_camera_does(weights: Path) -> None:
    config = Config(weights=str(weights), size=(320, 240), provider="cpu", threads=1)
    (finding,) = check_model(Case(BARE, config))
    assert (finding.level, finding.message.startswith("still takes ")) == (OK, True)


def test_weights_that_were_changed_are_a_problem(weights: Path) -> None:
    (weights / "still.onnx").write_bytes(b"changed")
    (finding,) = check_model(Case(BARE, Config(weights=str(weights), provider="cpu")))
    assert (finding.level, "is not the published file: sha256" in finding.message) == (PROBLEM, True)


def fail(error: str) -> Callable[[Config], Loaded]:
    def load(config: Config) -> Loaded:
        raise ModelError(error)

    return load


def test_the_published_weights_are_restored(made: MadeMachine) -> None:
    (finding,) = check_model(Case(made.machine), fail(f"no manifest; {REMEDY}"))
    assert (finding.level, finding.fix) == (PROBLEM, "git checkout weights")


@pytest.mark.parametrize(
    ("config", "error"),
    [
        (Config(weights="/nowhere"), f"no /nowhere/manifest.json; {REMEDY}"),
        (Config(model="nosuch"), "no model 'nosuch' in weights; choose one of: fast, best, or auto"),
        (Config(require_gpu=True), "a GPU is required, but ONNX Runtime runs on the CPU_PROVIDER here"),
    ],
)
def test_restoring_them_is_not_offered_for_what_it_cannot_fix(config: Config, error: str) -> None:
    (finding,) = check_model(Case(BARE, config), fail(error))
    assert (finding.level, finding.fix, finding.message) == (PROBLEM, "", error)
