"""The judge's metrics are those that training losses and other projects use."""

import numpy as np
import pytest
import torch
from pytorch_msssim import ms_ssim as torch_ms_ssim
from pytorch_msssim import ssim as torch_ssim
from skimage.metrics import structural_similarity
from talking_head import Film

from distill.evaluate.metrics import ms_ssim, ssim_rgb
from vcam.conversion.opencv import to_bgr
from vcam.frame import Plane
from vcam.metrics import ssim

SIZE = (320, 180)


def damaged(plane: Plane, sigma: float = 12) -> Plane:
    noise = np.random.default_rng(1).normal(0, sigma, plane.shape)
    return np.clip(plane + noise, 0, 255).astype(np.uint8)


def batches(*planes: Plane) -> list[torch.Tensor]:
    return [torch.from_numpy(plane).float()[None, None] for plane in planes]


def test_ssim_agrees_with_pytorch_msssim() -> None:
    truth = np.random.default_rng(1).integers(16, 236, (96, 128), np.uint8)
    seen = damaged(truth)
    # both take windows inside the picture alone; float32 sums in another order differ in the sixth place
    assert ssim(seen, truth) == pytest.approx(
        float(torch_ssim(*batches(seen, truth), data_range=255)), abs=1e-5
    )


# 262 halves to an odd side at the second scale, which pytorch_msssim pads
@pytest.mark.parametrize("size", [SIZE, (262, 176), (161, 161)])
@pytest.mark.parametrize("sigma", [2, 12, 60])
def test_ms_ssim_agrees_with_pytorch_msssim(size: tuple[int, int], sigma: float) -> None:
    truth = np.random.default_rng(1).integers(16, 236, size, np.uint8)
    seen = damaged(truth, sigma)
    # as above: five float32 means, multiplied
    assert ms_ssim(seen, truth) == pytest.approx(
        float(torch_ms_ssim(*batches(seen, truth), data_range=255)), abs=1e-5
    )


def test_ssim_rgb_agrees_with_scikit_image(film: Film) -> None:
    first, second = film(8, SIZE)[0], film(8, SIZE)[7]
    expected = structural_similarity(
        to_bgr(first),
        to_bgr(second),
        channel_axis=2,
        win_size=11,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
    )
    # 1e-4: a tenth of what decides a publication, for single precision in the windows
    assert ssim_rgb(first, second) == pytest.approx(expected, abs=1e-4)
