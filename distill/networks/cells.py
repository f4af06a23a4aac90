"""The grid of luma networks: cells of pixels as channels, a whitened input and an output of small unit."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

MID_GREY = 128 / 255  # the network's zero, and the value of its padding
NOISE_FLOOR = 6e-5  # variance, (2 code values)^2: components below it are not amplified by whitening
RESIDUAL_UNIT = 0.002  # half a code value: output of a tail weight of 1 for a feature of 1


def to_cells(luma: Tensor, cell: int) -> Tensor:
    """From luma (B, T, H, W) in 0..1 to cells minus MID_GREY, (B, T*cell*cell, H/cell, W/cell)."""
    return F.pixel_unshuffle(luma, cell) - MID_GREY


def add_residual(luma: Tensor, residual_cells: Tensor, cell: int) -> Tensor:
    """Add a residual (B, cell*cell, h, w) to the middle one of T luma frames (B, T, H, W): (B, 1, H, W)."""
    middle = luma.shape[1] // 2
    return luma[:, middle : middle + 1] + F.pixel_shuffle(residual_cells, cell)  # (B, 1, H, W)


class WhitenedConv(nn.Conv2d):
    """A 3x3 convolution on whitened patches: (B, inputs, h, w) to (B, outputs, h, w).

    Neighbouring pixels are nearly equal: without whitening, Adam takes four times as long. Whitening costs
    nothing at run time, because it is folded into the weights.
    """

    whitening: Tensor

    def __init__(self, inputs: int, outputs: int, padding: int = 1) -> None:
        super().__init__(inputs, outputs, 3, padding=padding)
        self.register_buffer("whitening", torch.eye(inputs * 9))

    @torch.no_grad()
    def whiten(self, inputs: Tensor) -> None:
        """Set the whitening from sample inputs (B, inputs, h, w).

        Source: ZCA, W = U (L + e)^-1/2 U^T of the patches' second moments, e = NOISE_FLOOR.
        """
        patches = F.unfold(inputs, 3).transpose(1, 2).flatten(0, 1).double()  # (N, inputs*9)
        values, vectors = torch.linalg.eigh(patches.T @ patches / len(patches))
        scaled = vectors * (values.clamp(min=0) + NOISE_FLOOR).rsqrt()  # (inputs*9, inputs*9)
        self.whitening.copy_((scaled @ vectors.T).float())

    def folded_weight(self) -> Tensor:
        """The equivalent weight for unwhitened patches, (outputs, inputs, 3, 3)."""
        return (self.weight.flatten(1) @ self.whitening).view_as(self.weight)

    @torch.no_grad()
    def as_plain(self) -> nn.Conv2d:
        """The equivalent plain convolution, for export."""
        return _plain(self.folded_weight(), self.bias, int(self.padding[0]))

    @torch.no_grad()
    def take_plain(self, weight: Tensor, bias: Tensor) -> None:
        """Become equivalent to a plain convolution, with the whitening as it is."""
        inverse = torch.linalg.inv(self.whitening.double())
        self.weight.copy_((weight.flatten(1).double() @ inverse).float().view_as(self.weight))
        assert self.bias is not None
        self.bias.copy_(bias)

    def second_moment(self) -> Tensor:
        """E[x x^T] of the patches used for whitening, (inputs*9, inputs*9), NOISE_FLOOR included."""
        whitening = self.whitening.double()
        return torch.linalg.inv(whitening @ whitening)

    def forward(self, inputs: Tensor) -> Tensor:
        return F.conv2d(inputs, self.folded_weight(), self.bias, padding=self.padding)


class QuietConv(nn.Conv2d):
    """A 3x3 convolution in RESIDUAL_UNITs, so that the first steps do not ruin the layers before it."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs, 3, padding=1)

    @torch.no_grad()
    def as_plain(self) -> nn.Conv2d:
        """The equivalent plain convolution, for export."""
        return _plain(*self._in_full_scale())

    def forward(self, inputs: Tensor) -> Tensor:
        return F.conv2d(inputs, *self._in_full_scale(), padding=1)

    @torch.no_grad()
    def take_plain(self, weight: Tensor, bias: Tensor) -> None:
        """Become equivalent to a plain convolution."""
        assert self.bias is not None
        self.weight.copy_(weight / RESIDUAL_UNIT)
        self.bias.copy_(bias / RESIDUAL_UNIT)

    def _in_full_scale(self) -> tuple[Tensor, Tensor]:
        assert self.bias is not None
        return self.weight * RESIDUAL_UNIT, self.bias * RESIDUAL_UNIT


def _plain(weight: Tensor, bias: Tensor | None, padding: int = 1) -> nn.Conv2d:
    """A 3x3 convolution of this weight (outputs, inputs, 3, 3) and bias (outputs,)."""
    conv = nn.Conv2d(weight.shape[1], weight.shape[0], 3, padding=padding)
    assert conv.bias is not None
    assert bias is not None
    conv.weight.copy_(weight)
    conv.bias.copy_(bias)
    return conv
