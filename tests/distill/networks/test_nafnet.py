import pytest
import torch

from distill.export.picture import export_picture
from distill.networks.nafnet import NafNet
from vcam.errors import ConfigError


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


@pytest.mark.parametrize(("colour", "frames"), [("luma", 1), ("luma", 3), ("rgb", 1), ("rgb", 3)])
def test_it_can_be_exported_for_pictures_of_any_size(colour: str, frames: int) -> None:
    # export_picture compares with torch on another size than the traced one
    assert export_picture(NafNet(channels=8, blocks=1, frames=frames, colour=colour), {})


def test_a_window_without_a_middle_is_refused() -> None:
    with pytest.raises(ValueError, match="expected an odd number"):
        NafNet(frames=2)


def test_an_unknown_colour_is_refused() -> None:
    with pytest.raises(ConfigError, match="colour = 'grey'"):
        NafNet(colour="grey")
