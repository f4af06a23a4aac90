"""ResidualNet: residual blocks without batch norm, on RGB at full resolution."""

from torch import Tensor, nn

from distill.studies.networks.plain import quieten


class ResidualNet(nn.Module):
    """Restore a picture by residual blocks.

    channels  features, at full resolution
    blocks    residual blocks of two 3x3 convolutions
    residual  whether the network's output is added to the input

    EDSR (Lim et al. 2017, arXiv:1707.02921) at scale 1, so without its upsampler.
    """

    colour = "rgb"
    frames = 1
    multiple = 1

    def __init__(self, channels: int = 64, blocks: int = 16, residual: bool = True) -> None:
        super().__init__()
        self.residual = residual
        self.head = nn.Conv2d(3, channels, 3, padding=1)
        self.body = nn.Sequential(*(ResidualBlock(channels) for _ in range(blocks)))
        self.join = nn.Conv2d(channels, channels, 3, padding=1)
        self.tail = nn.Conv2d(channels, 3, 3, padding=1)
        if residual:
            quieten(self.tail)

    def forward(self, seen: Tensor) -> Tensor:
        """seen (B, 3, H, W) in 0..1; returns it restored, same shape."""
        features = self.head(seen)  # (B, channels, H, W)
        features = features + self.join(self.body(features))
        restored: Tensor = self.tail(features)  # (B, 3, H, W)
        return seen + restored if self.residual else restored


class ResidualBlock(nn.Module):
    """Residual block of two 3x3 convolutions: (B, C, H, W) to the same."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)
        quieten(self.second)  # otherwise the features grow with every block

    def forward(self, features: Tensor) -> Tensor:
        return features + self.second(self.first(features).relu())
