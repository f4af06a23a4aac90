from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import TensorProto, numpy_helper

from distill.data.pack import Samples
from distill.export.cells import PARITY_LIMIT, check_parity, export_fp32, export_gauge, export_int8
from distill.export.trace import IR_VERSION, OPSET
from distill.networks.cells import to_cells as to_torch_cells
from distill.networks.condnet import CondNet
from vcam.errors import ModelError
from vcam.manifest import MIXTURE
from vcam.restore import CPU_PROVIDER, ZERO_RESIDUAL, Cells, to_cells, to_strips
from vcam.restore.engine import open_session

METADATA = {"name": "toy", "cell": "4", "recipe": "{}", "commit": "abc"}
EXPERTS = 3


@pytest.fixture(scope="module")
@torch.no_grad()
def student(samples: Samples) -> CondNet:
    """A student of two blocks whose residuals are some two code values, as a trained one's are."""
    torch.manual_seed(0)
    student = CondNet(4, 16, 2, EXPERTS)
    seen = torch.from_numpy(samples.clips[:, 1, 0]).float() / 255
    student.whiten(seen)
    residual = (student(seen) - seen).square().mean().sqrt()
    student.tail.weight *= 2 / 255 / residual
    return student


@pytest.fixture(scope="module")
def contents(student: CondNet) -> dict[str, bytes]:
    return {
        "int8": export_int8(student, METADATA),
        "fp32": export_fp32(student, METADATA),
        "gauge": export_gauge(student, METADATA),
    }


@pytest.fixture
def seen(samples: Samples) -> np.ndarray:
    """A degraded picture, (64, 64)."""
    return np.ascontiguousarray(samples.clips[1, 1, 0, 0])


def run(content: bytes, cells: Cells, mixture: np.ndarray) -> np.ndarray:
    """The residual in code values, (1, h, w, 16), by ONNX Runtime."""
    session = open_session(content, "toy", 1, [CPU_PROVIDER], {MIXTURE: mixture.astype(np.float32)})
    found: np.ndarray = session.run(None, {"cells": cells})[0]
    return found.astype(int) - ZERO_RESIDUAL


@torch.no_grad()
def by_torch(student: CondNet, luma: np.ndarray, mixture: np.ndarray) -> np.ndarray:
    """The residual in code values, (1, h, w, 16)."""
    cells = to_torch_cells(torch.from_numpy(luma).float()[None, None] / 255, student.cell)
    residual = student.residual_cells(cells, torch.from_numpy(mixture).float())
    return residual.permute(0, 2, 3, 1).numpy() * 255


MIXTURES = [np.eye(EXPERTS)[:1], np.eye(EXPERTS)[2:], np.array([[0.2, 0.3, 0.5]])]


@pytest.mark.parametrize("precision", ["int8", "fp32"])
def test_the_file_keeps_the_contract(contents: dict[str, bytes], precision: str) -> None:
    graph = onnx.load_from_string(contents[precision]).graph
    (cells,), (residual,) = graph.input, graph.output
    assert (cells.name, residual.name) == ("cells", "residual")
    assert {end.type.tensor_type.elem_type for end in (cells, residual)} == {TensorProto.UINT8}
    (left_open,) = [each for each in graph.initializer if each.data_location == TensorProto.EXTERNAL]
    assert (left_open.name, list(left_open.dims)) == (MIXTURE, [1, EXPERTS])


@pytest.mark.parametrize("precision", ["int8", "fp32"])
@pytest.mark.parametrize("size", [(64, 64), (48, 100), (16, 16)])
def test_the_file_runs_at_any_size(contents: dict[str, bytes], precision: str, size: tuple[int, int]) -> None:
    cells = to_cells(np.full(size, 90, np.uint8), 4)
    assert run(contents[precision], cells, MIXTURES[0]).shape == cells.shape


@pytest.mark.parametrize("mixture", MIXTURES)
@pytest.mark.parametrize("precision", ["int8", "fp32"])
def test_the_file_computes_what_torch_does(
    contents: dict[str, bytes], student: CondNet, seen: np.ndarray, precision: str, mixture: np.ndarray
) -> None:
    found = run(contents[precision], to_cells(seen, 4), mixture)
    expected = by_torch(student, seen, mixture)
    assert float(np.sqrt(np.mean((found - expected) ** 2))) < PARITY_LIMIT[precision]
    # and it says something: the correction itself is several times larger than its error
    assert float(np.sqrt(np.mean(expected**2))) > 3 * PARITY_LIMIT[precision]


@pytest.mark.parametrize("grey", [90, 128, 160])
def test_int8_answers_plain_brightness_as_torch_does(
    contents: dict[str, bytes], student: CondNet, grey: int
) -> None:
    flat = np.full((64, 64), grey, np.uint8)
    difference = run(contents["int8"], to_cells(flat, 4), MIXTURES[2]) - by_torch(student, flat, MIXTURES[2])
    # 1 code value in the mean: rounding each weight by itself makes a false response to brightness
    assert np.abs(difference[:, 4:12, 4:12]).mean() < 1


