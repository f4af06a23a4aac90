"""The integer graph of a CondNet: uint8 convolutions and sums; weights are mixed when a session is opened.

The graph is built operator by operator, without a quantiser: a student is trained on the same grids.
"""

from typing import Any

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor

from distill.export.quantise import LEVELS, snap_to_grid
from distill.export.trace import OPSET, open_tensor
from distill.networks.condnet import HEAD_GAIN, STREAM_LIMIT, CondNet
from distill.networks.mixed import FEATURE_LEVELS, MixedConv
from vcam.manifest import MIXTURE
from vcam.restore import ZERO_RESIDUAL

CODE_VALUE = 1 / 255
FEATURE = 1 / FEATURE_LEVELS  # value of one step of a feature's uint8
STREAM = STREAM_LIMIT / FEATURE_LEVELS
MICROSOFT = "com.microsoft"  # ONNX Runtime's own operators


@torch.no_grad()
def integer_graph(student: CondNet) -> onnx.ModelProto:
    """The whole student with the contract of vcam.manifest.ModelSpec; `mixture` has no values yet."""
    told = 0 if student.told is None else student.told.in_channels
    graph = _Graph(student.cell**2, student.cell**2 + told, student.experts)
    stream, scale = graph.head(student), FEATURE
    for number, conv in enumerate(student.body):
        assert isinstance(conv, MixedConv)
        graph.mix(f"body{number}", conv, scale)
        change = graph.convolve(f"body{number}", stream, scale, FEATURE)
        stream, scale = graph.add(f"sum{number}", (stream, scale), (change, FEATURE), STREAM), STREAM
    graph.mix("tail", student.tail, scale)
    return graph.model(graph.convolve("tail", stream, scale, CODE_VALUE))


class _Graph:
    """Nodes and constants of a graph under construction. Pictures are (1, C, h, w) uint8, zero at 128."""

    def __init__(self, channels: int, inputs: int, experts: int) -> None:
        self._channels, self._inputs = channels, inputs
        self._nodes = [helper.make_node("Transpose", ["cells"], ["centred"], perm=[0, 3, 1, 2])]
        self._constants = [open_tensor(MIXTURE, (1, experts))]
        self._constant("zero", np.array(ZERO_RESIDUAL, np.uint8))

    def head(self, student: CondNet) -> str:
        """Add the first convolution, which experts do not change; returns its output."""
        exact = student.head.folded_weight().flatten(1) * HEAD_GAIN  # (channels, inputs*9)
        moment = student.head.second_moment()
        if student.told is not None:  # one convolution for cells and context
            exact = torch.cat([exact, student.told.weight.flatten(1) * HEAD_GAIN], 1)
            moment = torch.block_diag(moment, student.told.moment.to(moment.dtype))
        snapped = snap_to_grid(exact, moment)
        step = snapped.abs().amax(1) / LEVELS  # (channels,)
        whole = (snapped / step[:, None]).round().view(len(step), -1, *student.head.kernel_size)
        assert student.head.bias is not None
        bias = student.head.bias * HEAD_GAIN / (step * CODE_VALUE)
        self._constant("head.weight", whole.numpy().astype(np.int8))
        self._constant("head.bias", bias.round().numpy().astype(np.int32))
        self._steps("head", step)
        return self.convolve("head", "centred", CODE_VALUE, FEATURE)

    def mix(self, name: str, conv: MixedConv, scale: float) -> None:
        """Add NAME.weight and NAME.bias: the experts' mean by the mixture, for inputs of this scale."""
        step = conv.weight_step()[:, 0, 0, 0] * conv.unit  # (outputs,)
        experts = conv.grid_weight()  # (experts, outputs, inputs, 3, 3)
        biases = conv.bias * conv.unit / (step * scale)  # (experts, outputs)
        self._constant(f"{name}.weights", experts.flatten(1).numpy().astype(np.int8))
        self._constant(f"{name}.biases", biases.numpy())
        self._constant(f"{name}.shape", np.array(experts.shape[1:], np.int64))
        self._constant(f"{name}.outputs", np.array(experts.shape[1:2], np.int64))
        self._node("Cast", [f"{name}.weights"], f"{name}.real", to=TensorProto.FLOAT)
        self._mean(f"{name}.real", f"{name}.shape", f"{name}.weight", TensorProto.INT8)
        self._mean(f"{name}.biases", f"{name}.outputs", f"{name}.bias", TensorProto.INT32)
        self._steps(name, step)

    def convolve(self, name: str, inputs: str, scale: float, to_scale: float) -> str:
        """Add a convolution with NAME.weight and NAME.bias, saturating at uint8; returns its output."""
        weight = [f"{name}.weight", f"{name}.steps", f"{name}.zeros"]
        ends = [self._scale(to_scale), "zero", f"{name}.bias"]
        return self._node(
            "QLinearConv", [inputs, self._scale(scale), "zero", *weight, *ends], name, pads=[1, 1, 1, 1]
        )

    def add(self, name: str, left: tuple[str, float], right: tuple[str, float], to_scale: float) -> str:
        """Add the sum of two pictures with their scales; returns its name."""
        terms = [part for picture, scale in (left, right) for part in (picture, self._scale(scale), "zero")]
        return self._node("QLinearAdd", [*terms, self._scale(to_scale), "zero"], name, domain=MICROSOFT)

    def model(self, output: str) -> onnx.ModelProto:
        """The complete model; its output is this picture."""
        self._node("Transpose", [output], "residual", perm=[0, 2, 3, 1])
        shapes = {"cells": self._inputs, "residual": self._channels}
        ends = [
            helper.make_tensor_value_info(end, TensorProto.UINT8, [1, "rows", "columns", channels])
            for end, channels in shapes.items()
        ]
        graph = helper.make_graph(self._nodes, "condnet", ends[:1], ends[1:], self._constants)
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(MICROSOFT, 1)]
        return helper.make_model(graph, opset_imports=opsets)

    def _mean(self, experts: str, shape: str, name: str, kind: int) -> None:
        """Add the experts' mean by the mixture, rounded to this integer type."""
        mean = self._node("MatMul", [MIXTURE, experts], f"{name}.mean")
        whole = self._node("Round", [mean], f"{name}.whole")
        cast = self._node("Cast", [whole], f"{name}.cast", to=kind)
        self._node("Reshape", [cast, shape], name)

    def _steps(self, name: str, step: Tensor) -> None:
        self._constant(f"{name}.steps", step.numpy().astype(np.float32))
        self._constant(f"{name}.zeros", np.zeros(len(step), np.int8))

    def _scale(self, scale: float) -> str:
        name = f"scale {scale:g}"
        if not any(constant.name == name for constant in self._constants):
            self._constant(name, np.array(scale, np.float32))
        return name

    def _constant(self, name: str, value: np.ndarray) -> None:
        self._constants.append(numpy_helper.from_array(value, name))

    def _node(self, operator: str, inputs: list[str], output: str, **attributes: Any) -> str:
        self._nodes.append(helper.make_node(operator, inputs, [output], **attributes))
        return output
