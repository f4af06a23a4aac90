"""Losses against the true picture, pixel by pixel or window by window; by name in PIXEL_LOSSES.

All take (restored, seen, truth), each (B, C, H, W) in 0..1, and return a scalar; restored may leave 0..1.
"""

import math
from collections.abc import Callable, Mapping

import torch
from torch import Tensor
from torch.nn import functional as F

from distill.losses.edge import edge
from distill.losses.similarity import ms_ssim, ssim

# mean squared error, as a share of full scale squared, under which an input counts as clean: 38 dB
CLEAN_MSE = 1.5e-4
CAREFUL_MSE = 2.5e-5  # the same for `careful_mse`: 46 dB
CRISP_GAIN = 1.5  # how much of a true picture's fine detail `crisp_mse` adds to it at most
CRISP_SPENT = 2.0  # energy that it adds, as a share of the gain that is left: it spends two thirds
CRISP_SHARE = 0.2  # the same as a share of the remaining error, at most
CRISP_BLUR_PX = 2.0  # standard deviation: finer than what it leaves is fine detail
CRISP_FLOOR = 1e-6  # energy: less detail is none
CHARBONNIER_EPS = 1e-3  # a quarter of an 8-bit code value: below it the loss is a parabola

PixelLoss = Callable[[Tensor, Tensor, Tensor], Tensor]


def careful_mse(restored: Tensor, seen: Tensor, truth: Tensor) -> Tensor:
    """`relative_mse` with CAREFUL_MSE: pictures that are hardly damaged count for more.

    For students that can tell such a picture; one that cannot gains a third less on all others.
    """
    return relative_mse(restored, seen, truth, CAREFUL_MSE)


def crisp_mse(restored: Tensor, seen: Tensor, truth: Tensor) -> Tensor:
    """`careful_mse` against a truth of amplified fine detail: a part of the gain is spent on sharpness.

    A mean of what may have been is softer than each of it: this makes up for that, and adds nothing that is
    not in the mean. The energy that is added to the picture's own detail is CRISP_SPENT times what is left of
    the gain over the input, and at most CRISP_SHARE of the remaining error: a picture ends up better than its
    input, and one that gains nothing stays as it is.
    """
    before = ((seen - truth) ** 2).mean((1, 2, 3))  # (B,)
    now = restored.detach()
    remains = ((now - truth) ** 2).mean((1, 2, 3))  # (B,)
    energy = ((now - gaussian_blur(now, CRISP_BLUR_PX)) ** 2).mean((1, 2, 3)) + CRISP_FLOOR  # (B,)
    added = torch.minimum(CRISP_SPENT * (before - remains).clamp(min=0), CRISP_SHARE * remains)
    gain = torch.sqrt(added / energy).clamp(max=CRISP_GAIN).view(-1, 1, 1, 1)
    target = truth + gain * (truth - gaussian_blur(truth, CRISP_BLUR_PX))
    after = ((restored - target) ** 2).mean((1, 2, 3))  # (B,)
    return (after / (before + CAREFUL_MSE)).mean()


def gaussian_blur(picture: Tensor, sigma_px: float) -> Tensor:
    """Blur (B, C, H, W) by a Gaussian of this standard deviation, cut at three; edges are mirrored."""
    reach = math.ceil(3 * sigma_px)
    offsets = torch.arange(-reach, reach + 1, dtype=picture.dtype, device=picture.device)
    kernel = torch.exp(-0.5 * (offsets / sigma_px) ** 2)
    kernel = (kernel / kernel.sum()).expand(picture.shape[1], 1, 1, -1)  # (C, 1, 1, 2*reach+1)
    padded = F.pad(picture, (reach, reach, reach, reach), mode="reflect")
    rows = F.conv2d(padded, kernel, groups=picture.shape[1])
    return F.conv2d(rows, kernel.transpose(2, 3), groups=picture.shape[1])


def relative_mse(restored: Tensor, seen: Tensor, truth: Tensor, clean_mse: float = CLEAN_MSE) -> Tensor:
    """Mean over the batch of each picture's squared error, relative to that of its degraded input.

    restored, seen, truth   (B, C, H, W)

    1 is no better than the input. Each picture counts alike, however badly it was damaged, as it does in a
    mean gain in dB; a clean one is held to stay as it is by `clean_mse`.
    """
    after = ((restored - truth) ** 2).mean((1, 2, 3))  # (B,)
    before = ((seen - truth) ** 2).mean((1, 2, 3))  # (B,)
    return (after / (before + clean_mse)).mean()


def mse(restored: Tensor, seen: Tensor, truth: Tensor) -> Tensor:
    """Mean of (restored - truth)**2; its optimum is the mean of what may have been (Gauss 1809)."""
    return ((restored - truth) ** 2).mean()


def l1(restored: Tensor, seen: Tensor, truth: Tensor) -> Tensor:
    """Mean of |restored - truth|, with gradient 0 where they are equal.

    Source: Zhao, Gallo, Frosio, Kautz 2017, doi:10.1109/TCI.2016.2644865.
    """
    return (restored - truth).abs().mean()


def charbonnier(restored: Tensor, seen: Tensor, truth: Tensor) -> Tensor:
    """Mean of sqrt((restored - truth)**2 + eps**2) - eps, eps = CHARBONNIER_EPS.

    Source: Charbonnier, Blanc-Feraud, Aubert, Barlaud 1994, doi:10.1109/ICIP.1994.413553; with this eps for
    restoration Lai, Huang, Ahuja, Yang 2017, arXiv:1704.03915. Neither takes eps off at the end; we do, so
    that the truth costs nothing. The gradient is the same.
    """
    return charbonnier_map(restored - truth).mean()


def charbonnier_map(difference: Tensor) -> Tensor:
    """sqrt(difference**2 + eps**2) - eps of each element."""
    return torch.sqrt(difference**2 + CHARBONNIER_EPS**2) - CHARBONNIER_EPS


def psnr_db(picture: Tensor, truth: Tensor) -> Tensor:
    """PSNR of each picture (B, C, H, W), (B,) in dB, at most 80."""
    error = ((picture - truth) ** 2).mean((1, 2, 3))  # (B,)
    return -10 * torch.log10(error + 1e-8)


PIXEL_LOSSES: Mapping[str, PixelLoss] = {
    "relative_mse": relative_mse,
    "careful_mse": careful_mse,
    "crisp_mse": crisp_mse,
    "mse": mse,
    "l1": l1,
    "charbonnier": charbonnier,
    "ssim": ssim,
    "ms_ssim": ms_ssim,
    "edge": edge,
}
