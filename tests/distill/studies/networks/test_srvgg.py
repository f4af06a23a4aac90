from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from distill.networks.cost import count_parameters, macs_per_pixel
from distill.studies.networks.srvgg import SrvggNet, load_srvgg
from vcam.errors import ModelError


@pytest.fixture
def network() -> SrvggNet:
    torch.manual_seed(0)
    return SrvggNet(channels=6, depth=2, scale=4).eval()


def published(network: SrvggNet) -> dict[str, Tensor]:
    """Weights by Real-ESRGAN's names, where the last convolution is one more layer of the body."""
    last = f"body.{len(network.body)}."
    return {name.replace("tail.", last): value for name, value in network.state_dict().items()}


@pytest.mark.parametrize("scale", [1, 2, 4])
def test_the_picture_keeps_its_shape(scale: int) -> None:
    network, seen = SrvggNet(6, 2, scale), torch.rand(3, 3, 5 * scale, 7 * scale)
    assert network(seen).shape == seen.shape
    assert network.enlarge(seen).shape == (3, 3, 5 * scale**2, 7 * scale**2)


@torch.no_grad()
def test_a_silent_network_repeats_the_pixels(network: SrvggNet) -> None:
    for parameter in network.tail.parameters():
        torch.nn.init.zeros_(parameter)
    low = torch.rand(1, 3, 3, 5)
    assert torch.equal(network.enlarge(low), low.repeat_interleave(4, 2).repeat_interleave(4, 3))


@torch.no_grad()
def test_what_was_scaled_up_by_repeating_pixels_is_seen_as_it_was_sent(network: SrvggNet) -> None:
    sent = torch.rand(1, 3, 6, 5)
    # 1e-6: float32, the mean of sixteen equal numbers
    torch.testing.assert_close(
        network(F.interpolate(sent, scale_factor=4)), network.enlarge(sent), atol=1e-6, rtol=0
    )


def test_it_has_the_size_of_general_x4v3() -> None:
    weights = 9 * (3 * 64 + 32 * 64 * 64 + 64 * 48)
    slopes, biases = 33 * 64, 33 * 64 + 48
    assert count_parameters(SrvggNet()) == weights + slopes + biases == 1_213_296
    assert macs_per_pixel(SrvggNet()) == weights / 16


@pytest.mark.parametrize("wrapper", ["", "params"])
@torch.no_grad()
def test_published_names_make_the_same_network(network: SrvggNet, tmp_path: Path, wrapper: str) -> None:
    weights = published(network)
    torch.save({wrapper: weights} if wrapper else weights, tmp_path / "x.pth")
    seen = torch.rand(1, 3, 16, 24)
    assert torch.equal(load_srvgg(tmp_path / "x.pth")(seen), network(seen))


@pytest.mark.parametrize(("channels", "depth", "scale"), [(4, 1, 2), (6, 3, 4), (4, 0, 1)])
def test_the_shape_is_told_from_the_weights(channels: int, depth: int, scale: int, tmp_path: Path) -> None:
    torch.save(published(SrvggNet(channels, depth, scale)), tmp_path / "x.pth")
    loaded = load_srvgg(tmp_path / "x.pth")
    assert (loaded.tail.in_channels, len(loaded.body), loaded.scale) == (channels, 2 * depth + 2, scale)


def test_weights_of_another_network_are_refused(network: SrvggNet, tmp_path: Path) -> None:
    weights = published(network)
    del weights["body.1.weight"]
    torch.save(weights, tmp_path / "x.pth")
    with pytest.raises(ModelError, match=r"missing body\.1\.weight"):
        load_srvgg(tmp_path / "x.pth")


def test_weights_without_a_body_are_refused(tmp_path: Path) -> None:
    torch.save({"conv_first.weight": torch.zeros(4, 3, 3, 3)}, tmp_path / "x.pth")
    with pytest.raises(ModelError, match=r"unexpected conv_first\.weight"):
        load_srvgg(tmp_path / "x.pth")
