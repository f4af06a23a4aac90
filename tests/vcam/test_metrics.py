import cv2
import numpy as np
import pytest
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
from talking_head import Film

from vcam.frame import Plane
from vcam.metrics import mse, psnr, ssim

SIZE = (320, 180)


def damaged(plane: Plane, sigma: float, blur_px: float = 0.0) -> Plane:
    if blur_px:
        plane = cv2.GaussianBlur(plane, (0, 0), blur_px)
    noise = np.random.default_rng(0).normal(0, sigma, plane.shape)
    return np.clip(np.rint(plane + noise), 0, 255).astype(np.uint8)


@pytest.fixture
def luma(film: Film) -> Plane:
    return film(1, SIZE)[0].y


@pytest.mark.parametrize(("sigma", "blur_px"), [(1, 0), (5, 0), (20, 0), (60, 0), (0, 1.5), (3, 0.8)])
def test_psnr_is_scikit_images(luma: Plane, sigma: float, blur_px: float) -> None:
    other = damaged(luma, sigma, blur_px)
    # 1e-6 dB: both are exact up to double precision
    assert psnr(luma, other) == pytest.approx(peak_signal_noise_ratio(luma, other), abs=1e-6)


@pytest.mark.parametrize(("sigma", "blur_px"), [(1, 0), (5, 0), (20, 0), (60, 0), (0, 1.5), (3, 0.8)])
def test_ssim_is_scikit_images(luma: Plane, sigma: float, blur_px: float) -> None:
    other = damaged(luma, sigma, blur_px)
    expected = structural_similarity(
        luma, other, win_size=11, gaussian_weights=True, sigma=1.5, use_sample_covariance=False
    )
    # 1e-4: a tenth of what decides a publication, for single precision in the windows
    assert ssim(luma, other) == pytest.approx(expected, abs=1e-4)


def test_equal_planes_are_perfect(luma: Plane) -> None:
    assert psnr(luma, luma.copy()) == float("inf")
    assert ssim(luma, luma.copy()) == pytest.approx(1.0, abs=1e-6)  # float32 windows
    assert mse(luma, luma.copy()) == 0


def test_an_error_of_one_everywhere_is_48_db() -> None:
    plane = np.full((32, 32), 100, np.uint8)
    assert psnr(plane, plane + 1) == pytest.approx(48.1308, abs=1e-4)  # 20 log10 255


def test_the_error_does_not_wrap_around() -> None:
    assert mse(np.zeros((16, 16), np.uint8), np.full((16, 16), 255, np.uint8)) == 255**2


def test_ssim_falls_with_more_damage(luma: Plane) -> None:
    values = [ssim(luma, damaged(luma, sigma)) for sigma in (1, 5, 20, 60)]
    assert values == sorted(values, reverse=True)


def test_ssim_of_a_negative_picture_is_negative() -> None:
    plane = np.random.default_rng(0).integers(0, 256, (64, 64), dtype=np.uint8)
    assert ssim(plane, 255 - plane) < -0.5


def test_planes_of_two_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="differ in shape"):
        psnr(np.zeros((16, 16), np.uint8), np.zeros((16, 18), np.uint8))
    with pytest.raises(ValueError, match="one shape"):
        ssim(np.zeros((16, 16), np.uint8), np.zeros((16, 18), np.uint8))


def test_ssim_needs_a_whole_window() -> None:
    plane = np.zeros((10, 32), np.uint8)
    with pytest.raises(ValueError, match="at least 11x11"):
        ssim(plane, plane)
