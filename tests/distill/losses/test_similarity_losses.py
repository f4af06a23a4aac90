import numpy as np
import numpy.typing as npt
import pytest
import pytorch_msssim
import torch
from skimage.metrics import structural_similarity
from torch import Tensor

from distill.losses.pixel import PixelLoss
from distill.losses.similarity import ms_ssim, ssim
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


@pytest.mark.parametrize("planes", [1, 3])
def test_ms_ssim_of_whole_windows_is_that_of_pytorch_msssim(planes: int) -> None:
    seen, truth = cloth((176, 192), 25, planes)
    expected = pytorch_msssim.ms_ssim(seen, truth, data_range=1)
    assert 1 - ms_ssim(seen, seen, truth).item() == pytest.approx(expected.item(), abs=1e-5)  # float32


@pytest.mark.parametrize(("side", "window"), [(33, 3), (64, 3), (65, 5), (96, 5), (128, 7), (160, 9)])
def test_the_window_shrinks_with_the_crop(side: int, window: int) -> None:
    seen, truth = cloth((side, 200), 25)
    expected = pytorch_msssim.ms_ssim(seen, truth, data_range=1, win_size=window)
    assert 1 - ms_ssim(seen, seen, truth).item() == pytest.approx(expected.item(), abs=1e-5)  # float32


@pytest.mark.parametrize(("loss", "least"), [(ssim, 11), (ms_ssim, 33)])
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
