import itertools
import os
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper
from stand_in import CELL, model_bytes, write_weights
from talking_head import Film

from vcam.errors import ModelError
from vcam.frame import Frame, Size, black, from_packed, pack, resize
from vcam.manifest import ModelFile, ModelSpec, read_manifest, sha256_of
from vcam.restore import (
    CPU_PROVIDER,
    ZERO_RESIDUAL,
    Engine,
    Model,
    Restorer,
    add_residual,
    from_cells,
    thread_count,
    to_cells,
)
from vcam.restore.cells import Cells
from vcam.restore.model import WARM_UP_RUNS

CPU = Engine("cpu", threads=1)
SIZES: list[Size] = [(128, 96), (130, 98), (18, 16), (16, 30)]


def noise(size: Size) -> Frame:
    width, height = size
    packed = np.random.default_rng(0).integers(0, 256, width * height * 3 // 2, dtype=np.uint8)
    return from_packed(packed, size, index=7, captured_ns=9)


def onnx_of(
    *nodes: onnx.NodeProto, input_name: str = "cells", channels: int = CELL**2, **values: Any
) -> bytes:
    """A model of these nodes, and of constants by name."""
    shape = ["one", "h", "w", channels]
    graph = helper.make_graph(
        nodes,
        "test",
        [helper.make_tensor_value_info(input_name, TensorProto.UINT8, shape)],
        [helper.make_empty_tensor_value_info("residual")],
        [onnx.numpy_helper.from_array(np.asarray(value), name) for name, value in values.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return model.SerializeToString()


def inverter() -> bytes:
    """A residual of 127 - luma: added in full, every pixel becomes 127."""
    return onnx_of(
        helper.make_node("Cast", ["cells"], ["float"], to=TensorProto.FLOAT),
        helper.make_node("Sub", ["white", "float"], ["inverse"]),
        helper.make_node("Cast", ["inverse"], ["residual"], to=TensorProto.UINT8),
        white=np.float32(255),
    )


def load(folder: Path, content: bytes, engine: Engine = CPU, precision: str = "int8") -> Model:
    (folder / "test.onnx").write_bytes(content)
    file = ModelFile("test.onnx", sha256_of(content), 17)
    return Model(ModelSpec("test", CELL, 1.0, {precision: file}), folder, engine)


@pytest.fixture
def still(weights: Path) -> Model:
    """A model whose residual is nothing: 128 everywhere."""
    return Model(read_manifest(weights)["still"], weights, CPU)


@pytest.mark.parametrize("cell", [1, 2, 4, 8])
@pytest.mark.parametrize("size", SIZES)
def test_cells_and_back_is_the_same_plane(cell: int, size: Size) -> None:
    luma = noise(size).y
    np.testing.assert_array_equal(from_cells(to_cells(luma, cell), cell, size), luma)


def test_the_pixels_of_a_cell_are_its_channels_row_by_row() -> None:
    luma = noise((32, 16)).y
    cells = to_cells(luma, 4)
    assert cells.shape == (1, 4, 8, 16)
    np.testing.assert_array_equal(cells[0, 2, 5], luma[8:12, 20:24].reshape(-1))


def test_missing_rows_and_columns_repeat_the_edge() -> None:
    luma = noise((18, 18)).y
    cells = to_cells(luma, 4)
    assert cells.shape == (1, 5, 5, 16)
    padded = cv2.copyMakeBorder(luma, 0, 2, 0, 2, cv2.BORDER_REPLICATE)
    np.testing.assert_array_equal(cells[0, 4, 4], padded[16:, 16:].reshape(-1))


def test_cells_are_a_copy() -> None:
    luma = noise((32, 16)).y
    assert not np.shares_memory(to_cells(luma, 4), luma)


@pytest.mark.parametrize("strength", [0.01, 0.3, 0.5, 0.77, 1.0])
def test_a_residual_of_nothing_leaves_the_base_bit_for_bit(still: Model, strength: float) -> None:
    frame = noise((128, 96))
    restored = Restorer(still, (128, 96), strength)(frame)
    np.testing.assert_array_equal(pack(restored), pack(frame))


def test_strength_0_is_the_plain_bicubic_picture(tmp_path: Path) -> None:
    restore = Restorer(load(tmp_path, inverter()), (256, 192), strength=0)
    frame = noise((128, 96))
    np.testing.assert_array_equal(pack(restore(frame)), pack(resize(frame, (256, 192))))


@pytest.mark.parametrize("size", SIZES)
def test_an_inverting_residual_shows(tmp_path: Path, size: Size) -> None:
    restore = Restorer(load(tmp_path, inverter()), size)
    assert (restore(noise(size)).y == 127).all()


def test_half_the_strength_adds_half_the_residual(tmp_path: Path) -> None:
    frame = noise((128, 96))
    restore = Restorer(load(tmp_path, inverter()), (128, 96), strength=0.5)
    expected = (frame.y.astype(float) + 127) / 2
    # 0.5: rounding of halves
    assert np.abs(restore(frame).y - expected).max() <= 0.5


@pytest.mark.parametrize(
    ("share", "added"),
    [(0, [0, 0, 0, 0, 0]), (0.6, [-1, 0, 0, 0, 1]), (0.95, [-2, -1, 0, 1, 2]), (1, [-2, -1, 0, 1, 2])],
)
def test_small_residuals_are_added_only_by_those_who_are_sure(share: float, added: list[int]) -> None:
    luma = np.full((1, 5), 100, np.uint8)
    residual = np.array([[-2, -1, 0, 1, 2]]) + ZERO_RESIDUAL
    assert (add_residual(luma, residual.astype(np.uint8), share).astype(int) - 100)[0].tolist() == added


def test_a_larger_share_adds_no_less() -> None:
    luma, residual = np.full((1, 256), 128, np.uint8), np.arange(256, dtype=np.uint8)[None]
    steps = [add_residual(luma, residual, share).astype(int) for share in np.linspace(0, 1, 101)]
    for before, after in itertools.pairwise(steps):
        assert (np.abs(after - 128) >= np.abs(before - 128)).all()
    assert (steps[-1] == residual).all()


def test_strength_changes_while_it_runs(tmp_path: Path) -> None:
    restore = Restorer(load(tmp_path, inverter()), (128, 96), strength=0)
    frame = noise((128, 96))
    before = restore(frame)
    restore.strength = 1
    assert (before.y == frame.y).all()
    assert (restore(frame).y == 127).all()


@pytest.mark.parametrize("residual", [0, 255])
def test_the_picture_is_clipped_and_does_not_wrap(tmp_path: Path, residual: int) -> None:
    restore = Restorer(load(tmp_path, model_bytes(residual)), (128, 96))
    frame = noise((128, 96))
    expected = np.clip(frame.y.astype(int) + residual - 128, 0, 255)
    np.testing.assert_array_equal(restore(frame).y, expected)


def test_chroma_is_the_bases(tmp_path: Path) -> None:
    frame = noise((64, 48))
    restored = Restorer(load(tmp_path, inverter()), (128, 96))(frame)
    base = resize(frame, (128, 96))
    np.testing.assert_array_equal(restored.u, base.u)
    np.testing.assert_array_equal(restored.v, base.v)


def test_the_frame_it_was_given_stays_as_it_was(tmp_path: Path) -> None:
    frame = noise((128, 96))
    before = pack(frame)
    Restorer(load(tmp_path, inverter()), (128, 96))(frame)
    np.testing.assert_array_equal(pack(frame), before)


def test_index_time_and_cut_come_through(still: Model) -> None:
    frame = Frame(noise((64, 48)).y, noise((64, 48)).u, noise((64, 48)).v, 3, 4, True)
    restored = Restorer(still, (128, 96))(frame)
    assert (restored.index, restored.captured_ns, restored.is_cut) == (3, 4, True)


@pytest.mark.parametrize("size", [(640, 480), (320, 180), (1920, 1080), (96, 128), (16, 16), (4096, 16)])
def test_frames_of_any_size_come_out_in_the_outputs(still: Model, size: Size) -> None:
    assert Restorer(still, (640, 360))(black(size)).size == (640, 360)


def test_another_shape_is_cut_and_not_stretched(still: Model, film: Film) -> None:
    frame = film(1, (320, 240))[0]
    restored = Restorer(still, (320, 180))(frame)
    np.testing.assert_array_equal(restored.y, frame.y[30:210])


@pytest.mark.parametrize("size", [(1920, 1080), (1080, 1920), (16, 16)])
def test_full_hd_is_allowed_in_either_orientation(still: Model, size: Size) -> None:
    assert Restorer(still, size)(black((320, 180))).size == size


@pytest.mark.parametrize(
    ("size", "words"),
    [
        ((641, 480), "even"),
        ((640, 481), "even"),
        ((0, 0), "16..8192"),
        ((14, 16), "16..8192"),
        ((1922, 1080), "larger than 1920x1080"),
        ((1080, 1922), "larger than 1920x1080"),
        ((1920, 1082), "larger than 1920x1080"),
        ((1200, 1200), "larger than 1920x1080"),
        ((10000, 10000), "16..8192"),
    ],
)
def test_an_odd_or_huge_size_is_refused(still: Model, size: Size, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Restorer(still, size)


@pytest.mark.parametrize("strength", [-0.1, 1.1, float("nan")])
def test_a_strength_out_of_range_is_refused(still: Model, strength: float) -> None:
    with pytest.raises(ValueError, match=r"is outside 0\.\.1"):
        Restorer(still, (64, 48), strength)
    restore = Restorer(still, (64, 48))
    with pytest.raises(ValueError, match=r"is outside 0\.\.1"):
        restore.strength = strength
    assert restore.strength == 1


def test_a_warm_up_is_timed_and_tells_where_it_runs(still: Model) -> None:
    assert still.warm_up((128, 96)) > 0
    assert still.warm_up_ms > 0
    assert (still.provider, still.precision) == (CPU_PROVIDER, "int8")


@pytest.mark.parametrize(("most_ms", "runs"), [(1e9, WARM_UP_RUNS), (1e-9, 2)])
def test_a_model_that_is_far_too_slow_is_not_run_for_long(
    still: Model, monkeypatch: pytest.MonkeyPatch, most_ms: float, runs: int
) -> None:
    seen: list[Cells] = []
    residual = still.residual
    monkeypatch.setattr(still, "residual", lambda cells: (seen.append(cells), residual(cells))[1])
    still.warm_up((128, 96), most_ms)
    assert len(seen) == runs


def test_a_file_that_was_changed_is_not_loaded(weights: Path) -> None:
    spec = read_manifest(weights)["still"]
    (weights / spec.files["int8"].name).write_bytes(b"something else")
    with pytest.raises(ModelError, match="is not the published file"):
        Model(spec, weights, CPU)


def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot load the model 'test'") as caught:
        load(tmp_path, b"no model")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("change", [{"input_name": "picture"}, {"channels": 64}])
def test_a_model_that_takes_something_else_is_refused(tmp_path: Path, change: dict[str, Any]) -> None:
    name = change.get("input_name", "cells")
    content = onnx_of(helper.make_node("Identity", [name], ["residual"]), **change)
    with pytest.raises(ModelError, match="expected cells, uint8, 16 channels"):
        load(tmp_path, content)


@pytest.mark.parametrize(
    "node",
    [
        helper.make_node("Cast", ["cells"], ["residual"], to=TensorProto.FLOAT),
        helper.make_node("Transpose", ["cells"], ["residual"], perm=[0, 2, 1, 3]),
    ],
)
def test_a_model_that_returns_something_else_fails_its_warm_up(tmp_path: Path, node: onnx.NodeProto) -> None:
    model = load(tmp_path, onnx_of(node))
    with pytest.raises(ModelError, match=r"expected uint8 \(1, 24, 32, 16\)"):
        model.warm_up((128, 96))


def test_a_precision_that_is_not_published_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="model 'test' has no int8 file"):
        load(tmp_path, model_bytes(128), precision="fp32")


def test_an_unknown_provider_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no provider 'npu'; choose one of: cpu, cuda, tensorrt, auto"):
        load(tmp_path, model_bytes(128), Engine("npu"))


def test_a_required_gpu_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="a GPU is required, but ONNX Runtime runs on the CPU"):
        load(tmp_path, model_bytes(128), Engine("cpu", is_gpu_required=True))


def test_several_models_share_a_folder(tmp_path: Path) -> None:
    write_weights(tmp_path, ["best", "fast"], residual=140)
    for spec in read_manifest(tmp_path).values():
        restored = Restorer(Model(spec, tmp_path, CPU), (64, 48))(black((64, 48)))
        assert (restored.y == 16 + 12).all()


def test_threads_are_the_users_or_one_a_core_up_to_four() -> None:
    assert thread_count(Engine(threads=3)) == 3
    assert 1 <= thread_count(Engine()) <= 4


def test_only_cores_that_we_may_use_get_a_thread() -> None:
    allowed = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(allowed)})
        assert thread_count(Engine()) == 1
    finally:
        os.sched_setaffinity(0, allowed)


def test_the_cpu_provider_is_always_there() -> None:
    assert CPU_PROVIDER in onnxruntime.get_available_providers()
