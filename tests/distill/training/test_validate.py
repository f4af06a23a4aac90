import math

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from distill.damage.degradation import DAMAGE_CLASSES
from distill.data.pack import Samples
from distill.training.validate import validate

CPU = torch.device("cpu")


class Towards(nn.Module):
    """Adds a constant to the middle one of `frames` frames."""

    colour, multiple = "luma", 1

    def __init__(self, offset: float, frames: int = 1) -> None:
        super().__init__()
        self.offset, self.frames = offset, frames

    def forward(self, seen: Tensor) -> Tensor:
        assert seen.shape[1] == self.frames
        assert not self.training
        middle = self.frames // 2
        return seen[:, middle : middle + 1] + self.offset / 255


def off_by(*errors: int, length: int = 3) -> Samples:
    """One clip a number, each of another kind: grey 100, seen as much brighter."""
    clips = np.full((len(errors), length, 2, 1, 8, 8), 100, np.uint8)
    clips[:, :, 0] += np.array(errors, np.uint8)[:, None, None, None, None]
    return Samples(clips, np.arange(len(errors), dtype=np.uint8))


def test_doing_nothing_gains_nothing() -> None:
    found = validate(Towards(0), off_by(0, 10, 20), CPU)
    assert found.gain_db == 0
    assert found.clean_db == pytest.approx(80, abs=1e-3)  # what equal pictures count as


def test_halving_the_error_gains_six_db() -> None:
    # 0.01: 1e-8 in the definition of PSNR
    assert validate(Towards(-10), off_by(0, 20), CPU).gain_db == pytest.approx(6.02, abs=0.01)


def test_each_kind_has_its_gain_and_one_without_samples_none() -> None:
    found = validate(Towards(-10), off_by(0, 20, 11), CPU).by_kind
    assert len(found) == len(DAMAGE_CLASSES)
    assert found[1] == pytest.approx(6.02, abs=0.01)  # 20 to 10
    assert found[2] == pytest.approx(20.8, abs=0.1)  # 11 to 1; 1e-8 in the definition of PSNR
    assert all(math.isnan(gain) for gain in (found[0], *found[3:]))


def test_clean_pictures_are_no_part_of_the_gain() -> None:
    found = validate(Towards(-10), off_by(0, 20), CPU)
    assert found.gain_db == pytest.approx(6.02, abs=0.01)
    assert found.clean_db == pytest.approx(28.13, abs=0.01)  # 10 code values


@pytest.mark.parametrize("frames", [1, 3, 5])
def test_a_network_sees_as_many_frames_as_it_wants(frames: int) -> None:
    assert validate(Towards(-10, frames), off_by(0, 20, length=5), CPU).gain_db == pytest.approx(
        6.02, abs=0.01
    )


def test_a_network_in_training_goes_on_training() -> None:
    network = Towards(0)
    validate(network.train(), off_by(0, 20), CPU)
    assert network.training
