"""Engines that are installed beside ONNX Runtime: whole, half, broken, or not at all."""

import os
import re
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from stand_in import write_experts, write_weights

from vcam.errors import ModelError
from vcam.frame import Frame
from vcam.manifest import ModelSpec, read_manifest, weights_folder
from vcam.restore import AdoptedEngine, Engine, Model, Restorer
from vcam.restore.plugins import PLUGINS, find_device, find_gap, list_installed
from vcam.restore.trial import read_answer, sample_cells, try_engine

ROOT = Path(__file__).parents[3]
SIZE = (64, 48)
NAME = "webgpu"  # for packages that are made here
WHOLE = "def get_library_path(): return __file__\ndef get_ep_name(): return 'WebGpuExecutionProvider'\n"


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a package of this name can be made, for this process and its children."""
    package = tmp_path / "site" / PLUGINS[NAME].package
    package.mkdir(parents=True)
    monkeypatch.syspath_prepend(str(package.parent))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(package.parent), str(ROOT)]))
    return package


@pytest.fixture
def toy(tmp_path: Path) -> tuple[ModelSpec, Path]:
    write_weights(tmp_path / "weights", ["toy"], 140)
    return read_manifest(tmp_path / "weights")["toy"], tmp_path / "weights"


def cpu_device() -> object:
    """ONNX Runtime's CPU provider in the way of a plugin: sessions are opened on it by its device."""
    return onnxruntime.get_ep_devices()[0]


def test_one_that_is_missing_names_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert list_installed() == []
    with pytest.raises(ModelError, match=r"pip install 'sharpkd-camera\[openvino\]'"):
        find_device("openvino")
    assert find_gap("webgpu").endswith("(pip install onnxruntime-ep-webgpu)")


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("", "is not whole: AttributeError"),
        ("import nothing_of_this_name", "is not whole: ModuleNotFoundError"),
        ("raise SystemError('another Python')", "is not whole: SystemError"),
        ("def get_library_path(): raise FileNotFoundError('no library')", "is not whole: FileNotFoundError"),
        (WHOLE, "ONNX Runtime .* cannot load .*; run: pip install --force-reinstall onnxruntime-ep-webgpu"),
    ],
)
def test_a_package_that_is_not_whole_is_told(
    made: Path, toy: tuple[ModelSpec, Path], content: str, fault: str
) -> None:
    """As half an installation is, or one for another version: its library is this text file."""
    (made / "__init__.py").write_text(content)
    verdict = try_engine(NAME, *toy, SIZE, 1)
    assert verdict.engine == NAME
    assert re.search(fault, verdict.fault), verdict.fault


def test_a_crash_at_the_load_is_another_process(made: Path, toy: tuple[ModelSpec, Path]) -> None:
    (made / "__init__.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n")
    assert try_engine(NAME, *toy, SIZE, 1).fault == "it crashed when it was tried (SIGSEGV)"


def test_one_that_hangs_is_given_up(made: Path, toy: tuple[ModelSpec, Path]) -> None:
    (made / "__init__.py").write_text("import time\ntime.sleep(60)\n")
    assert try_engine(NAME, *toy, SIZE, 1, patience_s=0.2).fault == "it gave no answer within 0.2 s"


@pytest.mark.parametrize(
    ("output", "said"), [("", "no message"), ("{}", "no message"), ("[1]\nnone", "no message")]
)
def test_an_answer_that_is_none_is_told(output: str, said: str) -> None:
    assert read_answer(NAME, 3, output, "").fault == f"it ended with code 3 when it was tried: {said}"
    assert read_answer(NAME, 3, output, "a\nlast line\n").fault.endswith("last line")


def test_networks_run_on_an_engines_device(toy: tuple[ModelSpec, Path]) -> None:
    model = Model(*toy, Engine("cpu", threads=1))
    engine = AdoptedEngine("openvino", *toy, threads=1, device=cpu_device())
    model.adopt(engine)
    assert (model.residual(sample_cells(model, SIZE)) == 140).all()
    assert engine.health.fault == ""
    assert model.alike._run is not None


def test_mixtures_run_on_an_engines_device(tmp_path: Path) -> None:
    spec = write_experts(tmp_path, "two", [138, 118])
    model = Model(spec, tmp_path, Engine("cpu", threads=1))
    engine = AdoptedEngine("openvino", spec, tmp_path, threads=1, device=cpu_device())
    model.adopt(engine)
    chroma = np.full((24, 32), 128, np.uint8)
    black = Frame(np.zeros((48, 64), np.uint8), chroma, chroma)
    assert (Restorer(model, SIZE)(black).y == 10).all()
    assert engine.health.fault == ""


@pytest.mark.parametrize(("name", "threads"), [("", 2), ("openvino", 2), ("webgpu", 0)])
def test_a_warm_up_takes_processor_time_where_the_processor_runs_it(name: str, threads: int) -> None:
    folder = weights_folder()
    spec = read_manifest(folder)["fast"]
    model = Model(spec, folder, Engine("cpu", threads=2))
    if name:
        model.adopt(AdoptedEngine(name, spec, folder, threads=2, device=cpu_device()))
    wall_ms = model.warm_up(SIZE)
    assert model.warm_up_processor_ms == pytest.approx(threads * wall_ms)


@pytest.mark.parametrize("name", ["openvino", "webgpu"])  # of int8, and of floats
def test_the_shipped_student_runs_on_an_engines_device(name: str) -> None:
    folder = weights_folder()
    spec = read_manifest(folder)["fast"]
    model = Model(spec, folder, Engine("cpu", threads=1))
    plain = model.alike
    cells = sample_cells(model, SIZE)
    engine = AdoptedEngine(name, spec, folder, threads=1, device=cpu_device())
    model.adopt(engine)
    found, expected = model.residual(cells).astype(int), plain.residual(cells)
    assert engine.health.fault == ""
    if name == "openvino":  # a float network is another one
        assert np.abs(found - expected).max() <= 1


def test_a_model_without_a_file_for_an_engine_is_told(toy: tuple[ModelSpec, Path]) -> None:
    spec, folder = toy
    only = ModelSpec("only", 4, 1.0, {"int8": spec.files["int8"]})
    with pytest.raises(ModelError, match="model 'only' has no fp32 file for webgpu"):
        AdoptedEngine("webgpu", only, folder, threads=1, device=cpu_device())


def test_openvino_is_as_right_as_the_cpu_provider() -> None:
    pytest.importorskip("onnxruntime_ep_openvino", reason="the extra openvino is not installed")
    folder = weights_folder()
    spec = read_manifest(folder)["fast"]
    verdict = try_engine("openvino", spec, folder, SIZE, 1)
    if verdict.is_absent:  # as with 1.8 on processors that are not Intel's: it says so, and no more
        assert re.search("offers no CPU on this machine", verdict.fault)
        return
    assert verdict.fault == ""
    assert verdict.worst <= 1
    assert verdict.ms > 0 < verdict.cpu_ms
