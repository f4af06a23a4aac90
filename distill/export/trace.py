"""From torch to a checked ONNX file."""

import copy
import math
import tempfile
import warnings
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from distill.networks.contract import Foldable

OPSET = 17
IR_VERSION = 9  # the newest that the oldest supported ONNX Runtime reads


def to_onnx(
    module: nn.Module,
    examples: Mapping[str, Tensor],
    output_name: str,
    axes: Mapping[str, dict[int, str]],
) -> onnx.ModelProto:
    """Export by tracing.

    examples  an example of each input by name, in the order of the module's arguments
    axes      dynamic axes of inputs and output, by name
    """
    with warnings.catch_warnings(), tempfile.TemporaryDirectory() as folder:
        # the tracing exporter is deprecated, but its graphs of plain convolutions need no clean-up
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.simplefilter("ignore", torch.jit.TracerWarning)
        # an instance norm always takes the statistics of its input
        warnings.filterwarnings("ignore", ".*operator 'instance_norm' is set to train=True", UserWarning)
        warnings.filterwarnings("ignore", "Constant folding - ", UserWarning)  # ONNX Runtime folds them
        path = Path(folder, "traced.onnx")
        torch.onnx.export(
            module.eval(),
            tuple(examples.values()),
            path,
            input_names=list(examples),
            output_names=[output_name],
            dynamic_axes=dict(axes),
            opset_version=OPSET,
            do_constant_folding=False,  # ONNX Runtime does it, and the file keeps its integers small
            dynamo=False,
        )
        return onnx.load(path)


def as_plain(network: nn.Module) -> nn.Module:
    """A copy with each training-time module replaced by its equivalent for inference.

    Such modules have a method `as_plain`. A whitening matrix is five times the size of its weights.
    """
    plain = copy.deepcopy(network)
    for part in list(plain.modules()):
        for name, child in part.named_children():
            if isinstance(child, Foldable):
                setattr(part, name, child.as_plain())
    return plain


def open_tensor(name: str, shape: tuple[int, ...]) -> TensorProto:
    """A float32 initialiser without values: they must be bound when a session is opened."""
    tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=shape)
    tensor.data_location = TensorProto.EXTERNAL
    size = 4 * math.prod(shape)
    for key, value in (("location", name), ("offset", "0"), ("length", str(size))):
        tensor.external_data.add(key=key, value=value)
    return tensor


def finish(model: onnx.ModelProto, metadata: dict[str, str]) -> bytes:
    """Add metadata to a model, check it, and serialise it."""
    model.ir_version = IR_VERSION
    helper.set_model_props(model, metadata)
    onnx.checker.check_model(_closed(model))
    return model.SerializeToString()


def _closed(model: onnx.ModelProto) -> onnx.ModelProto:
    """A copy with values for the open tensors, which the checker would look for in a file."""
    closed = onnx.ModelProto()
    closed.CopyFrom(model)
    for tensor in closed.graph.initializer:
        if tensor.data_location == TensorProto.EXTERNAL:
            values = np.zeros(tuple(tensor.dims), np.float32)
            tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))
    return closed
