"""Losses against a teacher's feature maps, by name in FEATURE_LOSSES; FeatureRegression has parameters.

All take (student, teacher, weight): feature maps (B, Fs, h, w) and (B, Ft, h', w') of the same pictures, and
the teacher's weight for each, as in distill.losses.distillation. Grids may differ: both are averaged down to
the smaller. The scale of the teacher's features does not matter; the teacher gets no gradient.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from distill.losses.distillation import DistillationLoss, mean_over_batch
from distill.losses.precision import widen

AFFINITY_SIDE = 16  # of the grid of compared positions: 256 x 256 numbers per picture
TINY = 1e-6  # added to sums of squares, because features can all be zero


class FeatureRegression(nn.Module):
    """Mean squared error of the student's features against the teacher's, through a learned 1x1 adapter.

    student_channels, teacher_channels   Fs, Ft

    mean (A student + b - teacher)**2 / mean teacher**2 per picture: 1 for an adapter that returns zeros. The
    adapter is trained together with the student, at the same learning rate, and discarded afterwards.
    Source: Romero et al. 2015 (FitNets), arXiv:1412.6550; the division is ours.
    """

    def __init__(self, student_channels: int, teacher_channels: int) -> None:
        super().__init__()
        self.adapter = nn.Conv2d(student_channels, teacher_channels, 1)

    def forward(self, student: Tensor, teacher: Tensor, weight: Tensor | None = None) -> Tensor:
        grid = _smaller_grid(student, teacher)
        # a 1x1 convolution commutes with the mean: after it there are fewer positions
        found = widen(self.adapter(_average(student, grid)))  # (B, Ft, *grid)
        wanted = widen(_average(teacher.detach(), grid))  # (B, Ft, *grid)
        error = ((found - wanted) ** 2).mean((1, 2, 3))  # (B,)
        return mean_over_batch(error / ((wanted**2).mean((1, 2, 3)) + TINY), weight)


def affinity(student: Tensor, teacher: Tensor, weight: Tensor | None = None) -> Tensor:
    """Mean absolute difference of the two affinity matrices, in 0..2.

    |As - At| averaged over all pairs of positions, A = cosine similarities of the features at two positions:
    features (F, n) with unit columns, A = features.T @ features (n, n). n is at most AFFINITY_SIDE**2: larger
    grids are averaged down, for time and memory. It needs no adapter: n is independent of the channels.
    Source: He, Dai, Lu, Jiang, Xia 2020 (FAKD), doi:10.1109/ICIP40778.2020.9190917, their spatial affinity.
    """
    height, width = _smaller_grid(student, teacher)
    grid = min(height, AFFINITY_SIDE), min(width, AFFINITY_SIDE)
    difference = _affinities(_average(student, grid)) - _affinities(
        _average(teacher.detach(), grid)
    )  # (B, n, n)
    return mean_over_batch(difference.abs().mean((1, 2)), weight)


def attention(student: Tensor, teacher: Tensor, weight: Tensor | None = None) -> Tensor:
    """Squared distance of the two attention maps, in 0..2.

    ||Qs / ||Qs|| - Qt / ||Qt|| ||**2, Q = the sum over channels of squared features at each position, as one
    vector per picture: 2 minus twice the cosine of the two maps.
    Source: Zagoruyko, Komodakis 2017, arXiv:1612.03928, who write the distance without the square; with it,
    the gradient is defined where the maps are equal.
    """
    grid = _smaller_grid(student, teacher)
    found, wanted = (_attention_map(features, grid) for features in (student, teacher.detach()))  # (B, n)
    return mean_over_batch(((found - wanted) ** 2).sum(1), weight)


def _affinities(features: Tensor) -> Tensor:
    """Cosines between the features (B, F, h, w) of all pairs of positions, (B, h * w, h * w)."""
    columns = _to_unit_length(widen(features).flatten(2), TINY)  # (B, F, n)
    with torch.autocast(features.device.type, enabled=False):
        return columns.transpose(1, 2) @ columns  # (B, n, n)


def _attention_map(features: Tensor, grid: tuple[int, int]) -> Tensor:
    """Mean of squared features at each position of the grid, normalised to unit length: (B, n)."""
    energy = (widen(features) ** 2).mean(1, keepdim=True)  # (B, 1, h, w)
    return _to_unit_length(_average(energy, grid).flatten(1), TINY**2)


def _to_unit_length(vectors: Tensor, tiny: float) -> Tensor:
    """Divide by the length along axis 1; vectors much shorter than the root of TINY stay near zero."""
    return vectors * torch.rsqrt((vectors**2).sum(1, keepdim=True) + tiny)


def _smaller_grid(student: Tensor, teacher: Tensor) -> tuple[int, int]:
    return min(student.shape[2], teacher.shape[2]), min(student.shape[3], teacher.shape[3])


def _average(features: Tensor, grid: tuple[int, int]) -> Tensor:
    """Means over a coarser grid: (B, F, *grid)."""
    return features if features.shape[2:] == grid else F.adaptive_avg_pool2d(features, grid)


FEATURE_LOSSES: Mapping[str, DistillationLoss] = {"affinity": affinity, "attention": attention}
