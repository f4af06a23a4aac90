import pytest
import torch

from distill.data.pack import Samples
from distill.export.picture import export_picture
from distill.networks.nafnet import NafBlock, NafNet
from vcam.errors import ConfigError


def trained(network: torch.nn.Module) -> torch.nn.Module:
    """The network with weights that none of its parts starts with."""
    with torch.no_grad():
        for parameter in network.parameters():
            parameter += 0.1 * torch.randn_like(parameter)
    return network


@pytest.mark.parametrize(("colour", "frames", "planes"), [("luma", 1, 1), ("luma", 3, 3), ("rgb", 1, 3)])
def test_an_untrained_one_returns_the_middle_frame_nearly_as_it_is(
    colour: str, frames: int, planes: int
) -> None:
    torch.manual_seed(0)
    network = NafNet(channels=8, blocks=1, frames=frames, colour=colour)
    seen = torch.rand(2, planes, 16, 24)
    restored = network(seen)
    middle = seen[:, 1:2] if frames == 3 else seen
    assert restored.shape == middle.shape
    # the tail speaks in half code values: 0.05 is more than ten of them
    assert (restored - middle).abs().max() < 0.05


def test_an_untrained_block_is_the_identity() -> None:
    features = torch.randn(2, 8, 5, 7)
    assert torch.equal(NafBlock(8)(features), features)


def test_a_trained_block_looks_at_neighbours_and_at_the_whole_picture() -> None:
    torch.manual_seed(0)
    block = trained(NafBlock(8))
    features = torch.randn(1, 8, 9, 9)
    changed = features.clone()
    changed[0, 0, 0, 0] += 1
    difference = (block(changed) - block(features)).abs().amax((0, 1))
    # through the depthwise convolution next to it; through the attention's mean, less, everywhere
    assert difference[1, 1] > 10 * difference[8, 8] > 0


@pytest.mark.parametrize("colour", ["luma", "rgb"])
@pytest.mark.parametrize("neighbour", [0, 1, 3, 4])
def test_a_window_uses_its_neighbours(colour: str, neighbour: int) -> None:
    torch.manual_seed(0)
    network = trained(NafNet(channels=8, blocks=1, frames=5, colour=colour))
    planes = 3 if colour == "rgb" else 1
    seen = torch.rand(1, 5 * planes, 16, 16)
    changed = seen.clone()
    changed[:, neighbour * planes] = torch.rand(16, 16)
    assert not torch.equal(network(seen), network(changed))


@pytest.mark.parametrize("colour", ["luma", "rgb"])
def test_what_is_added_goes_to_the_middle_frame(colour: str) -> None:
    network = NafNet(channels=8, blocks=1, frames=5, colour=colour)
    torch.nn.init.zeros_(network.tail.weight)
    assert network.tail.bias is not None
    torch.nn.init.zeros_(network.tail.bias)
    planes = 3 if colour == "rgb" else 1
    seen = torch.rand(1, 5 * planes, 16, 16)
    assert torch.equal(network(seen), seen[:, 2 * planes : 3 * planes])


def test_frames_before_and_after_are_told_apart() -> None:
    torch.manual_seed(0)
    network = trained(NafNet(channels=8, blocks=1, frames=3))
    seen = torch.rand(1, 3, 16, 16)
    assert not torch.equal(network(seen), network(seen.flip(1)))


def test_a_window_that_stands_still_says_nothing_new() -> None:
    torch.manual_seed(0)
    network = trained(NafNet(channels=8, blocks=1, frames=3))
    frame = torch.rand(1, 1, 16, 16)
    before = network(frame.repeat(1, 3, 1, 1))
    with torch.no_grad():
        network.head.weight[:, 16:] = 0  # what looks at the changes
    assert torch.equal(before, network(frame.repeat(1, 3, 1, 1)))


def test_whitening_is_of_what_the_head_is_given(samples: Samples) -> None:
    network = NafNet(channels=8, blocks=1, frames=3)
    seen = torch.from_numpy(samples.clips[:8, :, 0, 0]).float() / 255  # (8, 3, 64, 64)
    given = []
    network.head.register_forward_pre_hook(lambda head, inputs: given.append(inputs[0]))
    network(seen)
    expected = NafNet(channels=8, blocks=1, frames=3).head
    expected.whiten(given[0])
    network.whiten(seen)
    assert torch.equal(network.head.whitening, expected.whitening)
    assert not torch.equal(network.head.whitening, torch.eye(len(expected.whitening)))


@pytest.mark.parametrize(("colour", "frames"), [("luma", 1), ("luma", 3), ("rgb", 1), ("rgb", 3)])
def test_it_can_be_exported_for_pictures_of_any_size(colour: str, frames: int) -> None:
    # export_picture compares with torch on another size than the traced one
    assert export_picture(NafNet(channels=8, blocks=1, frames=frames, colour=colour), {})


def test_a_window_without_a_middle_is_refused() -> None:
    with pytest.raises(ConfigError, match="frames = 2: expected an odd number"):
        NafNet(frames=2)


def test_an_unknown_colour_is_refused() -> None:
    with pytest.raises(ConfigError, match="colour = 'grey'"):
        NafNet(colour="grey")
