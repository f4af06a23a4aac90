import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from stand_in import CELL, model_bytes

from vcam.errors import ModelError
from vcam.manifest import ModelFile, ModelSpec, sha256_of
from vcam.restore import CPU_PROVIDER, Engine, Model, gpu_needs, prepare_cache, to_cells
from vcam.restore.engine import TENSORRT_PROVIDER, provider_options
from vcam.restore.model import on_steps

INT8, FP32 = 140, 150  # what each file's residual is
CELLS = to_cells(np.zeros((16, 16), np.uint8), CELL)


def publish(folder: Path, **residuals: int) -> ModelSpec:
    """A model whose files answer with a residual by their precision."""
    files = {}
    for precision, residual in residuals.items():
        content = model_bytes(residual)
        (folder / f"{precision}.onnx").write_bytes(content)
        files[precision] = ModelFile(f"{precision}.onnx", sha256_of(content), 17)
    return ModelSpec("toy", CELL, 1.0, files)


@pytest.fixture
def asked_for_cuda(tmp_path: Path) -> Model:
    model = Model(publish(tmp_path, int8=INT8, fp32=FP32), tmp_path, Engine("cuda", threads=1))
    if model.provider != CPU_PROVIDER:
        pytest.skip("this machine has CUDA")
    return model


def test_where_cuda_does_not_come_up_the_cpu_runs_the_file_made_for_it(asked_for_cuda: Model) -> None:
    """As on a laptop with NVIDIA's driver and no CUDA: fp32 would take several times as long there."""
    assert asked_for_cuda.precision == "int8"
    assert (asked_for_cuda.residual(CELLS) == INT8).all()


def test_a_model_without_int8_goes_on_in_fp32(tmp_path: Path) -> None:
    model = Model(publish(tmp_path, fp32=FP32), tmp_path, Engine("cuda", threads=1))
    assert model.precision == "fp32"
    assert (model.residual(CELLS) == FP32).all()


def test_a_required_gpu_is_told_with_what_it_needs(tmp_path: Path, asked_for_cuda: Model) -> None:
    engine = Engine("cuda", threads=1, is_gpu_required=True)
    with pytest.raises(ModelError, match=r"a GPU is required.*CUDA 1\d and cuDNN 9.*cuda,cudnn"):
        Model(asked_for_cuda.spec, tmp_path, engine)


def test_what_a_gpu_needs_is_what_this_onnx_runtime_was_built_with(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("onnxruntime.cuda_version", "14.2", raising=False)
    assert "CUDA 14 and cuDNN 9" in gpu_needs()


def test_asking_for_a_gpu_leaves_standard_output_to_the_command(tmp_path: Path) -> None:
    """ONNX Runtime prints what it cannot load; `run --json` is read by programs."""
    publish(tmp_path, int8=INT8, fp32=FP32)
    script = (
        "import sys; from pathlib import Path; from vcam.restore import engine\n"
        "engine.has_nvidia_driver = lambda: True\n"
        "engine.open_session(Path(sys.argv[1]).read_bytes(), 'toy', 1,"
        " ['TensorrtExecutionProvider', 'CUDAExecutionProvider', 'CPUExecutionProvider'])\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "fp32.onnx")]
    found = subprocess.run(command, capture_output=True, text=True, timeout=100, check=True)
    assert found.stdout == ""


def test_tensorrt_keeps_its_engines_apart_by_their_weights() -> None:
    """It names them by the graph alone, and would take one mixture's engine for another's."""
    cache = Path("/cache")
    mixtures = [{"mixture": np.array([[share, 1 - share]], np.float32)} for share in (0.25, 0.5)]
    options = [provider_options(TENSORRT_PROVIDER, b"model", each, cache) for each in mixtures]
    assert options[0]["trt_engine_cache_path"] == "/cache"
    assert len({each["trt_engine_cache_prefix"] for each in options}) == 2
    assert options[0] == provider_options(TENSORRT_PROVIDER, b"model", mixtures[0], cache)
    assert options[0] != provider_options(TENSORRT_PROVIDER, b"another", mixtures[0], cache)


@pytest.mark.parametrize("provider", [CPU_PROVIDER, "CUDAExecutionProvider"])
def test_others_have_no_cache(provider: str) -> None:
    assert provider_options(provider, b"model", {}, Path("/cache")) == {}


def test_shares_on_steps_are_few_and_still_sum_to_one() -> None:
    shares = np.random.default_rng(0).dirichlet(np.ones(3), 2000).astype(np.float32)
    found = {on_steps(each, 8).tobytes() for each in shares}
    assert len(found) < 150
    assert all(abs(np.frombuffer(each, np.float32).sum() - 1) < 1e-6 for each in found)  # float32
    np.testing.assert_array_equal(on_steps(np.full(32, 1 / 32, np.float32), 8), np.full(32, 1 / 32))


def test_the_cache_is_made_and_keeps_the_newest(tmp_path: Path) -> None:
    cache = tmp_path / "a" / "engines"
    assert prepare_cache(cache) == cache
    for age in range(5):
        (cache / f"{age}").write_bytes(b"engine")
        os.utime(cache / f"{age}", (1000 - age, 1000 - age))
    prepare_cache(cache, keep=2)
    assert sorted(path.name for path in cache.iterdir()) == ["0", "1"]


def test_without_a_place_for_it_there_is_no_cache(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    assert prepare_cache(tmp_path / "file" / "engines") is None
