"""Weights stored in half precision: files of half the size for networks that are too large otherwise."""

from collections.abc import Iterable

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

HALF = ".half"  # after the name of a weight that is stored in half precision


@torch.no_grad()
def round_to_half(network: nn.Module) -> None:
    """Round a network's parameters to half precision, so that a halved file computes the same.

    Raises OverflowError if a parameter is beyond half precision's range of 65,504.
    """
    for name, parameter in network.named_parameters():
        rounded = parameter.half()
        if not rounded.isfinite().all():
            raise OverflowError(f"{name} has values beyond half precision")
        parameter.copy_(rounded)


def halve(content: bytes) -> bytes:
    """An ONNX file with its float weights in half precision; each is cast to float32 when it is loaded.

    content  of a file whose weights `round_to_half` has rounded
    """
    model = onnx.load_from_string(content)
    casts = []
    for tensor in model.graph.initializer:
        if tensor.data_type != TensorProto.FLOAT:
            continue
        name = tensor.name
        tensor.CopyFrom(
            numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float16), f"{name}{HALF}")
        )
        casts.append(helper.make_node("Cast", [tensor.name], [name], to=TensorProto.FLOAT))
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    onnx.checker.check_model(model)
    return model.SerializeToString()


def weights_of(tensors: Iterable[TensorProto]) -> dict[str, torch.Tensor]:
    """The initialisers of an exported file by the names in its network, halved or not, as float32."""
    return {
        tensor.name.removesuffix(HALF): torch.from_numpy(numpy_helper.to_array(tensor).copy()).float()
        for tensor in tensors
    }
