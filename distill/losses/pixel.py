"""Losses against the true picture, by name in PIXEL_LOSSES.

All take (restored, seen, truth), each (B, C, H, W) in 0..1, and return a scalar; restored may exceed 0..1.
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
CRISP_GAIN = 1.5  # the largest amplification of the truth's fine detail in `crisp_mse`
CRISP_SPENT = 2.0  # energy of the added detail, relative to the remaining gain: two thirds of it are spent
CRISP_SHARE = 0.2  # its upper limit, relative to the remaining error
CRISP_BLUR_PX = 2.0  # standard deviation of the blur; fine detail is what it removes
CRISP_FLOOR = 1e-6  # energy: less counts as no detail
CHARBONNIER_EPS = 1e-3  # a quarter of an 8-bit code value: below it the loss is a parabola

PixelLoss = Callable[[Tensor, Tensor, Tensor], Tensor]


def careful_mse(restored: Tensor, seen: Tensor, truth: Tensor) -> Tensor:
    """`relative_mse` with CAREFUL_MSE: pictures with little damage have more weight.

    For students that can recognise such pictures; others would gain a third less on all other pictures.
    """
    return relative_mse(restored, seen, truth, CAREFUL_MSE)


def crisp_mse(restored: Tensor, seen: Tensor, truth: Tensor) -> Tensor:
    """`careful_mse` against a truth with amplified fine detail: part of the gain is spent on sharpness.

    MSE makes the student predict a mean of all plausible pictures, which is softer than each of them. This
    loss compensates for that without adding structure that is not in the mean. The energy added to the
    picture's own detail is CRISP_SPENT times the remaining gain over the input, at most CRISP_SHARE of the
    remaining error: a picture stays better than its input, and one without a gain is not changed.
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
    """Blur (B, C, H, W) by a Gaussian of this standard deviation, truncated at three; edges are mirrored."""
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

    1 is no better than the input. All pictures count equally, whatever their damage, as in a mean gain in dB;
    `clean_mse` limits the weight of undamaged ones.
    """
    after = ((restored - truth) ** 2).mean((1, 2, 3))  # (B,)
    before = ((seen - truth) ** 2).mean((1, 2, 3))  # (B,)
    return (after / (before + clean_mse)).mean()


def mse(restored: Tensor, seen: Tensor, truth: Tensor) -> Tensor:
    """Mean of (restored - truth)**2; its optimum is the conditional mean (Gauss 1809)."""
    return ((restored - truth) ** 2).mean()


def l1(restored: Tensor, seen: Tensor, truth: Tensor) -> Tensor:
    """Mean of |restored - truth|, with gradient 0 where they are equal.

    Source: Zhao, Gallo, Frosio, Kautz 2017, doi:10.1109/TCI.2016.2644865.
    """
    return (restored - truth).abs().mean()


def charbonnier(restored: Tensor, seen: Tensor, truth: Tensor) -> Tensor:
    """Mean of sqrt((restored - truth)**2 + eps**2) - eps, eps = CHARBONNIER_EPS.

    Source: Charbonnier, Blanc-Feraud, Aubert, Barlaud 1994, doi:10.1109/ICIP.1994.413553; with this eps for
    restoration Lai, Huang, Ahuja, Yang 2017, arXiv:1704.03915. Neither subtracts eps at the end; here it is
    subtracted, so that the loss of the truth is 0. The gradient is the same.
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
