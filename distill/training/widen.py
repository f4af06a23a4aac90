"""Wider networks that begin as a narrower one that is trained."""

import torch
from torch import Tensor, nn

from distill.networks.mixed import MixedConv
from distill.training.checkpoint import State


@torch.no_grad()
def widen(weights: State, network: nn.Module) -> State:
    """The weights of a narrower network for a wider one of the same kind, which then computes the same.

    Features of the narrower network come first. The new ones keep the initial weights that they have in
    `network`; what was there before does not read them yet: the weights between are zero, and are trained. In
    Net2Net (Chen et al. 2016, arXiv:1511.05641) new features are copies of old ones instead, which have to
    grow apart first.

    weights  by name, of as many layers as `network` has, with equal numbers of experts

    Raises ValueError if a tensor of the narrower network is larger than the wider one's.
    """
    mixed = {name for name, module in network.named_modules() if isinstance(module, MixedConv)}
    own = network.state_dict()
    wider = dict(weights)
    for name in weights.keys() & own.keys():
        if weights[name].shape != own[name].shape:
            outputs = 1 if name.rpartition(".")[0] in mixed else 0  # the experts are the first dimension
            wider[name] = _put_into(own[name], weights[name], outputs, name)
    return wider


def _put_into(wide: Tensor, narrow: Tensor, outputs: int, name: str) -> Tensor:
    """A copy of `wide` whose first outputs are those of `narrow`, with zeros for the inputs that it lacks."""
    is_inside = wide.dim() == narrow.dim() and all(
        there >= here for there, here in zip(wide.shape, narrow.shape, strict=True)
    )
    if not is_inside:
        raise ValueError(f"{name} is {tuple(narrow.shape)}, more than the network's {tuple(wide.shape)}")
    result = wide.clone()
    result.narrow(outputs, 0, narrow.shape[outputs]).zero_()
    result[tuple(slice(length) for length in narrow.shape)] = narrow
    return result
