"""CellNet: the shipped student, a plain int8-friendly convolution stack on pixel-unshuffled luma."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

MID_GREY = 128 / 255  # subtracted first: with the mean left in, the first steps of Adam kill the ReLUs


class CellNet(nn.Module):
    """Predict the residual that turns an upscaled luma plane into the true one.

    cell      side of the square cells that become channels, in pixels; H and W must be multiples of it
    channels  features a cell
    depth     3x3 convolutions between head and tail
    ends      kernel side of head and tail, 1 or 3

    Only convolutions and ReLU, so that every layer becomes one quantised convolution at run time. The body
    starts as the identity (Dirac), which trains like a residual body and costs no addition when shipped.
    """

    def __init__(self, cell: int = 8, channels: int = 32, depth: int = 4, ends: int = 1) -> None:
        super().__init__()
        self.cell = cell
        self.head = nn.Conv2d(cell * cell, channels, ends, padding=ends // 2)
        self.body = nn.ModuleList(nn.Conv2d(channels, channels, 3, padding=1) for _ in range(depth))
        self.tail = nn.Conv2d(channels, cell * cell, ends, padding=ends // 2)
        self._start_quietly()

    def _start_quietly(self) -> None:
        with torch.no_grad():
            for conv in self.body:
                assert isinstance(conv, nn.Conv2d)
                start = conv.weight.clone()
                nn.init.dirac_(conv.weight)
                conv.weight += start
            self.tail.weight *= 0.1

    def forward(self, luma: Tensor) -> Tensor:
        """luma (B, 1, H, W) in 0..1, already of the output size; returns the residual, same shape."""
        cells = F.pixel_unshuffle(luma, self.cell)  # (B, cell*cell, H/cell, W/cell)
        return F.pixel_shuffle(self.residual_cells(cells - MID_GREY), self.cell)  # (B, 1, H, W)

    def residual_cells(self, cells: Tensor) -> Tensor:
        """What is exported: cells less MID_GREY (B, cell*cell, h, w) to the residual, same shape."""
        features = F.relu(self.head(cells))  # (B, channels, h, w)
        for conv in self.body:
            features = F.relu(conv(features))
        return self.tail(features)  # (B, cell*cell, h, w)


def macs_per_pixel(network: CellNet) -> float:
    """Multiply-accumulates for one output pixel; biases and activations are not counted."""
    convs = [module for module in network.modules() if isinstance(module, nn.Conv2d)]
    return sum(conv.weight.numel() for conv in convs) / network.cell**2
