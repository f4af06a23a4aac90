import pytest
import torch
from torch.nn import functional as F

from distill.data.pack import Samples
from distill.networks.cellnet import CellNet
from distill.networks.cells import to_cells


@pytest.fixture
def seen(samples: Samples) -> torch.Tensor:
    return torch.from_numpy(samples.clips[:8, 1, 0]).float() / 255  # (8, 1, 64, 64)


@pytest.mark.parametrize(("cell", "depth"), [(4, 2), (8, 1), (4, 0)])
def test_the_restored_picture_has_the_shape_of_the_seen(cell: int, depth: int) -> None:
    assert CellNet(cell, 8, depth)(torch.rand(2, 1, 32, 48)).shape == (2, 1, 32, 48)


def test_an_untrained_student_hardly_changes_the_picture() -> None:
    torch.manual_seed(0)
    seen = torch.rand(1, 1, 64, 64)
    # two code values: what a first step of training can fix
    assert (CellNet(4, 16, 2)(seen) - seen).abs().max() < 2 / 255


@torch.no_grad()
def test_the_residual_of_the_cells_is_what_is_added_to_the_picture(seen: torch.Tensor) -> None:
    network = CellNet(4, 8, 1)
    network.whiten(seen)
    residual = F.pixel_shuffle(network.residual_cells(to_cells(seen, 4)), 4)
    torch.testing.assert_close(network(seen), seen + residual)
