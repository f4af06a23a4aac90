import numpy as np
import pytest

from distill.studies.bicubic import scale_bicubic
from vcam.frame import Size


def noise(size: Size) -> np.ndarray:
    """White noise (H, W, 3) in 0..255: what aliases most."""
    rng = np.random.default_rng(0)
    return rng.uniform(0, 255, (size[1], size[0], 3)).astype(np.float32)


def imresize_line(length: int, target: int) -> np.ndarray:
    """MATLAB's imresize along one side, as a (target, length) matrix: Keys' cubic of -0.5, widened when it
    shrinks, the picture mirrored at its borders."""
    scale = target / length
    kernel_scale = min(scale, 1.0)
    weights = np.zeros((target, length))
    for row in range(target):
        centre = (row + 0.5) / scale - 0.5
        reach = 2 / kernel_scale
        taps = np.arange(np.floor(centre - reach), np.ceil(centre + reach) + 1)
        values = kernel_scale * cubic(kernel_scale * (centre - taps))
        for tap, value in zip(taps.astype(int), values / values.sum(), strict=True):
            mirrored = tap % (2 * length)
            weights[row, mirrored if mirrored < length else 2 * length - 1 - mirrored] += value
    return weights


def cubic(x: np.ndarray) -> np.ndarray:
    x = np.abs(x)
    near, far = 1.5 * x**3 - 2.5 * x**2 + 1, -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2
    return np.where(x <= 1, near, np.where(x <= 2, far, 0))


@pytest.mark.parametrize("size", [(24, 24), (16, 12), (48, 36), (96, 144), (31, 29), (48, 12)])
def test_it_is_matlabs_imresize_away_from_the_borders(size: Size) -> None:
    picture = noise((48, 36))
    rows, columns = imresize_line(36, size[1]), imresize_line(48, size[0])
    expected = np.einsum("ij,jkc,lk->ilc", rows, picture, columns)
    # what the kernel reaches from the border: two pixels of the smaller of both pictures
    top, left = (2 * max(1, new // old) for new, old in zip((size[1], size[0]), (36, 48), strict=True))
    inner = np.s_[top : size[1] - top, left : size[0] - left]
    # of 255: PyTorch sums in float32
    np.testing.assert_allclose(scale_bicubic(picture, size)[inner], expected[inner], atol=2e-3)


def test_the_same_size_is_the_same_picture() -> None:
    picture = noise((20, 10))
    np.testing.assert_allclose(scale_bicubic(picture, (20, 10)), picture, atol=1e-4)  # of 255


def test_one_plane_may_be_scaled_too() -> None:
    picture = noise((20, 12))
    planes = scale_bicubic(picture, (10, 6))
    np.testing.assert_allclose(scale_bicubic(picture[..., 1], (10, 6)), planes[..., 1], atol=1e-4)


def test_a_grey_picture_stays_grey() -> None:
    grey = np.full((30, 40, 3), 77, np.float32)
    for size in ((13, 7), (80, 90)):
        np.testing.assert_allclose(scale_bicubic(grey, size), 77, atol=1e-3)  # float32 of 255
