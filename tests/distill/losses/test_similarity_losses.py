import numpy as np
import numpy.typing as npt
import pytest
import pytorch_msssim
import torch
from skimage.metrics import structural_similarity
from torch import Tensor

from distill.losses.pixel import PixelLoss
from distill.losses.similarity import SCALE_WEIGHTS, count_scales, ms_ssim, ssim
from vcam import metrics
from vcam.errors import ConfigError

Luma = npt.NDArray[np.uint8]


def cloth(side: tuple[int, int], sigma: float, planes: int = 1) -> tuple[Tensor, Tensor]:
    """A picture (2, planes, *side) with coarse and fine structure, and the same with noise, in 0..1."""
    rng = np.random.default_rng(3)
    rows, columns = np.mgrid[: side[0], : side[1]]
    waves = np.sin(rows / 9) + np.sin(columns / 5) + rng.normal(0, 0.5, (2, planes, *side))
    truth = np.clip(128 + 40 * waves, 16, 235).round()
    seen = np.clip(truth + rng.normal(0, sigma, truth.shape), 0, 255).round()
    return torch.from_numpy(seen).float() / 255, torch.from_numpy(truth).float() / 255


def luma_of(pictures: Tensor) -> Luma:
    return (pictures[0, 0] * 255).round().numpy().astype(np.uint8)


@pytest.mark.parametrize("sigma", [2, 12, 60])
def test_ssim_is_that_of_the_judge_and_of_scikit_image(sigma: float) -> None:
    seen, truth = cloth((40, 56), sigma)
    found = 1 - ssim(seen[:1], seen[:1], truth[:1]).item()
    assert found == pytest.approx(metrics.ssim(luma_of(seen), luma_of(truth)), abs=1e-5)  # float32 in both
    _, full = structural_similarity(
        luma_of(seen),
        luma_of(truth),
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
        full=True,
    )
    # scikit-image's window is cut at 3.5 sigma, which is 11 pixels too; it counts the border unless it is cut
    assert found == pytest.approx(full[5:-5, 5:-5].mean(), abs=1e-5)


@pytest.mark.parametrize("planes", [1, 3])
def test_ssim_is_that_of_pytorch_msssim(planes: int) -> None:
    seen, truth = cloth((33, 48), 12, planes)
    expected = pytorch_msssim.ssim(seen, truth, data_range=1)
    assert 1 - ssim(seen, seen, truth).item() == pytest.approx(expected.item(), abs=1e-5)  # float32


# 262 and 161 come to odd sides on the way down
@pytest.mark.parametrize("side", [(176, 192), (262, 180), (161, 161)])
@pytest.mark.parametrize("planes", [1, 3])
def test_ms_ssim_of_five_scales_is_that_of_pytorch_msssim(side: tuple[int, int], planes: int) -> None:
    seen, truth = cloth(side, 25, planes)
    expected = pytorch_msssim.ms_ssim(seen, truth, data_range=1)
    assert 1 - ms_ssim(seen, seen, truth).item() == pytest.approx(expected.item(), abs=1e-5)  # float32


def test_there_are_as_many_scales_as_hold_a_window() -> None:
    sides = [10, 11, 20, 21, 40, 41, 80, 81, 160, 161, 1000]
    assert [count_scales(side) for side in sides] == [0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5]


@pytest.mark.parametrize(("side", "scales"), [(32, 2), (64, 3), (96, 4)])
def test_the_weights_of_fewer_scales_sum_to_one(side: int, scales: int) -> None:
    # flat pictures are alike in structure; their luminance counts at the coarsest scale alone
    dark, bright = torch.full((1, 1, side, side), 0.2), torch.full((1, 1, side, side), 0.4)
    luminance = (2 * 0.2 * 0.4 + 1e-4) / (0.2**2 + 0.4**2 + 1e-4)
    share = SCALE_WEIGHTS[scales - 1] / sum(SCALE_WEIGHTS[:scales])
    assert ms_ssim(dark, dark, bright).item() == pytest.approx(1 - luminance**share, abs=1e-5)  # float32


@pytest.mark.parametrize(("loss", "least"), [(ssim, 11), (ms_ssim, 21)])
def test_too_small_a_crop_is_refused_with_the_size_it_needs(loss: PixelLoss, least: int) -> None:
    enough, less = torch.rand(1, 1, least, 99), torch.rand(1, 1, 99, least - 1)
    assert loss(enough, enough, enough).isfinite()
    with pytest.raises(ConfigError, match=f"side is {least - 1} px; it needs {least} px: raise `crop`"):
        loss(less, less, less)


@pytest.mark.parametrize("loss", [ssim, ms_ssim])
def test_autocast_does_not_round_the_windows(loss: PixelLoss) -> None:
    seen, truth = cloth((48, 48), 3)
    with torch.autocast("cpu", torch.bfloat16):
        inside = loss(seen, seen, truth)
    assert inside.item() == loss(seen, seen, truth).item()


def test_a_scale_that_is_nothing_alike_leaves_the_others_their_gradient() -> None:
    rows, columns = torch.meshgrid(torch.arange(48.0), torch.arange(48.0), indexing="ij")
    board, wave = ((rows + columns) % 2 - 0.5)[None, None], torch.sin(columns / 6)[None, None]
    truth = 0.5 + 0.2 * board + 0.1 * wave
    reversed_grain = (0.5 - 0.2 * board + 0.08 * wave).requires_grad_()
    ms_ssim(reversed_grain, truth, truth).backward()
    assert reversed_grain.grad is not None
    assert reversed_grain.grad.isfinite().all()
    # towards the truth: a little more of the wave costs less
    assert (reversed_grain.grad * wave).sum() < 0


def test_the_negative_of_a_picture_costs_nearly_one_and_no_nan() -> None:
    _, truth = cloth((48, 48), 0)
    negative = (1 - truth).requires_grad_()
    cost = ms_ssim(negative, truth, truth)
    cost.backward()
    assert 0.9 < cost.item() <= 1
    assert negative.grad is not None
    assert negative.grad.isfinite().all()
