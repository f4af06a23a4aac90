"""Convolutions with weights mixed from experts, and int8 rounding in training."""

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

FEATURE_LEVELS = 127  # of a feature in 0..1: uint8 with its zero at 128
WEIGHT_LEVELS = 64  # of a weight in 0..largest of its row: 7 bits, see distill.export.quantise
LEAST_WEIGHT = 1e-3  # a row of smaller weights has so fine a grid that its bias overflows int32
EXPERT_SPREAD = 0.3  # initial distance of the experts, relative to a convolution's usual initial weights


class MixedConv(nn.Module):
    """A 3x3 convolution whose weights are the experts' mean: (B, inputs, h, w) to (B, outputs, h, w).

    unit  value of a weight of 1
    """

    kernel_size = (3, 3)

    def __init__(self, inputs: int, outputs: int, experts: int, unit: float = 1.0) -> None:
        super().__init__()
        self.unit = unit
        starts = [nn.Conv2d(inputs, outputs, 3) for _ in range(experts)]
        assert starts[0].bias is not None
        weights = [start.weight.detach() for start in starts]
        spread = [weights[0], *(weights[0] + EXPERT_SPREAD * other for other in weights[1:])]
        self.weight = nn.Parameter(torch.stack(spread))  # (experts, outputs, inputs, 3, 3)
        self.bias = nn.Parameter(starts[0].bias.detach().repeat(experts, 1))  # (experts, outputs)

    @property
    def macs(self) -> int:
        """Multiply-accumulates per position of the output."""
        return self.weight[0].numel()

    def as_plain(self) -> "SettledConv":
        """The equivalent module for one picture, for export."""
        return SettledConv(self)

    def weight_step(self) -> Tensor:
        """Step of the quantisation grid of the weights, (outputs, 1, 1, 1), common to all experts."""
        largest = self.weight.detach().abs().amax((0, 2, 3, 4), keepdim=True)[0]
        return largest.clamp(min=LEAST_WEIGHT) / WEIGHT_LEVELS

    def grid_weight(self) -> Tensor:
        """The experts' weights as integer multiples of `weight_step`, (experts, outputs, inputs, 3, 3)."""
        return round_through(self.weight / self.weight_step())

    def forward(self, inputs: Tensor, shares: Tensor) -> Tensor:
        batch, channels, height, width = inputs.shape
        with exactly(inputs):  # autocast would move mixed weights to other steps of their grid
            mixed = torch.einsum("bk,koiyx->boiyx", shares, self.grid_weight())
            weight = (round_through(mixed) * self.weight_step() * self.unit).flatten(0, 1)
            bias = (shares @ self.bias * self.unit).flatten()  # (B*outputs,)
        # one group per sample: each has its own weights
        groups = inputs.reshape(1, batch * channels, height, width)
        return F.conv2d(groups, weight, bias, padding=1, groups=batch).view(batch, -1, height, width)


class SettledConv(nn.Module):
    """A MixedConv for export: integer experts, batch size 1."""

    grid: Tensor
    step: Tensor
    bias: Tensor

    def __init__(self, conv: MixedConv) -> None:
        super().__init__()
        self.shape = conv.weight.shape[1:]
        self.register_buffer(
            "grid", conv.grid_weight().detach().flatten(1).to(torch.int8)
        )  # (experts, o*i*9)
        self.register_buffer("step", conv.weight_step() * conv.unit)
        self.register_buffer("bias", conv.bias.detach() * conv.unit)

    def forward(self, inputs: Tensor, shares: Tensor) -> Tensor:
        weight = (shares @ self.grid.float()).round().view(self.shape) * self.step
        return F.conv2d(inputs, weight, (shares @ self.bias)[0], padding=1)


def exactly(inputs: Tensor) -> AbstractContextManager[object]:
    """A context without autocast: for sums of large terms that nearly cancel, and for values on a grid."""
    kind = inputs.device.type
    if not torch.amp.is_autocast_available(kind):  # "meta", where layers are counted
        return nullcontext()
    return torch.autocast(kind, enabled=False)


class _Saturate(torch.autograd.Function):
    """`saturate` in three passes over memory instead of seven, with a straight-through gradient."""

    @staticmethod
    def forward(ctx: Any, features: Tensor, limit: float) -> Tensor:
        ctx.save_for_backward(features)
        ctx.limit = limit
        return _to_grid(features, limit)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        (features,) = ctx.saved_tensors
        return torch.ops.aten.hardtanh_backward(gradients[0], features, -ctx.limit, ctx.limit), None


def saturate(features: Tensor, limit: float = 1.0) -> Tensor:
    """Clip to -limit..limit and round to the shipped network's uint8 grid, in float32 under autocast, too."""
    if not torch.is_grad_enabled():  # an export takes no autograd.Function
        return _to_grid(features.float(), limit)
    return _Saturate.apply(features.float(), limit)


def _to_grid(features: Tensor, limit: float) -> Tensor:
    step = limit / FEATURE_LEVELS
    return (features / step).clamp(-FEATURE_LEVELS, FEATURE_LEVELS).round() * step


def round_through(values: Tensor) -> Tensor:
    """Round with a straight-through gradient (Bengio et al. 2013, arXiv:1308.3432)."""
    if not torch.is_grad_enabled():
        return values.round()
    return values + (values.round() - values).detach()
