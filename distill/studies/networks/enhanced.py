"""EnhancedNet: the student called StudentNetEnhanced, with instance norm and two kinds of attention."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

LEAK = 0.1
COPY = 0.3  # share of the usual random weights beside a colour's copy in the first convolution
HALF_RANGE = 0.5  # of the sigmoid's input for pictures in 0..1: there it is straight to 1% of the range
GROUP = 6  # features of a pair: two copies of R, G and B
QUIET = 0.01  # of the usual initial weights of both attentions, which then scale all pictures alike
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

    The initial weights are ours: see `start_at_identity`.
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
        if channels >= GROUP:
            start_at_identity(self)

    def forward(self, seen: Tensor) -> Tensor:
        """seen (B, 3, H, W) in 0..1; returns it restored, same shape."""
        features = self.body(self.head(seen))  # (B, channels, H, W)
        features = self.spatial_attention(self.channel_attention(features))
        restored: Tensor = self.refine(self.tail(features).sigmoid())  # (B, 3, H, W)
        if self.training or self.unsharp == 0:
            return restored
        blurred = F.conv2d(F.pad(restored, (1, 1, 1, 1), mode="replicate"), self.kernel, groups=3)
        return restored + self.unsharp * (restored - blurred)


@torch.no_grad()
def start_at_identity(network: EnhancedNet) -> None:
    """Set initial weights with which the network returns its input, to 50 dB.

    Without a skip it has to learn that first: from random weights it was 16.7 dB below its input after 500
    iterations. Its blocks cannot start small, because instance norm gives each of their outputs unit
    variance. So features are in pairs, each with two copies of R, G and B, in which all else that the first
    convolution and the blocks add has opposite signs; the last convolution adds the two up.
    """
    biases = (network.head.bias, network.tail.bias, network.refine.bias)
    head, tail, refine = (bias for bias in biases if bias is not None)
    pairs = network.head.out_channels // GROUP
    network.head.weight.mul_(COPY)
    for tensor in (head, network.tail.weight, network.refine.weight):
        tensor.zero_()
    for pair in range(pairs):
        left, right = (slice(GROUP * pair + first, GROUP * pair + first + 3) for first in (0, 3))
        network.head.weight[right] = -network.head.weight[left]
        for block in network.body:
            assert isinstance(block, NormedBlock)
            block.second.weight[right] = -block.second.weight[left]
    for channel in range(GROUP * pairs):
        colour = channel % 3
        network.head.weight[channel, colour, 1, 1] += 1
        # both attentions halve their features at first
        network.tail.weight[colour, channel, 1, 1] = 2 * HALF_RANGE * 4 / (2 * pairs)
    network.channel_attention.excite.weight.mul_(QUIET)
    network.spatial_attention.conv.weight.mul_(QUIET)
    tail.fill_(-HALF_RANGE)
    slope = 2 * HALF_RANGE / 4  # of the sigmoid in the middle, by the range of its input
    for colour in range(3):
        network.refine.weight[colour, colour] = 1 / slope
    refine.fill_(0.5 - 0.5 / slope)


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