def test_once_bound_int8_is_convolutions_and_sums_of_integers(
    contents: dict[str, bytes], tmp_path: Path
) -> None:
    """Mixing is done when the session is opened; a convolution of weights that vary is half as fast."""
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(tmp_path / "optimised.onnx")
    options.log_severity_level = 4
    mixture = onnxruntime.OrtValue.ortvalue_from_numpy(np.full((1, EXPERTS), 1 / EXPERTS, np.float32))
    options.add_external_initializers([MIXTURE], [mixture])
    onnxruntime.InferenceSession(contents["int8"], options, providers=[CPU_PROVIDER])
    graph = onnx.load(tmp_path / "optimised.onnx").graph
    operators = [node.op_type for node in graph.node]
    assert sorted(set(operators)) == ["QLinearAdd", "QLinearConv"]
    assert operators.count("QLinearConv") == 4  # head, two blocks, tail


def test_weights_have_seven_bits(contents: dict[str, bytes]) -> None:
    """x86 without VNNI adds two products in 16 bits."""
    graph = onnx.load_from_string(contents["int8"]).graph
    weights = [tensor for tensor in graph.initializer if tensor.data_type == TensorProto.INT8]
    weights = [tensor for tensor in weights if len(tensor.dims) > 1]
    assert len(weights) == 4  # head, two blocks, tail
    assert all(np.abs(numpy_helper.to_array(tensor).astype(int)).max() <= 64 for tensor in weights)


@pytest.mark.parametrize("name", ["int8", "fp32", "gauge"])
def test_the_file_says_what_it_is(contents: dict[str, bytes], name: str) -> None:
    model = onnx.load_from_string(contents[name])
    assert {entry.key: entry.value for entry in model.metadata_props} == METADATA
    assert model.ir_version == IR_VERSION
    assert [entry.version for entry in model.opset_import if not entry.domain] == [OPSET]


@torch.no_grad()
def test_the_gauges_file_reads_strips_as_torch_does(
    contents: dict[str, bytes], student: CondNet, seen: np.ndarray
) -> None:
    strips = to_strips(to_cells(np.tile(seen, (2, 3)), 4))
    assert len(strips) > 1
    session = open_session(contents["gauge"], "toy", 1, [CPU_PROVIDER])
    (found,) = session.run(None, {"strips": strips})
    centred = torch.from_numpy((strips.astype(np.float32) - ZERO_RESIDUAL) / 255).permute(0, 3, 1, 2)
    energies = student.gauge.energies(centred).mean(0, keepdim=True)
    np.testing.assert_allclose(found, student.gauge.judge(energies).numpy(), atol=1e-4)


def test_parity_is_measured_for_each_file(
    contents: dict[str, bytes], student: CondNet, seen: np.ndarray
) -> None:
    found = check_parity(student, contents, seen)
    assert set(found) == {"int8", "fp32", "gauge"}
    assert all(found[name] <= PARITY_LIMIT[name] for name in found)


@pytest.mark.parametrize("name", ["int8", "fp32", "gauge"])
def test_a_file_of_another_student_is_refused(
    contents: dict[str, bytes], seen: np.ndarray, name: str
) -> None:
    torch.manual_seed(1)
    other = CondNet(4, 16, 2, EXPERTS)
    with pytest.raises(ModelError, match=f"the {name} file differs from torch by"):
        check_parity(other, {name: contents[name]}, seen)


def test_exporting_leaves_the_student_as_it_was(student: CondNet) -> None:
    before = {name: value.clone() for name, value in student.state_dict().items()}
    for export in (export_int8, export_fp32, export_gauge):
        export(student, METADATA)
    assert all(torch.equal(value, before[name]) for name, value in student.state_dict().items())


@torch.no_grad()
def test_a_student_that_is_told_of_fusion_is_the_same_in_every_file(
    samples: Samples, seen: np.ndarray
) -> None:
    torch.manual_seed(0)
    student = CondNet(4, 16, 2, EXPERTS, fused=True)
    luma = torch.from_numpy(samples.clips[:, 1, 0]).float() / 255
    rng = np.random.default_rng(0)
    # in cells of 4x4 alike, as fusion tells them: frames up to 15, noise up to 10
    cells = rng.integers(0, (112, 80), (len(luma), 16, 16, 2)).transpose(0, 3, 1, 2)
    context = cells.repeat(4, 2).repeat(4, 3).astype(np.uint8)
    shown = torch.cat([luma, torch.from_numpy(context).float() / 255], 1)
    student.whiten(shown)
    assert student.told is not None
    student.told.weight.normal_(std=0.2)
    student.tail.weight *= 2 / 255 / (student(shown) - luma).square().mean().sqrt()
    contents = {"int8": export_int8(student, METADATA), "fp32": export_fp32(student, METADATA)}
    found = check_parity(student, contents, seen, context[1])
    assert set(found) == {"int8", "fp32"}
    inputs = onnx.load_from_string(contents["int8"]).graph.input[0].type.tensor_type.shape.dim
    assert inputs[3].dim_value == 16 + 4
