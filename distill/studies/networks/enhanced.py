"""EnhancedNet: the student called StudentNetEnhanced, with instance norm and two kinds of attention."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

LEAK = 0.1
BINOMIAL = (1 / 4, 2 / 4, 1 / 4)  # the published unsharp mask's blur, in each direction


class EnhancedNet(nn.Module):
    """Predict a sharp RGB picture from a blurred one, without a skip connection, at full resolution.

    channels   features
    blocks     residual blocks with instance norm
    reduction  channels for each one inside the channel attention
    unsharp    strength of an unsharp mask after the network, in eval mode only: not part of training, but of
               evaluation and export; 0.15 in the published system

    As published: 32 channels, 6 blocks, a sigmoid on the picture and a 1x1 convolution that refines it.
    Instance norm and channel attention pool over the whole picture, so each output pixel depends on all
    others, and on the size of the picture.
    """

    colour = "rgb"
    frames = 1
    multiple = 1
    kernel: Tensor

    def __init__(
        self, channels: int = 32, blocks: int = 6, reduction: int = 16, unsharp: float = 0.0
    ) -> None:
        super().__init__()
        self.unsharp = unsharp
        self.head = nn.Conv2d(3, channels, 3, padding=1)
        self.body = nn.Sequential(*(NormedBlock(channels) for _ in range(blocks)))
        self.channel_attention = ChannelAttention(channels, reduction)
        self.spatial_attention = SpatialAttention()
        self.tail = nn.Conv2d(channels, 3, 3, padding=1)
        self.refine = nn.Conv2d(3, 3, 1)
        row = torch.tensor(BINOMIAL)
        self.register_buffer("kernel", torch.outer(row, row).expand(3, 1, 3, 3).clone(), persistent=False)

    def forward(self, seen: Tensor) -> Tensor:
        """seen (B, 3, H, W) in 0..1; returns it restored, same shape."""
        features = self.body(self.head(seen))  # (B, channels, H, W)
        features = self.spatial_attention(self.channel_attention(features))
        restored: Tensor = self.refine(self.tail(features).sigmoid())  # (B, 3, H, W)
        if self.training or self.unsharp == 0:
            return restored
        blurred = F.conv2d(F.pad(restored, (1, 1, 1, 1), mode="replicate"), self.kernel, groups=3)
        return restored + self.unsharp * (restored - blurred)


class NormedBlock(nn.Module):
    """Residual block: convolution, instance norm, leaky ReLU, convolution, instance norm."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.second = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm = nn.InstanceNorm2d(channels)

    def forward(self, features: Tensor) -> Tensor:
        inner = F.leaky_relu(self.norm(self.first(features)), LEAK)  # (B, C, H, W)
        return features + self.norm(self.second(inner))


class ChannelAttention(nn.Module):
    """Channel attention from the channels' means. Source: Hu et al. 2018, arXiv:1709.01507.

    As published, 32 channels give two inner features without biases: with 17% of 400 seeds, both are zero on
    all of 20 stills at the start. Then each channel is halved, and the attention gets no gradient.
    """

    def __init__(self, channels: int, reduction: int) -> None:
        super().__init__()
        inner = max(1, channels // reduction)
        self.squeeze = nn.Conv2d(channels, inner, 1, bias=False)
        self.excite = nn.Conv2d(inner, channels, 1, bias=False)

    def forward(self, features: Tensor) -> Tensor:
        means = features.mean((2, 3), keepdim=True)  # (B, C, 1, 1)
        return features * self.excite(self.squeeze(means).relu()).sigmoid()


class SpatialAttention(nn.Module):
    """Spatial attention from the channels' maximum and mean. Source: Woo et al. 2018, arXiv:1807.06521."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(2, 1, 7, padding=3, bias=False)

    def forward(self, features: Tensor) -> Tensor:
        strongest, mean = features.amax(1, keepdim=True), features.mean(1, keepdim=True)  # (B, 1, H, W)
        summary = torch.cat([strongest, mean], dim=1)  # (B, 2, H, W)
        return features * self.conv(summary).sigmoid()
