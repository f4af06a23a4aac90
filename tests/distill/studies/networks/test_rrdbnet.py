import pytest
import torch
from torch.nn import functional as F

from distill.networks.cost import count_parameters, macs_per_pixel
from distill.studies.networks.rrdbnet import RRDBNet
from vcam.errors import ConfigError

# weights of BSRGAN: 64 features, growth 32, 23 blocks of three dense blocks of five convolutions
DENSE = 9 * (sum((64 + 32 * layer) * 32 for layer in range(4)) + (64 + 32 * 4) * 64)
DENSE_BIASES = 4 * 32 + 64
TRUNK = 9 * 3 * 64 + 23 * 3 * DENSE + 9 * 64 * 64  # on the grid of low resolution


def tiny(scale: int = 4, unshuffle: int = 1) -> RRDBNet:
    return RRDBNet(channels=8, growth=4, blocks=2, scale=scale, unshuffle=unshuffle)


@pytest.mark.parametrize(("scale", "unshuffle"), [(4, 1), (2, 1), (2, 2), (1, 4), (1, 2)])
def test_the_picture_keeps_its_shape(scale: int, unshuffle: int) -> None:
    network = tiny(scale, unshuffle)
    seen = torch.rand(3, 3, network.multiple * 5, network.multiple * 7)
    assert network(seen).shape == seen.shape


@pytest.mark.parametrize(("scale", "unshuffle"), [(4, 1), (2, 1), (2, 2)])
def test_a_small_picture_is_enlarged_by_the_scale(scale: int, unshuffle: int) -> None:
    assert tiny(scale, unshuffle).enlarge(torch.rand(1, 3, 6, 10)).shape == (1, 3, 6 * scale, 10 * scale)


@torch.no_grad()
def test_what_was_scaled_up_by_repeating_pixels_is_seen_as_it_was_sent() -> None:
    network, sent = tiny(), torch.rand(1, 3, 6, 5)
    # 1e-6: float32, the mean of sixteen equal numbers
    torch.testing.assert_close(
        network(F.interpolate(sent, scale_factor=4)), network.enlarge(sent), atol=1e-6, rtol=0
    )


def test_it_has_the_size_of_bsrgan() -> None:
    with torch.device("meta"):
        network = RRDBNet()
    biases = 64 + 23 * 3 * DENSE_BIASES + 64 + 3 * 64 + 3
    assert count_parameters(network) == TRUNK + 9 * (3 * 64 * 64 + 64 * 3) + biases == 16_697_987


def test_its_trunk_works_on_a_sixteenth_of_the_pixels() -> None:
    with torch.device("meta"):
        network = RRDBNet()
    doubled, full = 9 * 64 * 64, 9 * (2 * 64 * 64 + 64 * 3)
    assert macs_per_pixel(network) == TRUNK / 16 + doubled / 4 + full


def test_a_scale_that_it_cannot_enlarge_by_is_refused() -> None:
    with pytest.raises(ConfigError, match="scale 3"):
        tiny(scale=3)
