"""SharpenNet: the two networks of the CIFAR-10 system, plain convolutions on RGB at full resolution."""

from itertools import pairwise

from torch import Tensor, nn

from vcam.errors import ConfigError


class SharpenNet(nn.Module):
    """Predict a sharp picture from a blurred one, without a residual, and without bounds on its output.

    widths  features of the 3x3 convolutions in turn: "64-64-32" is the published teacher, "16" its student

    Each 3x3 convolution is followed by a ReLU; a 1x1 convolution maps the last features to RGB.
    """

    colour = "rgb"
    frames = 1
    multiple = 1

    def __init__(self, widths: str = "16") -> None:
        super().__init__()
        features = [3, *_read_widths(widths)]
        self.body = nn.Sequential(
            *(
                layer
                for inputs, outputs in pairwise(features)
                for layer in (nn.Conv2d(inputs, outputs, 3, padding=1), nn.ReLU())
            )
        )
        self.tail = nn.Conv2d(features[-1], 3, 1)

    def forward(self, seen: Tensor) -> Tensor:
        """seen (B, 3, H, W) in 0..1; returns it restored, same shape."""
        features = self.body(seen)  # (B, widths[-1], H, W)
        return self.tail(features)


def _read_widths(widths: str) -> list[int]:
    try:
        read = [int(width) for width in widths.split("-")]
    except ValueError:
        read = []
    if not read or min(read) < 1:
        raise ConfigError(f"widths = {widths!r}; expected numbers of features with dashes between: 64-64-32")
    return read
