"""Converts frozen TensorFlow upscaling networks (FSRCNN, ESPCN) to ONNX, so that one runtime runs them all.

Only OpenCV up to version 4 reads these files, with `cv2.dnn_superres`. The outputs are the same: at most 0.5
code values apart, which is OpenCV's rounding.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from distill.studies.peers.graphdef import Array, Node, read_graph
from vcam.errors import ModelError

Constants = Mapping[str, Array]

TO_NCHW = [0, 3, 1, 2]
RENAMED = {"AddV2": "Add", "BiasAdd": "Add"}
ELEMENTWISE = {"Add", "Sub", "Mul", "Abs", "Relu", "Tanh", "Identity"}
OPSET = 17


def convert_frozen_graph(content: bytes) -> bytes:
    """Convert a frozen graph: `seen` (1, C, H, W) float32 in, `restored` (1, C', H', W') out.

    TensorFlow's graph has (N, H, W, C) inside and ends with a transpose to (N, C, H, W); the converted graph
    is (N, C, H, W) throughout. Raises ModelError if it is not such a graph, or has an unsupported operation.
    """
    try:
        nodes = read_graph(content)
        constants = {node.name: node.tensor() for node in nodes if node.operation == "Const"}
        model = _build([node for node in nodes if node.operation != "Const"], constants)
        onnx.checker.check_model(model)
    except (IndexError, KeyError, ValueError, onnx.checker.ValidationError) as error:
        raise ModelError(f"not a frozen TensorFlow graph of an upscaling network: {error}") from None
    return model.SerializeToString()


def _build(nodes: Sequence[Node], constants: Constants) -> onnx.ModelProto:
    used = {name for node in nodes for name in node.inputs}
    (source,) = (node.name for node in nodes if node.operation == "Placeholder")
    (result,) = (node.name for node in nodes if node.name not in used)
    kept = _fold_prelu(nodes, constants)
    operations = [_convert(node, constants) for node in kept if node.operation != "Placeholder"]
    kernels = {node.inputs[1] for node in kept if node.operation == "Conv2D"}
    needed = {name for operation in operations for name in operation.input}
    initializers = [
        numpy_helper.from_array(_arrange(array, name in kernels), name)
        for name, array in constants.items()
        if name in needed
    ]
    ends = {source: "seen", result: "restored"}
    for operation in operations:
        operation.input[:] = [ends.get(name, name) for name in operation.input]
        operation.output[:] = [ends.get(name, name) for name in operation.output]
    tensors = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, *(f"{name}_{side}" for side in "chw")])
        for name in ends.values()
    ]
    graph = helper.make_graph(operations, "upscaler", tensors[:1], tensors[1:], initializers)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)


def _fold_prelu(nodes: Sequence[Node], constants: Constants) -> list[Node]:
    """Replace relu(x) + alpha * (x - |x|) * 0.5 by the equivalent PRelu: FSRCNN takes 60% of the time."""
    by_name = {node.name: node for node in nodes}
    folded: dict[str, Node] = {}
    inner: set[str] = set()
    for node in nodes:
        parts = [by_name[name] for name in node.inputs if name in by_name]
        if node.operation != "Add" or [part.operation for part in parts] != ["Relu", "Mul"]:
            continue
        relu, half = parts
        scaled = by_name.get(half.inputs[0])
        step = by_name.get(scaled.inputs[1]) if scaled and scaled.operation == "Mul" else None
        if scaled and step and step.operation == "Sub" and constants[half.inputs[1]] == 0.5:
            folded[node.name] = Node(node.name, "PRelu", (relu.inputs[0], scaled.inputs[0]), {})
            inner |= {relu.name, half.name, scaled.name, step.name, step.inputs[1]}
    return [folded.get(node.name, node) for node in nodes if node.name not in inner]


def _arrange(array: Array, is_kernel: bool) -> Array:
    """A constant for (N, C, H, W): kernels (H, W, in, out) are transposed, values per channel reshaped."""
    if is_kernel:
        return np.ascontiguousarray(array.transpose(3, 2, 0, 1))
    return array.reshape(-1, 1, 1) if array.ndim == 1 else array


def _convert(node: Node, constants: Constants) -> onnx.NodeProto:
    inputs, operation = list(node.inputs), RENAMED.get(node.operation, node.operation)
    if operation in ELEMENTWISE or operation == "PRelu":
        return helper.make_node(operation, inputs, [node.name])
    if operation == "Transpose" and constants[inputs[1]].tolist() == TO_NCHW:
        return helper.make_node("Identity", inputs[:1], [node.name])
    if operation == "DepthToSpace":
        (side,) = node.integers("block_size")
        return helper.make_node("DepthToSpace", inputs, [node.name], blocksize=side, mode="DCR")
    if operation == "Conv2D" and node.text("padding") == "SAME" and set(node.integers("strides")) == {1}:
        height, width = constants[inputs[1]].shape[:2]
        if height % 2 and width % 2:
            return helper.make_node("Conv", inputs, [node.name], pads=[height // 2, width // 2] * 2)
    raise ValueError(f"{node.name}: this {node.operation} is not supported")
