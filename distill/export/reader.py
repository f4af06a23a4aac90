"""A published model read back into the network that it was exported from."""

from collections.abc import Mapping
from pathlib import Path

import onnx
import torch
from onnx import TensorProto, numpy_helper
from torch import Tensor, nn

from distill.networks.condnet import CondNet
from distill.networks.mixed import MixedConv
from vcam.errors import ModelError
from vcam.manifest import ModelFile, ModelSpec, read_checked


def read_student(folder: Path, spec: ModelSpec) -> CondNet:
    """The student with all looks and its gauge, from the files "fp32" and "gauge" of a published model.

    folder  of the model's files

    Exported again, it gives the same weights, bit for bit. What only training needs is not in the files: its
    whitening is the identity. Raises ModelError if a file is missing, changed, or of another network.
    """
    values = _tensors(folder, spec.files["fp32"]) | _tensors(folder, spec.files["gauge"])
    try:
        network = CondNet(
            cell=spec.cell,
            channels=len(values["head.bias"]),
            depth=sum(name.startswith("body.") and name.endswith(".grid") for name in values),
            experts=spec.experts,
            fused="told.weight" in values,
            looks=spec.looks,
        )
        _fill(network, values)
    except (KeyError, RuntimeError) as error:
        reason = " ".join(str(error).split())
        raise ModelError(f"the published {spec.name} is of another network than condnet: {reason}") from None
    return network.eval()


def _tensors(folder: Path, file: ModelFile) -> dict[str, Tensor]:
    """The initialisers of a file, by their names in the network."""
    model = onnx.load_model_from_string(read_checked(folder, file))
    return {
        tensor.name.removeprefix("student."): torch.from_numpy(numpy_helper.to_array(tensor).copy())
        for tensor in model.graph.initializer
        if tensor.data_location != TensorProto.EXTERNAL
    }


@torch.no_grad()
def _fill(network: CondNet, values: Mapping[str, Tensor]) -> None:
    for name, part in network.named_modules():
        if isinstance(part, MixedConv):
            _fill_mixed(part, values[f"{name}.grid"], values[f"{name}.step"], values[f"{name}.bias"])
        elif isinstance(part, (nn.Conv2d, nn.Linear)):
            part.weight.copy_(values[f"{name}.weight"])
            if part.bias is not None:
                part.bias.copy_(values[f"{name}.bias"])


def _fill_mixed(conv: MixedConv, grid: Tensor, step: Tensor, bias: Tensor) -> None:
    """Set a convolution's weights from integers (experts, n) and their step (outputs, 1, 1, 1)."""
    conv.weight.copy_(grid.float().view_as(conv.weight) * _divide(step, conv.unit))
    conv.bias.copy_(_divide(bias, conv.unit))


def _divide(product: Tensor, unit: float) -> Tensor:
    """The float32 numbers that give `product` exactly when they are multiplied by `unit`."""
    quotient = (product.double() / unit).float()
    for end in (torch.inf, -torch.inf):
        neighbour = torch.nextafter(quotient, torch.full_like(quotient, end))
        quotient = torch.where(neighbour * unit == product, neighbour, quotient)
    return quotient
