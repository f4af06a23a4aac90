import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime
import pytest
from frozen_graph import constant, convolution, nearest, node, upscaler

from distill.studies.peers.frozen import convert_frozen_graph
from distill.studies.peers.graphdef import read_graph
from vcam.errors import ModelError

Array = npt.NDArray[np.float32]


def run(content: bytes, seen: Array) -> Array:
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    return session.run(None, {"seen": seen[None, None]})[0][0, 0]


def reference(seen: Array, weights: dict[str, Array], scale: int) -> Array:
    """What the graph says, in numpy, on (H, W, C)."""
    height, width = seen.shape
    padded = np.pad(seen, 1)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3))  # (H, W, 3, 3)
    x = np.einsum("hwij,ijc->hwc", windows, weights["w1"][:, :, 0]) + weights["b1"]
    x = np.maximum(x, 0) + weights["a1"] * np.minimum(x, 0)
    x = x @ weights["w2"][0, 0]  # (H, W, scale * scale)
    blocks = x.reshape(height, width, scale, scale).transpose(0, 2, 1, 3)
    return blocks.reshape(height * scale, width * scale)


@pytest.mark.parametrize("scale", [2, 3])
def test_the_network_computes_what_the_graph_says(scale: int) -> None:
    rng = np.random.default_rng(0)
    shapes = {"w1": (3, 3, 1, 5), "b1": (5,), "a1": (5,), "w2": (1, 1, 5, scale**2)}
    weights = {name: rng.normal(0, 0.5, shape).astype(np.float32) for name, shape in shapes.items()}
    seen = rng.random((7, 9), np.float32)
    found = run(convert_frozen_graph(upscaler(scale, weights)), seen)
    np.testing.assert_allclose(found, reference(seen, weights, scale), atol=1e-5)  # float32 sums


def test_the_parts_of_a_prelu_become_one() -> None:
    operations = [each.op_type for each in onnx.load_from_string(convert_frozen_graph(nearest(2))).graph.node]
    assert operations == ["Conv", "Add", "PRelu", "Conv", "DepthToSpace", "Identity"]


def test_a_single_value_stands_for_all() -> None:
    (found,) = read_graph(constant("half", [0.5]))
    assert found.tensor().tolist() == [0.5]
    assert read_graph(constant("half", 0.5))[0].tensor().shape == ()


@pytest.mark.parametrize("content", [b"", b"no graph at all", nearest(2)[:-20], b"\xff" * 40])
def test_what_is_no_graph_is_refused(content: bytes) -> None:
    with pytest.raises(ModelError, match="not a frozen TensorFlow graph"):
        convert_frozen_graph(content)


def test_an_unknown_operation_is_named() -> None:
    graph = node("x", "Placeholder") + node("y", "Softmax", ["x"])
    with pytest.raises(ModelError, match="y: this Softmax is not supported"):
        convert_frozen_graph(graph)


@pytest.mark.parametrize(("padding", "stride", "side"), [(b"VALID", 1, 3), (b"SAME", 2, 3), (b"SAME", 1, 2)])
def test_a_convolution_of_another_kind_is_refused(padding: bytes, stride: int, side: int) -> None:
    kernel = constant("k", np.ones((side, side, 1, 1)))
    graph = node("x", "Placeholder") + kernel + convolution("y", "x", "k", padding, stride)
    with pytest.raises(ModelError, match="y: this Conv2D is not supported"):
        convert_frozen_graph(graph)


def test_numbers_of_another_type_are_refused() -> None:
    wrong = constant("k", [1.0], np.float64)
    with pytest.raises(ModelError, match="k holds numbers of TensorFlow's type 2"):
        convert_frozen_graph(node("x", "Placeholder") + wrong)
