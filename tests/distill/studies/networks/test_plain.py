import pytest
import torch

from distill.networks.cost import count_parameters, macs_per_pixel
from distill.studies.networks.plain import PlainNet
from vcam.errors import ConfigError


@pytest.mark.parametrize("is_residual", [True, False])
@pytest.mark.parametrize("depth", [2, 5])
def test_the_picture_keeps_its_shape(depth: int, is_residual: bool) -> None:
    network = PlainNet(8, depth, is_residual)
    assert network(torch.rand(3, 3, 31, 17)).shape == (3, 3, 31, 17)
    assert network.body(torch.rand(3, 3, 31, 17)).shape == (3, 8, 31, 17)


@pytest.mark.parametrize("seed", [0, 1, 2])
@torch.no_grad()
def test_an_untrained_residual_hardly_changes_the_picture(seed: int) -> None:
    torch.manual_seed(seed)
    seen = torch.rand(1, 3, 48, 48)
    # 0.05: 0.014 to 0.030 over four seeds; an ordinary last convolution would add ten times that
    assert (PlainNet(64, 8)(seen) - seen).abs().mean() < 0.05


def test_without_the_residual_the_stack_makes_the_picture_itself() -> None:
    seen = torch.rand(1, 3, 16, 16)
    network = PlainNet(8, 3, residual=False)
    torch.testing.assert_close(network(seen), network.tail(network.body(seen)))


def test_its_size_follows_channels_and_depth() -> None:
    network = PlainNet(channels=16, depth=4)
    weights = 9 * (3 * 16 + 2 * 16 * 16 + 16 * 3)
    assert count_parameters(network) == weights + 3 * 16 + 3
    assert macs_per_pixel(network) == weights


def test_a_single_convolution_is_refused() -> None:
    with pytest.raises(ConfigError, match="depth = 1"):
        PlainNet(depth=1)
