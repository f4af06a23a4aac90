import logging

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from distill.data.pack import Samples
from distill.export.cells import PARITY_LIMIT, check_parity, export_fp32, export_int8
from distill.export.trace import IR_VERSION, OPSET
from distill.networks.cellnet import CellNet
from vcam.errors import ModelError
from vcam.restore import ZERO_RESIDUAL, from_cells, to_cells

METADATA = {"name": "toy", "cell": "4", "recipe": "{}", "commit": "abc"}


@pytest.fixture(scope="module")
def contents(student: CellNet, samples: Samples) -> dict[str, bytes]:
    return {"int8": export_int8(student, samples.clips, METADATA), "fp32": export_fp32(student, METADATA)}


def run(content: bytes, luma: np.ndarray) -> np.ndarray:
    """The residual in code values, (H, W), by ONNX Runtime."""
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    cells = session.run(None, {"cells": to_cells(luma, 4)})[0]
    height, width = luma.shape
    return from_cells(cells, 4, (width, height)).astype(int) - ZERO_RESIDUAL


@torch.no_grad()
def by_torch(student: CellNet, luma: np.ndarray) -> np.ndarray:
    """The residual in code values, (H, W)."""
    seen = torch.from_numpy(luma).float()[None, None] / 255
    return (student(seen) - seen)[0, 0].numpy() * 255


def seen_of(samples: Samples) -> np.ndarray:
    """A degraded picture, (64, 64)."""
    return np.ascontiguousarray(samples.clips[1, 1, 0, 0])


@pytest.mark.parametrize("precision", ["int8", "fp32"])
def test_the_file_keeps_the_contract(contents: dict[str, bytes], precision: str) -> None:
    session = onnxruntime.InferenceSession(contents[precision], providers=["CPUExecutionProvider"])
    (cells,), (residual,) = session.get_inputs(), session.get_outputs()
    assert (cells.name, cells.type, cells.shape[-1]) == ("cells", "tensor(uint8)", 16)
    assert (residual.name, residual.type) == ("residual", "tensor(uint8)")


@pytest.mark.parametrize("precision", ["int8", "fp32"])
@pytest.mark.parametrize("size", [(64, 64), (48, 100), (16, 16)])
def test_the_file_runs_at_any_size(contents: dict[str, bytes], precision: str, size: tuple[int, int]) -> None:
    assert run(contents[precision], np.full(size, 90, np.uint8)).shape == size


def test_fp32_differs_from_torch_by_rounding_alone(
    contents: dict[str, bytes], student: CellNet, samples: Samples
) -> None:
    seen = seen_of(samples)
    difference = run(contents["fp32"], seen) - by_torch(student, seen)
    # 0.51: half a code value, and float32 sums in another order
    assert np.abs(difference).max() < 0.51


def test_int8_stays_near_torch(contents: dict[str, bytes], student: CellNet, samples: Samples) -> None:
    seen = seen_of(samples)
    expected = by_torch(student, seen)
    error = float(np.sqrt(np.mean((run(contents["int8"], seen) - expected) ** 2)))
    assert error < PARITY_LIMIT["int8"]
    # and it says something: the correction itself is several times larger than its error
    assert error < 0.3 * float(np.sqrt(np.mean(expected**2)))


@pytest.mark.parametrize("grey", [90, 128, 160])
def test_int8_answers_plain_brightness_as_torch_does(
    contents: dict[str, bytes], student: CellNet, grey: int
) -> None:
    flat = np.full((64, 64), grey, np.uint8)
    difference = run(contents["int8"], flat) - by_torch(student, flat)
    # 1 code value in the mean: rounding each weight by itself makes a false response to brightness
    assert np.abs(difference[16:48, 16:48]).mean() < 1


def test_int8_is_made_of_quantised_convolutions(contents: dict[str, bytes]) -> None:
    graph = onnx.load_from_string(contents["int8"]).graph
    operators = {node.op_type for node in graph.node}
    assert operators <= {"Transpose", "Conv", "Relu", "QuantizeLinear", "DequantizeLinear"}
    weights = [
        tensor
        for tensor in graph.initializer
        if tensor.data_type == onnx.TensorProto.INT8 and len(tensor.dims) == 4
    ]
    assert len(weights) == 3  # head, body, tail
    # seven bits: x86 without VNNI adds two products in 16 bits
    assert all(np.abs(onnx.numpy_helper.to_array(tensor)).max() <= 64 for tensor in weights)


@pytest.mark.parametrize("precision", ["int8", "fp32"])
def test_the_file_says_what_it_is(contents: dict[str, bytes], precision: str) -> None:
    model = onnx.load_from_string(contents[precision])
    assert {entry.key: entry.value for entry in model.metadata_props} == METADATA
    assert model.ir_version == IR_VERSION
    assert [entry.version for entry in model.opset_import if not entry.domain] == [OPSET]


def test_parity_is_measured_for_each_precision(
    contents: dict[str, bytes], student: CellNet, samples: Samples
) -> None:
    found = check_parity(student, contents, seen_of(samples))
    assert set(found) == {"int8", "fp32"}
    assert all(found[precision] <= PARITY_LIMIT[precision] for precision in found)


@pytest.mark.parametrize("precision", ["int8", "fp32"])
def test_a_file_of_another_student_is_refused(
    contents: dict[str, bytes], student: CellNet, samples: Samples, precision: str
) -> None:
    torch.manual_seed(1)
    other = CellNet(4, 8, 1)
    with pytest.raises(ModelError, match=f"the {precision} file differs from torch by"):
        check_parity(other, {precision: contents[precision]}, seen_of(samples))


def test_int8_is_calibrated_on_the_degraded_side_of_the_middle_frames(
    contents: dict[str, bytes], student: CellNet, samples: Samples
) -> None:
    others = np.full_like(samples.clips, 255)
    others[:, 1, 0] = samples.clips[:, 1, 0]
    assert export_int8(student, others, METADATA) == contents["int8"]


def test_the_quantisers_advice_is_not_passed_on(
    student: CellNet, samples: Samples, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    level = logging.getLogger().level
    export_int8(student, samples.clips[:2], METADATA)
    assert capsys.readouterr().out == ""
    assert caplog.records == []
    assert logging.getLogger().level == level
