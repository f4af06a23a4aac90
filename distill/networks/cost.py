"""Cost of a network: parameters, and multiply-accumulates per output pixel."""

import torch
from torch import Tensor, nn

from distill.networks.contract import inputs_of, layers_of
from distill.networks.mixed import MixedConv


def count_parameters(network: nn.Module) -> int:
    """Number of trained parameters; buffers are not counted."""
    return sum(parameter.numel() for parameter in network.parameters())


@torch.no_grad()
def macs_per_pixel(network: nn.Module) -> float:
    """Multiply-accumulates of convolutions and linear layers per output pixel.

    Biases, activations, norms and products of features are not counted.
    """
    side, total = 64, 0

    def count(layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        nonlocal total
        places = 1 if isinstance(layer, nn.Linear) else output.shape[-2] * output.shape[-1]
        total += _macs_of_place(layer) * places

    hooks = [layer.register_forward_hook(count) for layer in layers_of(network)]
    parameter = next(network.parameters())
    network(torch.zeros(1, inputs_of(network), side, side, device=parameter.device))
    for hook in hooks:
        hook.remove()
    return total / side**2


def _macs_of_place(layer: nn.Module) -> int:
    """Multiply-accumulates per position of a layer's output."""
    if isinstance(layer, MixedConv):
        return layer.macs
    weight = layer.weight
    assert isinstance(weight, Tensor)
    return weight.numel()
