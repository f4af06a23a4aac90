"""Structural similarity as a loss: 1 - SSIM and 1 - MS-SSIM by pytorch-msssim, per plane."""

import pytorch_msssim
import torch
from torch import Tensor

from distill.losses.precision import widen
from vcam.errors import ConfigError

WINDOW = 11  # of the Gaussian, in pixels; sigma 1.5
SMALLEST_WINDOW = 3
HALVINGS = 4  # between the five scales of MS-SSIM


def ssim(restored: Tensor, seen: Tensor, truth: Tensor) -> Tensor:
    """1 - mean structural similarity, in 0..2.

    restored, truth   (B, C, H, W) in 0..1; seen is not used

    Only windows of 11x11 that lie wholly inside the picture count. Raises ConfigError if a side is shorter.
    Source: Wang, Bovik, Sheikh, Simoncelli 2004, doi:10.1109/TIP.2003.819861.
    """
    _check_side(restored, "SSIM", WINDOW)
    # autocast would round to 8 bits of mantissa: too few for E[x*x] - E[x]**2
    with torch.autocast(restored.device.type, enabled=False):
        similarity: Tensor = pytorch_msssim.ssim(widen(restored), widen(truth), data_range=1)
    return 1 - similarity


def ms_ssim(restored: Tensor, seen: Tensor, truth: Tensor) -> Tensor:
    """1 - mean multi-scale structural similarity, in 0..1.

    restored, truth   (B, C, H, W) in 0..1; seen is not used

    Five scales, each of half the last one's sides; the window shrinks with the crop until it fits into the
    coarsest: 11 pixels from 161, 9 from 129, 7 from 97, 5 from 65, 3 from 33. Raises ConfigError below.
    Source: Wang, Simoncelli, Bovik 2003, doi:10.1109/ACSSC.2003.1292216.
    """
    side = min(restored.shape[2:])
    _check_side(restored, "MS-SSIM", largest_crop_without(SMALLEST_WINDOW) + 1)
    windows = range(WINDOW, SMALLEST_WINDOW - 1, -2)
    window = next(size for size in windows if side > largest_crop_without(size))
    with torch.autocast(restored.device.type, enabled=False):
        similarity: Tensor = pytorch_msssim.ms_ssim(
            widen(restored), widen(truth), data_range=1, win_size=window
        )
    return 1 - similarity


def largest_crop_without(window: int) -> int:
    """The largest side, in pixels, whose coarsest scale is smaller than the window."""
    return (window - 1) * 2**HALVINGS


def _check_side(picture: Tensor, name: str, least: int) -> None:
    side = min(picture.shape[2:])
    if side < least:
        raise ConfigError(
            f"{name} of crops whose side is {side} px; it needs {least} px: raise `crop` in the recipe's "
            f"[training], or choose another loss"
        )
