"""RRDBNet: the network of ESRGAN, BSRGAN and Real-ESRGAN, for third-party weights."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vcam.errors import ConfigError

LEAK = 0.2
DAMPING = 0.2  # of each residual branch


class RRDBNet(nn.Module):
    """Restore an upscaled RGB picture by dense residual blocks on a grid of 1/2 or 1/4 of its resolution.

    channels   features
    growth     features that each dense layer adds
    blocks     residual-in-residual dense blocks (RRDB)
    scale      its upscaling factor: 4, 2 or 1
    unshuffle  side of the cells that become input channels; scale * unshuffle is 2 or 4

    Its native function is `enlarge`, by `scale`. Our input has been scaled up already, so `forward` first
    averages it down to 1/scale. That recovers a picture that was sent at that size; of a larger one it loses
    detail, which weights for a fixed scale cannot avoid. With scale 1 nothing is lost.

    | weights | scale | unshuffle |
    | --- | --- | --- |
    | BSRGAN, Real-ESRGAN x4plus | 4 | 1 |
    | BSRGANx2 | 2 | 1 |
    | Real-ESRGAN x2plus | 2 | 2 |
    | our own, trained on pictures of the output size | 1 | 4 |

    Source: Wang et al. 2018, arXiv:1809.00219; Zhang et al. 2021, arXiv:2103.14006; Wang et al. 2021,
    arXiv:2107.10833 (unshuffle). Names of parameters are Real-ESRGAN's. Raises ConfigError for other scales.
    """

    colour = "rgb"
    frames = 1

    def __init__(
        self, channels: int = 64, growth: int = 32, blocks: int = 23, scale: int = 4, unshuffle: int = 1
    ) -> None:
        super().__init__()
        if scale * unshuffle not in (2, 4):
            raise ConfigError(
                f"scale {scale} times unshuffle {unshuffle}; RRDBNet enlarges its grid by 2 or 4"
            )
        self.scale, self.unshuffle, self.multiple = scale, unshuffle, scale * unshuffle
        self.conv_first = nn.Conv2d(3 * unshuffle**2, channels, 3, padding=1)
        self.body = nn.Sequential(*(ResidualInResidual(channels, growth) for _ in range(blocks)))
        self.conv_body = nn.Conv2d(channels, channels, 3, padding=1)
        self.conv_up1 = nn.Conv2d(channels, channels, 3, padding=1)
        if self.multiple == 4:
            self.conv_up2 = nn.Conv2d(channels, channels, 3, padding=1)
        self.conv_hr = nn.Conv2d(channels, channels, 3, padding=1)
        self.conv_last = nn.Conv2d(channels, 3, 3, padding=1)

    def forward(self, seen: Tensor) -> Tensor:
        """seen (B, 3, H, W) in 0..1, at the output size; returns it restored, same shape."""
        return self.enlarge(F.avg_pool2d(seen, self.scale))

    def enlarge(self, low: Tensor) -> Tensor:
        """low (B, 3, h, w) in 0..1; returns (B, 3, h * scale, w * scale)."""
        features = self.conv_first(F.pixel_unshuffle(low, self.unshuffle))  # (B, channels, h', w')
        features = features + self.conv_body(self.body(features))
        features = self._double(features, self.conv_up1)  # (B, channels, 2h', 2w')
        if self.multiple == 4:
            features = self._double(features, self.conv_up2)  # (B, channels, 4h', 4w')
        return self.conv_last(F.leaky_relu(self.conv_hr(features), LEAK))

    def _double(self, features: Tensor, conv: nn.Conv2d) -> Tensor:
        return F.leaky_relu(conv(F.interpolate(features, scale_factor=2, mode="nearest")), LEAK)


class ResidualInResidual(nn.Module):
    """Three dense blocks with a skip connection (RRDB): (B, C, h, w) to the same."""

    def __init__(self, channels: int, growth: int) -> None:
        super().__init__()
        self.rdb1 = DenseBlock(channels, growth)
        self.rdb2 = DenseBlock(channels, growth)
        self.rdb3 = DenseBlock(channels, growth)

    def forward(self, features: Tensor) -> Tensor:
        return features + DAMPING * self.rdb3(self.rdb2(self.rdb1(features)))


class DenseBlock(nn.Module):
    """Five densely connected 3x3 convolutions with a skip connection: (B, C, h, w) to the same."""

    def __init__(self, channels: int, growth: int) -> None:
        super().__init__()
        for layer in range(1, 6):
            outputs = growth if layer < 5 else channels
            conv = nn.Conv2d(channels + (layer - 1) * growth, outputs, 3, padding=1)
            nn.init.kaiming_normal_(conv.weight)
            with torch.no_grad():
                conv.weight *= 0.1  # as in ESRGAN: deep residual networks start near the identity
            self.add_module(f"conv{layer}", conv)

    def forward(self, features: Tensor) -> Tensor:
        *inner, last = self.children()
        seen = features  # (B, C + layer * growth, h, w)
        for conv in inner:
            seen = torch.cat([seen, F.leaky_relu(conv(seen), LEAK)], 1)
        return features + DAMPING * last(seen)
