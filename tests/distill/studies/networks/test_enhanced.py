import pytest
import torch

from distill.networks.cost import count_parameters, macs_per_pixel
from distill.studies.networks.enhanced import EnhancedNet

HEAD, TAIL, REFINE = 3 * 32 * 9, 32 * 3 * 9, 3 * 3  # weights of the published network, by part
BLOCKS = 6 * 2 * 32 * 32 * 9
CHANNEL_ATTENTION, SPATIAL_ATTENTION = 2 * 32 * 2, 2 * 7 * 7


@pytest.fixture
def seen() -> torch.Tensor:
    return torch.rand(2, 3, 24, 18, generator=torch.Generator().manual_seed(0))


def test_the_picture_keeps_its_shape() -> None:
    network = EnhancedNet(8, 2)
    assert network(torch.rand(3, 3, 31, 17)).shape == (3, 3, 31, 17)
    assert network.body(torch.rand(3, 8, 31, 17)).shape == (3, 8, 31, 17)


def test_it_has_the_published_size() -> None:
    weights = HEAD + BLOCKS + CHANNEL_ATTENTION + SPATIAL_ATTENTION + TAIL + REFINE
    assert count_parameters(EnhancedNet()) == weights + 32 + 3 + 3  # the rest are biases


def test_channel_attention_costs_nothing_a_pixel() -> None:
    # it works on one mean a channel; the cost is counted on 64 x 64 pixels
    expected = HEAD + BLOCKS + SPATIAL_ATTENTION + TAIL + REFINE + CHANNEL_ATTENTION / 64**2
    assert macs_per_pixel(EnhancedNet()) == expected


@torch.no_grad()
def test_the_unsharp_mask_is_only_put_on_outside_of_training(seen: torch.Tensor) -> None:
    masked, plain = EnhancedNet(8, 1, unsharp=0.5), EnhancedNet(8, 1)
    plain.load_state_dict(masked.state_dict())
    assert torch.equal(masked.train()(seen), plain.train()(seen))
    assert not torch.equal(masked.eval()(seen), plain.eval()(seen))


@torch.no_grad()
def test_the_unsharp_mask_adds_what_a_binomial_blur_takes_away(seen: torch.Tensor) -> None:
    masked, plain = EnhancedNet(8, 1, unsharp=0.5).eval(), EnhancedNet(8, 1).eval()
    plain.load_state_dict(masked.state_dict())
    restored = plain(seen)
    around = restored.unfold(2, 3, 1).unfold(3, 3, 1)  # (B, 3, H-2, W-2, 3, 3)
    row = torch.tensor([1.0, 2.0, 1.0]) / 4
    blurred = (around * torch.outer(row, row)).sum((-2, -1))
    inside = restored[:, :, 1:-1, 1:-1]
    torch.testing.assert_close(masked(seen)[:, :, 1:-1, 1:-1], inside + 0.5 * (inside - blurred))


@torch.no_grad()
def test_the_unsharp_mask_leaves_an_even_border_alone() -> None:
    network, flat = EnhancedNet(8, 1, unsharp=0.5).eval(), torch.full((1, 3, 8, 8), 0.5)
    for conv in (network.tail, network.refine):
        torch.nn.init.zeros_(conv.weight)  # whatever it sees, the picture is of one colour
    restored = network(flat)
    # one part in a million: float32
    torch.testing.assert_close(restored, restored.mean((2, 3), keepdim=True).expand_as(restored))


@torch.no_grad()
def test_an_untrained_network_returns_its_input() -> None:
    torch.manual_seed(1)
    coarse = torch.rand(2, 3, 6, 8, generator=torch.Generator().manual_seed(0))
    seen = torch.nn.functional.interpolate(coarse, scale_factor=8, mode="bilinear")  # smooth, as pictures are
    restored = EnhancedNet()(seen)
    # 40 dB: the sigmoid is not quite straight, and the attentions are not quite even
    assert (restored - seen).square().mean() < 1e-4


def test_the_blocks_of_an_untrained_network_are_trained() -> None:
    torch.manual_seed(1)
    network, seen = EnhancedNet(12, 1), torch.rand(1, 3, 16, 16)
    (network(seen) - seen.flip(-1)).square().mean().backward()
    assert all(
        parameter.grad is not None and parameter.grad.abs().max() > 0
        for parameter in network.body.parameters()
    )
