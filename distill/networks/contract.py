"""What every network says of itself, as attributes of the instance: frames, colour, multiple.

A network maps `seen` (B, frames*C, H, W) in 0..1 to the middle frame restored, (B, C, H, W), not clamped.
H and W are multiples of `multiple`; C is 1 for the colour "luma" and 3 for "rgb".
"""

from typing import Protocol, runtime_checkable

from torch import Tensor, nn


@runtime_checkable
class Whitened(Protocol):
    """A network whose way in is set, before it is trained, from what it will be given."""

    def whiten(self, seen: Tensor) -> None:
        """Take sample inputs in, (B, frames*C, H, W) in 0..1."""


def frames_of(network: nn.Module) -> int:
    """How many consecutive frames it looks at, an odd number."""
    frames = network.frames
    assert isinstance(frames, int)
    return frames


def multiple_of(network: nn.Module) -> int:
    """What the height and the width of its pictures must be multiples of."""
    multiple = network.multiple
    assert isinstance(multiple, int)
    return multiple


def planes_of(network: nn.Module) -> int:
    """Planes of one of its frames: 1 for luma, 3 for RGB."""
    return 3 if network.colour == "rgb" else 1
