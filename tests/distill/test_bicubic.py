import numpy as np
import pytest
import torch
from torch.nn import functional as F

from distill.bicubic import scale_bicubic
from vcam.frame import Size


def noise(size: Size) -> np.ndarray:
    """White noise (H, W, 3) in 0..255: what aliases most."""
    rng = np.random.default_rng(0)
    return rng.uniform(0, 255, (size[1], size[0], 3)).astype(np.float32)


@pytest.mark.parametrize("size", [(24, 24), (16, 12), (48, 36), (96, 144), (31, 29), (48, 12)])
def test_it_is_what_pytorch_calls_bicubic_with_antialiasing(size: Size) -> None:
    picture = noise((48, 36))
    tensor = torch.from_numpy(picture).permute(2, 0, 1)[None]
    expected = F.interpolate(tensor, (size[1], size[0]), mode="bicubic", antialias=True)[0].permute(1, 2, 0)
    # of 255: sums of float32 in another order
    np.testing.assert_allclose(scale_bicubic(picture, size), expected.numpy(), atol=2e-3)


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
