"""Training losses on luma in 0..1."""

import torch
from torch import Tensor

# mean squared error, as a share of full scale squared, under which an input counts as clean: 38 dB
CLEAN_MSE = 1.5e-4


def relative_mse(restored: Tensor, seen: Tensor, truth: Tensor) -> Tensor:
    """Mean over the batch of each picture's squared error, relative to that of its degraded input.

    restored, seen, truth   (B, 1, H, W)

    1 is no better than the input. Each picture counts alike, however badly it was damaged, as it does in a
    mean gain in dB; a clean one is held to stay as it is by CLEAN_MSE.
    """
    after = ((restored - truth) ** 2).mean((1, 2, 3))  # (B,)
    before = ((seen - truth) ** 2).mean((1, 2, 3))  # (B,)
    return (after / (before + CLEAN_MSE)).mean()


def psnr_db(picture: Tensor, truth: Tensor) -> Tensor:
    """PSNR of each picture (B, 1, H, W), (B,) in dB, at most 80."""
    error = ((picture - truth) ** 2).mean((1, 2, 3))  # (B,)
    return -10 * torch.log10(error + 1e-8)
