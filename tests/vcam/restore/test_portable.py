"""The shipped files as other engines compile them, run by ONNX Runtime's CPU provider."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from stand_in import experts_bytes

from vcam.manifest import MIXTURE, read_checked, read_manifest, weights_folder
from vcam.restore import CPU_PROVIDER
from vcam.restore.engine import open_session
from vcam.restore.portable import make_portable

SHAPE = (1, 23, 31, 20)  # of cells; no side is a whole number of any kernel's blocks


def shipped(name: str) -> bytes:
    folder: Path = weights_folder()
    return read_checked(folder, read_manifest(folder)[name].files["int8"])


def run(content: bytes, cells: np.ndarray, bound: dict[str, np.ndarray] | None = None) -> np.ndarray:
    return open_session(content, "student", 1, [CPU_PROVIDER], bound).run(None, {"cells": cells})[0]


@pytest.mark.parametrize("name", ["wide", "best", "fast"])
def test_the_rewritten_file_gives_the_same_residual(name: str) -> None:
    rng = np.random.default_rng(1)
    mixture = {MIXTURE: rng.dirichlet(np.ones(16)).astype(np.float32)[None]}
    cells = rng.integers(0, 256, SHAPE).astype(np.uint8)
    content = shipped(name)
    found = run(make_portable(content, mixture, SHAPE), cells).astype(int)
    expected = run(content, cells, mixture)
    assert np.ptp(expected) > 20
    # one code value: numpy's sums may round a mixed weight the other way than ONNX Runtime's
    assert np.abs(found - expected).max() <= 1
    assert (found != expected).mean() < 0.001


@pytest.mark.parametrize("name", ["wide", "best", "fast"])
def test_it_has_only_operators_of_onnx_and_weights_that_are_constants(name: str) -> None:
    mixture = {MIXTURE: np.full((1, 16), 1 / 16, np.float32)}
    model = onnx.load_from_string(make_portable(shipped(name), mixture, SHAPE))
    onnx.checker.check_model(model, full_check=True)
    assert [opset.domain for opset in model.opset_import] == [""]
    operators = {node.op_type for node in model.graph.node}
    assert operators == {
        *("Transpose", "Cast", "Sub", "Mul"),  # around the input
        *("DequantizeLinear", "Conv", "Add", "QuantizeLinear"),
    }
    dims = model.graph.input[0].type.tensor_type.shape.dim
    assert tuple(dim.dim_value for dim in dims) == SHAPE
    constants = {tensor.name: tensor.data_type for tensor in model.graph.initializer}
    weights = [node.input[0] for node in model.graph.node if node.input[0].endswith(".weight")]
    assert {constants[name] for name in weights} == {TensorProto.INT8}
    assert MIXTURE not in constants


def test_it_holds_one_network_and_not_all_experts() -> None:
    content = shipped("best")
    mixture = {MIXTURE: np.full((1, 16), 1 / 16, np.float32)}
    assert len(make_portable(content, mixture, SHAPE)) < len(content) / 8


def test_a_graph_of_other_operators_stays_as_it_is() -> None:
    mixture = {MIXTURE: np.array([[0.5, 0.5]], np.float32)}
    cells = np.zeros((1, 3, 5, 16), np.uint8)
    content = make_portable(experts_bytes([130, 140]), mixture, cells.shape)
    assert (run(content, cells) == 135).all()


def test_an_operator_that_no_other_engine_knows_is_refused() -> None:
    ends = [
        helper.make_tensor_value_info(name, TensorProto.UINT8, [1, 2, 2, 4]) for name in ("cells", "residual")
    ]
    node = helper.make_node("QGemm", ["cells"], ["residual"], domain="com.microsoft")
    graph = helper.make_graph([node], "own", ends[:1], ends[1:])
    content = helper.make_model(graph).SerializeToString()
    with pytest.raises(ValueError, match=r"the operator QGemm of com\.microsoft, not of ONNX"):
        make_portable(content, {}, (1, 2, 2, 4))


@pytest.mark.parametrize("content", [b"\x00", b"\x3a\x05abc", b"ORTM" * 9])
def test_what_is_no_onnx_file_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match="not an ONNX file"):
        make_portable(content, {}, (1, 2, 2, 4))
