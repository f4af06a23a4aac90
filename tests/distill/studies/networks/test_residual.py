import pytest
import torch
from torch import nn

from distill.networks.cost import count_parameters, macs_per_pixel
from distill.studies.networks.residual import ResidualNet


@pytest.mark.parametrize("is_residual", [True, False])
def test_the_picture_keeps_its_shape(is_residual: bool) -> None:
    network = ResidualNet(8, 2, is_residual)
    assert network(torch.rand(3, 3, 31, 17)).shape == (3, 3, 31, 17)
    assert network.body(torch.rand(3, 8, 31, 17)).shape == (3, 8, 31, 17)


@torch.no_grad()
def test_the_picture_comes_through_where_the_last_convolution_is_silent() -> None:
    network, seen = ResidualNet(8, 2), torch.rand(2, 3, 20, 20)
    nn.init.zeros_(network.tail.weight)
    assert network.tail.bias is not None
    nn.init.zeros_(network.tail.bias)
    assert torch.equal(network(seen), seen)


@pytest.mark.parametrize("blocks", [2, 16])
@torch.no_grad()
def test_an_untrained_network_hardly_changes_the_picture(blocks: int) -> None:
    torch.manual_seed(0)
    seen = torch.rand(1, 3, 48, 48)
    # 0.06: 0.011 to 0.034 over four seeds at 64 x 16; it must not grow with the number of blocks
    assert (ResidualNet(32, blocks)(seen) - seen).abs().mean() < 0.06


def test_its_size_follows_channels_and_blocks() -> None:
    network = ResidualNet(channels=32, blocks=4)  # the student of bsrgan-lite
    weights = 9 * (3 * 32 + (2 * 4 + 1) * 32 * 32 + 32 * 3)
    assert count_parameters(network) == weights + (2 + 2 * 4) * 32 + 3
    assert macs_per_pixel(network) == weights
