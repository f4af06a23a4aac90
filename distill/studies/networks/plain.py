"""PlainNet: a stack of convolutions and ReLUs, on RGB at full resolution."""

import torch
from torch import Tensor, nn

from vcam.errors import ConfigError

TAIL_START = 0.1  # of the usual initial weights: an untrained network hardly changes the picture


class PlainNet(nn.Module):
    """Restore a picture by a plain stack of 3x3 convolutions.

    channels  features of every layer but the last
    depth     convolutions in all, the last one included; at least 2
    residual  whether the stack's output is added to the input

    Deep and residual, it is DnCNN (Zhang et al. 2017, arXiv:1608.03981) without batch norm, whose statistics
    differ between training crops and frames; shallow, it is similar to SRCNN (Dong et al. 2014,
    arXiv:1501.00092). Raises ConfigError if depth is less than 2.
    """

    colour = "rgb"
    frames = 1
    multiple = 1

    def __init__(self, channels: int = 64, depth: int = 8, residual: bool = True) -> None:
        super().__init__()
        if depth < 2:
            raise ConfigError(f"depth = {depth}: expected at least 2, the first and the last convolution")
        self.residual = residual
        self.body = nn.Sequential()
        for index in range(depth - 1):
            conv = nn.Conv2d(channels if index else 3, channels, 3, padding=1)
            nn.init.kaiming_normal_(conv.weight, nonlinearity="relu")
            self.body.extend([conv, nn.ReLU()])
        self.tail = nn.Conv2d(channels, 3, 3, padding=1)
        if residual:
            quieten(self.tail)

    def forward(self, seen: Tensor) -> Tensor:
        """seen (B, 3, H, W) in 0..1; returns it restored, same shape."""
        restored: Tensor = self.tail(self.body(seen))  # (B, 3, H, W)
        return seen + restored if self.residual else restored


@torch.no_grad()
def quieten(conv: nn.Conv2d) -> None:
    """Scale the initial weights of a convolution whose output is a residual by TAIL_START."""
    for parameter in conv.parameters():
        parameter.mul_(TAIL_START)
