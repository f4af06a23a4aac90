import pytest
import torch
from torch.nn import functional as F

from distill.data.pack import Samples
from distill.networks.cells import (
    MID_GREY,
    NOISE_FLOOR,
    RESIDUAL_UNIT,
    QuietConv,
    WhitenedConv,
    add_residual,
    to_cells,
)


@pytest.fixture
def cells(samples: Samples) -> torch.Tensor:
    """Cells of real pictures, (8, 16, 16, 16)."""
    return to_cells(torch.from_numpy(samples.clips[:8, 1, 0]).float() / 255, 4)


@pytest.fixture
def whitened(cells: torch.Tensor) -> WhitenedConv:
    conv = WhitenedConv(16, 8)
    conv.whiten(cells)
    return conv


def patches_of(cells: torch.Tensor) -> torch.Tensor:
    return F.unfold(cells, 3).transpose(1, 2).flatten(0, 1).double()  # (N, 144)


def test_mid_grey_is_zero_to_the_network() -> None:
    assert not to_cells(torch.full((1, 1, 8, 8), MID_GREY), 4).any()


def test_a_cells_pixels_are_its_channels_frame_after_frame() -> None:
    window = torch.arange(2 * 4 * 8).float().view(1, 2, 4, 8)
    cells = to_cells(window, 4) + MID_GREY
    assert cells.shape == (1, 32, 1, 2)
    # 1e-5: MID_GREY taken off and added again in float32
    torch.testing.assert_close(cells[0, :16, 0, 1], window[0, 0, :, 4:].flatten(), atol=1e-5, rtol=0)
    torch.testing.assert_close(cells[0, 16:, 0, 0], window[0, 1, :, :4].flatten(), atol=1e-5, rtol=0)


@pytest.mark.parametrize("frames", [1, 3, 7])
def test_the_residual_is_added_to_the_middle_frame(frames: int) -> None:
    window, residual = torch.rand(2, frames, 8, 12), torch.rand(2, 16, 2, 3)
    expected = window[:, frames // 2][:, None] + F.pixel_shuffle(residual, 4)
    assert torch.equal(add_residual(window, residual, 4), expected)


def test_an_unwhitened_convolution_is_a_plain_one(cells: torch.Tensor) -> None:
    conv = WhitenedConv(16, 8)
    torch.testing.assert_close(conv(cells), F.conv2d(cells, conv.weight, conv.bias, padding=1))


def test_whitened_patches_have_no_correlation(cells: torch.Tensor, whitened: WhitenedConv) -> None:
    white = patches_of(cells) @ whitened.whitening.double()
    moment = white.T @ white / len(white)
    # a direction above the noise floor comes out near 1, one below it near 0; none is amplified past 1
    assert torch.linalg.eigvalsh(moment).max() < 1.01
    off_diagonal = moment - torch.diag(moment.diagonal())
    assert off_diagonal.abs().mean() < 0.02


def test_the_convolution_sees_whitened_patches(cells: torch.Tensor, whitened: WhitenedConv) -> None:
    assert whitened.bias is not None
    white = patches_of(cells).float() @ whitened.whitening
    expected = white @ whitened.weight.flatten(1).T + whitened.bias  # (N, 8)
    inner = whitened(cells)[:, :, 1:-1, 1:-1]  # where no patch reaches over the border
    # 1e-4: sums of 144 products in float32, in another order
    torch.testing.assert_close(inner.flatten(2).mT.flatten(0, 1), expected, atol=1e-4, rtol=1e-4)


def test_the_second_moment_is_told_from_the_whitening(cells: torch.Tensor, whitened: WhitenedConv) -> None:
    patches = patches_of(cells)
    expected = patches.T @ patches / len(patches) + NOISE_FLOOR * torch.eye(patches.shape[1]).double()
    # 1%: the whitening is kept in float32 and inverted
    assert (whitened.second_moment() - expected).norm() < 0.01 * expected.norm()


def test_the_whitening_is_no_parameter_but_is_saved(whitened: WhitenedConv) -> None:
    assert {name for name, _ in whitened.named_parameters()} == {"weight", "bias"}
    assert set(whitened.state_dict()) == {"weight", "bias", "whitening"}


def test_a_quiet_convolution_speaks_in_small_units(cells: torch.Tensor) -> None:
    conv = QuietConv(16, 8)
    expected = F.conv2d(cells, conv.weight, conv.bias, padding=1) * RESIDUAL_UNIT
    # 1e-8: float32 at a scale of 0.002
    torch.testing.assert_close(conv(cells), expected, atol=1e-8, rtol=1e-4)
