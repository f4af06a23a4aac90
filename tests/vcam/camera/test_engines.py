"""Which engine a camera's model runs on."""

import threading
from dataclasses import replace
from pathlib import Path

import onnxruntime
import pytest
from stand_in import write_weights

from vcam.camera.engines import EngineChoice, EngineTrials
from vcam.config import Config
from vcam.frame import Size
from vcam.manifest import ModelSpec, read_manifest
from vcam.restore import CPU_PROVIDER, AdoptedEngine, Engine, Model
from vcam.restore.trial import Verdict
from vcam.restore.verdicts import Case, Verdicts

SIZE = (64, 48)
CPU = Engine("cpu", threads=1)
FAST = Verdict("openvino", ms=4.0, core_ms=7.0, cpu_ms=8.0, cpu_core_ms=15.0)
WORDS = Config(size=SIZE)


class Tried(list[str]):
    """Tries no engine: each is as fast as is said, after `go` is set."""

    def __init__(self, verdict: Verdict = FAST) -> None:
        super().__init__()
        self.verdict = verdict
        self.go = threading.Event()
        self.go.set()

    def __call__(self, name: str, spec: ModelSpec, folder: Path, size: Size, threads: int) -> Verdict:
        assert self.go.wait(10)
        self.append(name)
        return replace(self.verdict, engine=name)


@pytest.fixture
def case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Case:
    """A model on a machine where two engines are installed, whose device is ONNX Runtime's CPU provider."""
    for module in ("vcam.camera.engines", "vcam.restore.plugins"):
        monkeypatch.setattr(f"{module}.list_installed", lambda: ["openvino", "webgpu"])
    monkeypatch.setattr("vcam.restore.adopted.find_device", lambda name: onnxruntime.get_ep_devices()[0])
    write_weights(tmp_path / "weights", ["toy"], 140)
    return Case(read_manifest(tmp_path / "weights")["toy"], tmp_path / "weights", SIZE, 1)


def load(case: Case, provider: str, verdicts: Verdicts) -> Model:
    return EngineChoice(provider, SIZE, verdicts).load(case.spec, case.folder, CPU)


@pytest.mark.parametrize("provider", ["auto", "cpu"])
def test_loading_tries_no_engine_that_was_not_named(case: Case, tmp_path: Path, provider: str) -> None:
    tried = Tried()
    model = load(case, provider, Verdicts(tmp_path / "verdicts", tried))
    assert (tried, model.health, model.provider) == ([], None, CPU_PROVIDER)


def test_auto_takes_the_fastest_engine_that_is_known(case: Case, tmp_path: Path) -> None:
    verdicts = Verdicts(tmp_path / "verdicts", Tried())
    verdicts.write(FAST, case)
    model = load(case, "auto", verdicts)
    model.warm_up(SIZE)
    assert model.health is not None
    assert (model.health.name, model.health.fault) == ("openvino", "")
    assert load(case, "cpu", verdicts).health is None


def test_auto_leaves_a_slow_engine_alone(case: Case, tmp_path: Path) -> None:
    verdicts = Verdicts(tmp_path / "verdicts", Tried())
    verdicts.write(replace(FAST, ms=7.9), case)
    assert load(case, "auto", verdicts).health is None


def test_one_that_is_named_is_tried_and_used_though_it_is_slow(case: Case, tmp_path: Path) -> None:
    tried = Tried(replace(FAST, ms=80.0))
    model = load(case, "webgpu", Verdicts(tmp_path / "verdicts", tried))
    assert model.health is not None
    assert (tried, model.health.name, model.health.fault) == (["webgpu"], "webgpu", "")


def test_one_that_is_named_and_broken_leaves_the_cpu_and_a_warning(case: Case, tmp_path: Path) -> None:
    tried = Tried(Verdict("", "it crashed when it was tried (SIGSEGV)"))
    model = load(case, "webgpu", Verdicts(tmp_path / "verdicts", tried))
    assert model.provider == CPU_PROVIDER
    assert model.warm_up(SIZE) > 0
    assert model.health is not None
    assert model.health.fault == "it crashed when it was tried (SIGSEGV)"


def finish(trials: EngineTrials) -> None:
    thread = trials._thread
    assert thread is not None
    thread.join(10)


def test_trials_run_beside_the_camera_and_tell_once_that_they_were_worth_it(
    case: Case, tmp_path: Path
) -> None:
    tried = Tried()
    tried.go.clear()
    verdicts = Verdicts(tmp_path / "verdicts", tried)
    trials, model = EngineTrials(verdicts), Model(case.spec, case.folder, CPU)
    for _ in range(3):
        assert not trials.poll(WORDS, model, lambda: [case.spec])
    tried.go.set()
    finish(trials)
    assert [trials.poll(WORDS, model, lambda: [case.spec]) for _ in range(3)] == [True, False, False]
    assert tried == ["openvino", "webgpu"]
    assert load(case, "auto", verdicts).health is not None


@pytest.mark.parametrize("verdict", [replace(FAST, ms=7.9), Verdict("", "it is broken")])
def test_trials_without_a_faster_engine_change_nothing(case: Case, tmp_path: Path, verdict: Verdict) -> None:
    trials = EngineTrials(Verdicts(tmp_path / "verdicts", Tried(verdict)))
    model = Model(case.spec, case.folder, CPU)
    assert not trials.poll(WORDS, model, lambda: [case.spec])
    finish(trials)
    assert not trials.poll(WORDS, model, lambda: [case.spec])


def test_where_an_engine_is_named_none_is_tried(case: Case, tmp_path: Path) -> None:
    trials = EngineTrials(Verdicts(tmp_path / "verdicts", Tried()))
    assert not trials.poll(
        replace(WORDS, provider="cpu"), Model(case.spec, case.folder, CPU), lambda: [case.spec]
    )
    assert trials._thread is None


def test_what_failed_in_use_is_not_taken_by_the_next_start(case: Case, tmp_path: Path) -> None:
    verdicts = Verdicts(tmp_path / "verdicts", Tried())
    verdicts.write(FAST, case)
    model = load(case, "auto", verdicts)
    assert model.health is not None
    model.health.give_up("it failed in use: lost")
    EngineTrials(verdicts).poll(replace(WORDS, provider="openvino"), model, lambda: [case.spec])
    assert load(case, "auto", verdicts).health is None
    found = verdicts.read("openvino", case)
    assert found is not None
    assert found.fault == "it failed in use: lost"


def test_the_model_of_an_engine_is_an_engines(case: Case) -> None:
    model = Model(case.spec, case.folder, CPU)
    model.adopt(AdoptedEngine("openvino", case.spec, case.folder, 1))
    assert model.is_on_cpu
    assert model.provider == onnxruntime.get_ep_devices()[0].ep_name
