"""Receptive field of a network: the input pixels that one output pixel depends on."""

import torch
from torch import Tensor, nn

from distill.networks.contract import inputs_of, layers_of, multiple_of
from distill.networks.mixed import MixedConv

SIDE = 64  # pixels of the picture for measuring strides


@torch.no_grad()
def receptive_field(network: nn.Module) -> int | None:
    """Side of the square of input pixels that an output pixel depends on; None for the whole picture.

    The largest over the positions in a cell. The convolutions are taken as a chain in the order of execution:
    parallel branches (skips, attention to one position) have a smaller field. Modules in `aside`
    (`contract.layers_of`) and in `beside` are left out.
    """
    layers = _trace_convolutions(network)
    pools = any(isinstance(module, nn.InstanceNorm2d) for module in network.modules())
    if pools or any(stride == SIDE for _, stride in layers):
        return None
    return max(_walk_back(layers, pixel) for pixel in range(multiple_of(network)))


def _trace_convolutions(network: nn.Module) -> list[tuple[int, int]]:
    """(side of the kernel, side of an output cell in pixels) of each convolution, in order."""
    traced: list[tuple[int, int]] = []

    def note(layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        assert isinstance(layer, nn.Conv2d | MixedConv)
        traced.append((layer.kernel_size[0], SIDE // output.shape[-1]))

    beside = [getattr(network, name) for name in getattr(network, "beside", ())]
    layers = [layer for layer in layers_of(network) if not isinstance(layer, nn.Linear)]
    layers = [layer for layer in layers if layer not in beside]
    hooks = [layer.register_forward_hook(note) for layer in layers]
    device = next(network.parameters()).device
    network(torch.zeros(1, inputs_of(network), SIDE, SIDE, device=device))
    for hook in hooks:
        hook.remove()
    return traced


def _walk_back(layers: list[tuple[int, int]], pixel: int) -> int:
    """Number of input pixels in a row that the output pixel at this position depends on."""
    first, last, cell = pixel, pixel, 1  # a span of cells at the network's output, and the pixels per cell
    for side, stride in reversed(layers):
        first, last = first * cell // stride, ((last + 1) * cell - 1) // stride
        first, last, cell = first - side // 2, last + side // 2, stride
    return (last - first + 1) * cell
