"""Losses against a teacher's restored picture, by name in OUTPUT_LOSSES.

All take (student, teacher, weight) and return a scalar: the mean over the batch of weight times the loss of
each picture. weight (B,) is the teacher's weight for each picture; None is 1. The mean is over all pictures,
not over those with a weight: a picture's contribution does not depend on the rest of its batch, and without
a teacher the loss is 0. The teacher gets no gradient.
"""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor
from torch.nn import functional as F

from distill.losses.pixel import charbonnier_map
from distill.losses.precision import widen

TEMPERATURE = 1.0  # of output_kl, in units of full scale

DistillationLoss = Callable[[Tensor, Tensor, Tensor | None], Tensor]


def mean_over_batch(losses: Tensor, weight: Tensor | None) -> Tensor:
    """The mean of weight * losses, both (B,); weight None is 1."""
    return losses.mean() if weight is None else (weight * losses).mean()


def output_mse(student: Tensor, teacher: Tensor, weight: Tensor | None = None) -> Tensor:
    """Mean of (student - teacher)**2 of restored pictures (B, C, H, W).

    Source: after Ba, Caruana 2014, arXiv:1312.6184, who fit a shallow network to a deep one's outputs by MSE.
    """
    return mean_over_batch(((student - teacher.detach()) ** 2).mean((1, 2, 3)), weight)


def output_relative(student: Tensor, teacher: Tensor, weight: Tensor | None = None) -> Tensor:
    """`output_mse` whose weight is divided by the squared error of each picture's input: see RELATIVE.

    All pictures count equally, whatever their damage, as in distill.losses.pixel.careful_mse.
    """
    return output_mse(student, teacher, weight)


def output_l1(student: Tensor, teacher: Tensor, weight: Tensor | None = None) -> Tensor:
    """Mean of |student - teacher| of restored pictures (B, C, H, W).

    Source: He et al. 2020, doi:10.1109/ICIP40778.2020.9190917, their teacher supervision.
    """
    return mean_over_batch((student - teacher.detach()).abs().mean((1, 2, 3)), weight)


def output_charbonnier(student: Tensor, teacher: Tensor, weight: Tensor | None = None) -> Tensor:
    """Mean of sqrt((student - teacher)**2 + eps**2) - eps of restored pictures (B, C, H, W).

    Formula, eps and source: distill.losses.pixel.charbonnier.
    """
    return mean_over_batch(charbonnier_map(student - teacher.detach()).mean((1, 2, 3)), weight)


def output_kl(
    student: Tensor, teacher: Tensor, weight: Tensor | None = None, temperature: float = TEMPERATURE
) -> Tensor:
    """Kullback-Leibler divergence over the pixels of each plane, averaged over planes.

    student, teacher   restored pictures (B, C, H, W) in 0..1
    temperature        tau, in units of full scale

    tau**2 * sum over pixels of p log(p / q), p = softmax(teacher / tau), q = softmax(student / tau), each
    over the H * W pixels of one plane: pixels replace the classes of a classifier.
    For errors much smaller than tau this is half the p-weighted variance of student - teacher: an MSE that
    ignores a shift in brightness and, at tau = 1, weights white up to 2.7 times as much as black. There is no
    known benefit over MSE for regression; it is here because published systems use it. Combine it with a loss
    that depends on brightness. In float32 the value is accurate to 3e-7, its gradient to a thousandth.
    Source: Shu, Liu, Gao, Yan, Shen 2021, arXiv:2011.13256, for features; KL at a temperature, Hinton,
    Vinyals, Dean 2015, arXiv:1503.02531.
    """
    log_p = _log_shares(teacher.detach(), temperature)  # (B, C, H * W)
    log_q = _log_shares(student, temperature)  # (B, C, H * W)
    divergence = F.kl_div(log_q, log_p, reduction="none", log_target=True).sum(2)  # (B, C)
    return mean_over_batch(temperature**2 * divergence.mean(1), weight)


def _log_shares(pictures: Tensor, temperature: float) -> Tensor:
    return torch.log_softmax(widen(pictures).flatten(2) / temperature, dim=2)


OUTPUT_LOSSES: Mapping[str, DistillationLoss] = {
    "output_mse": output_mse,
    "output_relative": output_relative,
    "output_l1": output_l1,
    "output_charbonnier": output_charbonnier,
    "output_kl": output_kl,
}

RELATIVE = {"output_relative"}  # losses whose weights are relative to the input's squared error
