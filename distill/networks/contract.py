"""What every network says of itself, as attributes of the instance: frames, colour, multiple; maybe aside.

A network maps `seen` (B, frames*C, H, W) in 0..1 to the middle frame restored, (B, C, H, W), not clamped.
H and W are multiples of `multiple`; C is 1 for the colour "luma" and 3 for "rgb". A network with `context`
planes is shown these behind its frames: what is known of each pixel, see distill.training.batches.Batch.
"""

from typing import Protocol, runtime_checkable

from torch import Tensor, nn

from distill.networks.mixed import MixedConv


@runtime_checkable
class Whitened(Protocol):
    """A network whose way in is set, before it is trained, from what it will be given."""

    def whiten(self, seen: Tensor) -> None:
        """Take sample inputs in, (B, frames*C, H, W) in 0..1."""


@runtime_checkable
class Foldable(Protocol):
    """A part of a network that is trained in another form than it is shipped in."""

    def as_plain(self) -> nn.Module:
        """The same function as it is shipped, for one picture."""


def frames_of(network: nn.Module) -> int:
    """How many consecutive frames it looks at, an odd number."""
    frames = network.frames
    assert isinstance(frames, int)
    return frames


def context_of(network: nn.Module) -> int:
    """How many planes of context it is shown behind its frames; most networks none."""
    context = getattr(network, "context", 0)
    assert isinstance(context, int)
    return context


def inputs_of(network: nn.Module) -> int:
    """All planes that it is shown: its frames' and the context's."""
    return frames_of(network) * planes_of(network) + context_of(network)


def layers_of(network: nn.Module) -> list[nn.Module]:
    """What multiplies and accumulates for each picture, in order: convolutions and linear layers.

    A network may name in `aside` parts that run now and then and not for each picture.
    """
    aside = getattr(network, "aside", ())
    kinds = (nn.Conv2d, nn.Linear, MixedConv)
    return [
        layer
        for name, layer in network.named_modules()
        if isinstance(layer, kinds) and name.split(".")[0] not in aside
    ]


def multiple_of(network: nn.Module) -> int:
    """What the height and the width of its pictures must be multiples of."""
    multiple = network.multiple
    assert isinstance(multiple, int)
    return multiple


def planes_of(network: nn.Module) -> int:
    """Planes of one of its frames: 1 for luma, 3 for RGB."""
    return 3 if network.colour == "rgb" else 1
