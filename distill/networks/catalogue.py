"""Which networks there are, by the names that recipes use."""

import inspect
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from distill.networks.cellnet import CellNet
from distill.networks.contract import frames_of, planes_of
from distill.networks.enhanced import EnhancedNet
from distill.networks.nafnet import NafNet
from distill.networks.plain import PlainNet
from distill.networks.residual import ResidualNet
from distill.networks.rrdbnet import RRDBNet
from distill.networks.sharpen import SharpenNet
from distill.networks.srvgg import SrvggNet
from vcam.errors import ConfigError

NETWORKS: dict[str, type[nn.Module]] = {
    "cellnet": CellNet,
    "enhanced": EnhancedNet,
    "nafnet": NafNet,
    "plain": PlainNet,
    "residual": ResidualNet,
    "rrdbnet": RRDBNet,
    "sharpen": SharpenNet,
    "srvgg": SrvggNet,
}


def build(name: str, options: Mapping[str, int | float | str | bool]) -> nn.Module:
    """The untrained network of a recipe. Raises ConfigError for a name or an option that is not known."""
    if name not in NETWORKS:
        raise ConfigError(f"no network {name!r}; choose one of: {', '.join(NETWORKS)}")
    known = list(inspect.signature(NETWORKS[name]).parameters)
    if unknown := sorted(set(options) - set(known)):
        raise ConfigError(
            f"network {name!r} has no option {unknown[0]!r}; expected some of: {', '.join(known)}"
        )
    return NETWORKS[name](**options)


def count_parameters(network: nn.Module) -> int:
    """Trained numbers of a network; buffers are not counted."""
    return sum(parameter.numel() for parameter in network.parameters())


@torch.no_grad()
def macs_per_pixel(network: nn.Module) -> float:
    """Multiply-accumulates of convolutions and linear layers for one output pixel.

    Biases, activations, norms and products of features are not counted.
    """
    side, total = 64, 0

    def count(layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        nonlocal total
        weight = layer.weight
        assert isinstance(weight, Tensor)
        places = output.shape[-2] * output.shape[-1] if isinstance(layer, nn.Conv2d) else 1
        total += weight.numel() * places

    hooks = [
        layer.register_forward_hook(count)
        for layer in network.modules()
        if isinstance(layer, nn.Conv2d | nn.Linear)
    ]
    planes = frames_of(network) * planes_of(network)
    parameter = next(network.parameters())
    network(torch.zeros(1, planes, side, side, device=parameter.device))
    for hook in hooks:
        hook.remove()
    return total / side**2
