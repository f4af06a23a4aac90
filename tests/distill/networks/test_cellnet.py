import pytest
import torch

from distill.data import Pairs
from distill.networks.cellnet import MID_GREY, NOISE_FLOOR, CellNet, macs_per_pixel


@pytest.fixture
def sample(pairs: Pairs) -> torch.Tensor:
    return torch.from_numpy(pairs[:8, :1]).float() / 255  # (8, 1, 64, 64)


def patches_of(network: CellNet, luma: torch.Tensor) -> torch.Tensor:
    cells = torch.nn.functional.pixel_unshuffle(luma, network.cell) - MID_GREY
    return torch.nn.functional.unfold(cells, 3).transpose(1, 2).flatten(0, 1).double()


@pytest.mark.parametrize(("cell", "depth"), [(4, 2), (8, 1), (4, 0)])
def test_the_residual_has_the_pictures_shape(cell: int, depth: int) -> None:
    assert CellNet(cell, 8, depth)(torch.rand(2, 1, 32, 48)).shape == (2, 1, 32, 48)


def test_an_untrained_student_hardly_changes_the_picture() -> None:
    torch.manual_seed(0)
    # two code values: what a first step of training can mend
    assert CellNet(4, 16, 2)(torch.rand(1, 1, 64, 64)).abs().max() < 2 / 255


@torch.no_grad()
def test_folding_changes_nothing_but_the_form(sample: torch.Tensor) -> None:
    network = CellNet(4, 8, 2)
    network.whiten(sample)
    cells = torch.nn.functional.pixel_unshuffle(sample, 4) - MID_GREY
    plain = network.folded()
    kinds = {type(module).__name__ for module in plain.modules()} - {"Sequential"}
    assert kinds == {"Conv2d", "ReLU"}
    # 1e-6: float32, in units of full scale
    torch.testing.assert_close(plain(cells), network.residual_cells(cells), atol=1e-6, rtol=1e-4)


def test_folding_leaves_the_student_as_it_was(sample: torch.Tensor) -> None:
    network = CellNet(4, 8, 1)
    network.whiten(sample)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    network.folded()
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


def test_whitened_patches_have_no_correlation(sample: torch.Tensor) -> None:
    network = CellNet(4, 8, 1)
    network.whiten(sample)
    white = patches_of(network, sample) @ network.whitening.double()
    moment = white.T @ white / len(white)
    # a direction above the noise floor comes out near 1, one below it near 0; none is amplified past 1
    assert torch.linalg.eigvalsh(moment).max() < 1.01
    off_diagonal = moment - torch.diag(moment.diagonal())
    assert off_diagonal.abs().mean() < 0.02


def test_the_second_moment_is_told_from_the_whitening(sample: torch.Tensor) -> None:
    network = CellNet(4, 8, 1)
    network.whiten(sample)
    patches = patches_of(network, sample)
    expected = patches.T @ patches / len(patches) + NOISE_FLOOR * torch.eye(patches.shape[1]).double()
    # 1%: the whitening is kept in float32 and inverted
    assert (network.input_second_moment() - expected).norm() < 0.01 * expected.norm()


def test_the_cost_is_counted_per_output_pixel() -> None:
    # head 16 -> 8, body 8 -> 8, tail 8 -> 16, each 3x3, for the 16 pixels of a cell
    assert macs_per_pixel(CellNet(4, 8, 1)) == 9 * (16 * 8 + 8 * 8 + 8 * 16) / 16
