"""CellNet: the shipped student, a plain int8-friendly convolution stack on pixel-unshuffled luma."""

import copy

import torch
from torch import Tensor, nn
from torch.nn import functional as F

MID_GREY = 128 / 255  # zero to the network, and what its borders are padded with
NOISE_FLOOR = 6e-5  # variance: (2 code values)^2, under which a direction of the input is not amplified
RESIDUAL_UNIT = 0.002  # half a code value: what a tail weight of 1 gives for a feature of 1


class CellNet(nn.Module):
    """Predict the residual that turns an upscaled luma plane into the true one.

    cell      side of the square cells that become channels, in pixels; H and W must be multiples of it
    channels  features a cell
    depth     3x3 convolutions between head and tail

    Only 3x3 convolutions and ReLU, so that every layer becomes one quantised convolution at run time. Three
    things make so plain a stack trainable, and cost nothing once exported: the head sees whitened patches
    (neighbouring pixels are nearly equal: without it Adam takes four times as long), the body starts as
    the identity (Dirac), and the tail speaks in small units, so that the first steps cannot kill the ReLUs.
    """

    whitening: Tensor

    def __init__(self, cell: int = 4, channels: int = 16, depth: int = 2) -> None:
        super().__init__()
        self.cell = cell
        self.head = nn.Conv2d(cell * cell, channels, 3, padding=1)
        self.body = nn.Sequential(*(_identity_conv(channels) for _ in range(depth)))
        self.tail = nn.Conv2d(channels, cell * cell, 3, padding=1)
        self.register_buffer("whitening", torch.eye(cell * cell * 9))

    @torch.no_grad()
    def whiten(self, luma: Tensor) -> None:
        """Set the whitening from the patches that the head sees in sample pictures (B, 1, H, W) in 0..1.

        Source: ZCA, W = U (L + e)^-1/2 U^T of the patches' second moments, e = NOISE_FLOOR.
        """
        cells = F.pixel_unshuffle(luma, self.cell) - MID_GREY  # (B, cell*cell, h, w)
        patches = F.unfold(cells, 3).transpose(1, 2).flatten(0, 1).double()  # (N, cell*cell*9)
        values, vectors = torch.linalg.eigh(patches.T @ patches / len(patches))
        scaled = vectors * (values + NOISE_FLOOR).rsqrt()  # (cell*cell*9, cell*cell*9)
        self.whitening.copy_((scaled @ vectors.T).float())

    def forward(self, luma: Tensor) -> Tensor:
        """luma (B, 1, H, W) in 0..1, already of the output size; returns the residual, same shape."""
        cells = F.pixel_unshuffle(luma, self.cell) - MID_GREY  # (B, cell*cell, H/cell, W/cell)
        return F.pixel_shuffle(self.residual_cells(cells), self.cell)  # (B, 1, H, W)

    def residual_cells(self, cells: Tensor) -> Tensor:
        """Cells less MID_GREY (B, cell*cell, h, w) to the residual, same shape."""
        features = F.relu(F.conv2d(cells, self._head_weight(), self.head.bias, padding=1))
        features = self.body(features)  # (B, channels, h, w)
        assert self.tail.bias is not None
        weight, bias = self.tail.weight * RESIDUAL_UNIT, self.tail.bias * RESIDUAL_UNIT
        return F.conv2d(features, weight, bias, padding=1)  # (B, cell*cell, h, w)

    @torch.no_grad()
    def folded(self) -> nn.Sequential:
        """The same function as `residual_cells` in plain convolutions and ReLUs: what is exported."""
        head, tail = copy.deepcopy(self.head), copy.deepcopy(self.tail)
        head.weight.copy_(self._head_weight())
        tail.weight.mul_(RESIDUAL_UNIT)
        assert tail.bias is not None
        tail.bias.mul_(RESIDUAL_UNIT)
        return nn.Sequential(head, nn.ReLU(), *copy.deepcopy(self.body), tail)

    def input_second_moment(self) -> Tensor:
        """E[x x^T] of the head's patches, (cell*cell*9, cell*cell*9), NOISE_FLOOR included."""
        whitening = self.whitening.double()
        return torch.linalg.inv(whitening @ whitening)

    def _head_weight(self) -> Tensor:
        return (self.head.weight.flatten(1) @ self.whitening).view_as(self.head.weight)


def _identity_conv(channels: int) -> nn.Sequential:
    conv = nn.Conv2d(channels, channels, 3, padding=1)
    with torch.no_grad():
        start = conv.weight.clone()
        nn.init.dirac_(conv.weight)
        conv.weight += start
    return nn.Sequential(conv, nn.ReLU())


def macs_per_pixel(network: CellNet) -> float:
    """Multiply-accumulates for one output pixel; biases and activations are not counted."""
    convs = [module for module in network.modules() if isinstance(module, nn.Conv2d)]
    return sum(conv.weight.numel() for conv in convs) / network.cell**2
