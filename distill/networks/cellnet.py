"""CellNet: a plain convolution stack on pixel-unshuffled luma, the baseline for the shipped student."""

import torch
from torch import Tensor, nn

from distill.networks.cells import QuietConv, WhitenedConv, add_residual, to_cells


class CellNet(nn.Module):
    """Restore an upscaled luma plane.

    cell      side of the square cells that become channels, in pixels; H and W must be multiples of it
    channels  features a cell
    depth     3x3 convolutions between head and tail

    Only 3x3 convolutions and ReLU. Three measures make such a plain stack trainable: the head's input is
    whitened, the body starts as the identity (Dirac), and the tail's output has a small unit.
    """

    colour = "luma"
    frames = 1

    def __init__(self, cell: int = 4, channels: int = 16, depth: int = 2) -> None:
        super().__init__()
        self.cell = self.multiple = cell
        self.head = WhitenedConv(cell * cell, channels)
        self.body = nn.Sequential(nn.ReLU(), *(_identity_conv(channels) for _ in range(depth)))
        self.tail = QuietConv(channels, cell * cell)

    def whiten(self, seen: Tensor) -> None:
        """Set the head's whitening from sample pictures (B, 1, H, W) in 0..1."""
        self.head.whiten(to_cells(seen, self.cell))

    def forward(self, seen: Tensor) -> Tensor:
        """seen (B, 1, H, W) in 0..1, at the output size; returns it restored, same shape."""
        cells = to_cells(seen, self.cell)  # (B, cell*cell, H/cell, W/cell)
        return add_residual(seen, self.residual_cells(cells), self.cell)

    def residual_cells(self, cells: Tensor) -> Tensor:
        """From cells minus mid-grey (B, cell*cell, h, w) to the residual, same shape."""
        residual: Tensor = self.tail(self.body(self.head(cells)))
        return residual


def _identity_conv(channels: int) -> nn.Sequential:
    conv = nn.Conv2d(channels, channels, 3, padding=1)
    with torch.no_grad():
        start = conv.weight.clone()
        nn.init.dirac_(conv.weight)
        conv.weight += start
    return nn.Sequential(conv, nn.ReLU())
