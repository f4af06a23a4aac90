import pytest
import torch
from torch import nn

from distill.catalogue import build
from distill.networks.contract import frames_of, multiple_of, planes_of
from distill.networks.receptive import receptive_field
from distill.recipe import Option


def measure(network: nn.Module, side: int) -> int:
    """Columns from the first to the last that any pixel of a cell in the middle has a gradient from."""
    network.double()  # else what is far away vanishes in rounding
    widest, multiple = 0, multiple_of(network)
    for pixel in range(multiple):
        seen = torch.rand(1, frames_of(network) * planes_of(network), side, side).double().requires_grad_()
        place = side // 2 // multiple * multiple + pixel
        (gradient,) = torch.autograd.grad(network(seen)[0, :, place, place].sum(), seen)
        columns = gradient.abs().sum((0, 1, 2)).nonzero()
        widest = max(widest, int(columns.max() - columns.min()) + 1)
    return widest


@pytest.mark.parametrize(
    ("name", "options", "field"),
    [
        ("sharpen", {"widths": "8-8"}, 5),  # the 1x1 adds nothing
        ("plain", {"channels": 8, "depth": 4}, 9),
        ("residual", {"channels": 8, "blocks": 2}, 15),
        ("cellnet", {"channels": 8, "depth": 1}, 7 * 4),
        ("srvgg", {"channels": 8, "depth": 2}, 9 * 4),
        ("rrdbnet", {"channels": 8, "growth": 4, "blocks": 1, "scale": 2}, 38 * 2),
        ("rrdbnet", {"channels": 8, "growth": 4, "blocks": 1, "scale": 1, "unshuffle": 2}, 38 * 2),
    ],
)
def test_the_field_is_where_gradients_come_from(name: str, options: dict[str, Option], field: int) -> None:
    torch.manual_seed(0)
    network = build(name, options)
    for parameter in network.parameters():
        nn.init.normal_(parameter, std=0.3)  # untrained tails are near zero, and so are their gradients
    assert receptive_field(network) == field
    assert measure(network, 2 * field // 4 * 4 + 8) == field


@pytest.mark.parametrize("name", ["nafnet", "enhanced"])
def test_a_network_that_pools_sees_the_whole_picture(name: str) -> None:
    assert receptive_field(build(name, {"channels": 16, "blocks": 1})) is None
