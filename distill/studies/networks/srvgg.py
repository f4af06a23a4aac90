"""SrvggNet: Real-ESRGAN's compact network (SRVGGNetCompact), for third-party weights."""

import re
from pathlib import Path

from torch import Tensor, nn
from torch.nn import functional as F

from distill.studies.networks.weights import load_exactly, read_torch_weights


class SrvggNet(nn.Module):
    """Restore an upscaled RGB picture by plain convolutions on a grid of 1/scale of its resolution.

    channels  features
    depth     3x3 convolutions between the first and the last; 32 in Real-ESRGAN's general x4v3
    scale     its upscaling factor

    Its native function is `enlarge`; as in RRDBNet, `forward` first averages the picture down to 1/scale.
    Source: Wang et al. 2021, arXiv:2107.10833, and the code beside its models.
    """

    colour = "rgb"
    frames = 1

    def __init__(self, channels: int = 64, depth: int = 32, scale: int = 4) -> None:
        super().__init__()
        self.scale = self.multiple = scale
        self.body = nn.Sequential()
        for index in range(depth + 1):
            self.body.append(nn.Conv2d(channels if index else 3, channels, 3, padding=1))
            self.body.append(nn.PReLU(channels))
        self.tail = nn.Conv2d(channels, 3 * scale**2, 3, padding=1)

    def forward(self, seen: Tensor) -> Tensor:
        """seen (B, 3, H, W) in 0..1, at the output size; returns it restored, same shape."""
        return self.enlarge(F.avg_pool2d(seen, self.scale))

    def enlarge(self, low: Tensor) -> Tensor:
        """low (B, 3, h, w) in 0..1; returns (B, 3, h * scale, w * scale)."""
        cells = self.tail(self.body(low))  # (B, 3 * scale * scale, h, w)
        return F.pixel_shuffle(cells, self.scale) + F.interpolate(
            low, scale_factor=self.scale, mode="nearest"
        )


def load_srvgg(path: Path) -> SrvggNet:
    """Build a network for the user's weights and load them.

    path  a torch file with Real-ESRGAN's names, `body.N`, the last of which is our `tail`

    Raises ModelError if the file is missing, cannot be read, or does not hold an SRVGGNetCompact with PReLU.
    """
    weights = read_torch_weights(path)
    places = [int(match[1]) for name in weights if (match := re.match(r"body\.(\d+)\.", name))]
    last = max(places, default=66)
    outputs = weights.get(f"body.{last}.bias", weights.get(f"body.{last}.weight"))
    first = weights.get("body.0.bias")
    network = SrvggNet(
        channels=64 if first is None else len(first),
        depth=max(0, last // 2 - 1),
        scale=4 if outputs is None else max(1, round((outputs.numel() / 3) ** 0.5)),
    )
    renamed = {re.sub(rf"^body\.{last}\.", "tail.", name): value for name, value in weights.items()}
    load_exactly(network, renamed, path)
    return network.eval()
