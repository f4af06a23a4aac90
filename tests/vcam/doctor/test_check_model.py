import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from made_machine import BARE, MadeMachine

from vcam.config import Config
from vcam.doctor.case import OK, PROBLEM, WARNING, Case, Finding
from vcam.doctor.load import Load, measure_load
from vcam.doctor.model import Loaded, check_model
from vcam.errors import ModelError
from vcam.manifest import REMEDY
from vcam.restore import CPU_PROVIDER
from vcam.restore.trial import Verdict

ON_CPU = Loaded("fast", CPU_PROVIDER, 9.0)
QUIET = Load(0.1, 4)


def check(
    made: MadeMachine, loaded: Loaded, config: Config | None = None, load: Load = QUIET
) -> list[Finding]:
    return check_model(
        Case(made.machine, config or Config()), lambda config: loaded, lambda machine, pids: load
    )


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


def test_a_busy_processor_is_no_reason_for_a_smaller_picture(made: MadeMachine) -> None:
    busy = Load(3.1, 4, "ffmpeg (pid 12)")
    (finding,) = check(made, replace(ON_CPU, warm_up_ms=20.0), load=busy)
    assert (finding.level, finding.fix) == (WARNING, "")
    assert (
        "other programs use 3.1 of 4 cores, most of all ffmpeg (pid 12): close what you can"
        in finding.message
    )
    (in_time,) = check(made, ON_CPU, load=busy)
    assert in_time.level == OK


def test_what_other_programs_use_is_measured(made: MadeMachine) -> None:
    def put(pid: int, name: str, ticks: int) -> None:
        made.put(f"/proc/{pid}/stat", f"{pid} (a ) b) R 1 2 3 4 5 6 7 8 9 10 {ticks} {ticks} 0 0\n")
        made.put(f"/proc/{pid}/comm", f"{name}\n")

    def work(seconds: float) -> None:
        for pid, name, ticks in ((7, "camera", 900), (8, "ffmpeg", 75), (9, "shell", 25)):
            put(pid, name, 100 + ticks)

    for pid in (7, 8, 9):
        put(pid, "before", 100)
    times = iter((10.0, 11.0))
    load = measure_load(made.machine, {7}, work, lambda: next(times))
    assert load.cores == 2 * (75 + 25) / os.sysconf("SC_CLK_TCK")
    assert load.busiest == "ffmpeg (pid 8)"
    assert not Load(0.9, 4).is_busy
    assert Load(1.0, 4).is_busy


def test_an_idle_gpu_is_warned_of(made: MadeMachine) -> None:
    made.put("/dev/nvidia0")
    finding = check(made, ON_CPU)[1]
    assert (finding.level, "onnxruntime-gpu[cuda,cudnn]" in finding.fix) == (WARNING, True)


def test_a_gpu_in_use_or_not_wanted_is_fine(made: MadeMachine) -> None:
    made.put("/dev/nvidia0")
    assert len(check(made, replace(ON_CPU, provider="CUDAExecutionProvider"))) == 1
    assert len(check(made, ON_CPU, Config(provider="cpu"))) == 1


FASTER = Verdict("openvino", ms=4.0, core_ms=7.0, cpu_ms=8.0, cpu_core_ms=15.0)


def test_an_engine_that_was_measured_as_faster_is_told(made: MadeMachine) -> None:
    finding = check(made, replace(ON_CPU, engines=(FASTER,)))[1]
    assert (finding.level, finding.fix) == (WARNING, "sharpkd set provider auto --save")
    assert finding.message.startswith("fast takes 50% of its time on openvino: 4.0 ms")
    in_use = replace(ON_CPU, provider="OpenVINOExecutionProvider", engines=(FASTER,))
    assert len(check(made, in_use)) == 1
    assert len(check(made, replace(ON_CPU, engines=(replace(FASTER, ms=7.9),)))) == 1


def test_an_installed_engine_that_cannot_be_used_is_told(made: MadeMachine) -> None:
    broken = Verdict("webgpu", "it crashed when it was tried (SIGSEGV)")
    finding = check(made, replace(ON_CPU, engines=(broken,)))[1]
    assert (finding.level, finding.fix) == (WARNING, "sharpkd bench --engines")
    assert (
        finding.message
        == "the engine webgpu is installed and not used: it crashed when it was tried (SIGSEGV)"
    )


def test_an_engine_for_other_machines_is_no_fault_unless_it_is_named(made: MadeMachine) -> None:
    absent = replace(ON_CPU, engines=(Verdict("openvino-npu", "it offers no NPU", is_absent=True),))
    assert len(check(made, absent)) == 1
    assert len(check(made, absent, Config(provider="openvino-npu"))) == 2


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
