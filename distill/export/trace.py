"""From torch to a checked ONNX file."""

import tempfile
import warnings
from pathlib import Path

import onnx
import torch
from onnx import helper
from torch import Tensor, nn

OPSET = 17
IR_VERSION = 9  # what the oldest supported ONNX Runtime reads


def to_onnx(
    module: nn.Module, example: Tensor, input_name: str, output_name: str, axes: dict[int, str]
) -> onnx.ModelProto:
    """Export by tracing, with dynamic rows and columns."""
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
            (example,),
            path,
            input_names=[input_name],
            output_names=[output_name],
            dynamic_axes={input_name: axes, output_name: axes},
            opset_version=OPSET,
            dynamo=False,
        )
        return onnx.load(path)


def finish(model: onnx.ModelProto, metadata: dict[str, str]) -> bytes:
    """Write the metadata into a model, check it, and serialise it."""
    model.ir_version = IR_VERSION
    helper.set_model_props(model, metadata)
    onnx.checker.check_model(model)
    return model.SerializeToString()
