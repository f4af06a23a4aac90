"""The contract of all networks, in attributes of the instance: frames, colour, multiple, optionally aside.

A network maps `seen` (B, frames*C, H, W) in 0..1 to the middle frame restored, (B, C, H, W), not clamped.
H and W are multiples of `multiple`; C is 1 for the colour "luma" and 3 for "rgb". A network with `context`
planes takes them after its frames: side information per pixel, see distill.training.batches.Batch. One with
two `looks` takes the crispness of each sample, (B,) in 0..1, as its second argument.
"""

from typing import Protocol, runtime_checkable

from torch import Tensor, nn

from distill.networks.mixed import MixedConv


@runtime_checkable
class Whitened(Protocol):
    """A network with whitening, which is set from sample inputs before training."""

    def whiten(self, seen: Tensor) -> None:
        """Set the whitening from sample inputs, (B, frames*C, H, W) in 0..1."""


@runtime_checkable
class Foldable(Protocol):
    """A module that is exported in another form than it is trained in."""

    def as_plain(self) -> nn.Module:
        """The equivalent module for inference on one picture."""


@runtime_checkable
class Refillable(Foldable, Protocol):
    """A foldable module that can take back what was exported of it."""

    def take_plain(self, weight: Tensor, bias: Tensor) -> None:
        """Become equivalent to the plain convolution with this weight and bias."""


def frames_of(network: nn.Module) -> int:
    """Number of consecutive input frames, odd."""
    frames = network.frames
    assert isinstance(frames, int)
    return frames


def context_of(network: nn.Module) -> int:
    """Number of context planes after the frames; 0 for most networks."""
    context = getattr(network, "context", 0)
    assert isinstance(context, int)
    return context


def inputs_of(network: nn.Module) -> int:
    """Number of all input planes: of the frames and the context."""
    return frames_of(network) * planes_of(network) + context_of(network)


def looks_of(network: nn.Module) -> int:
    """Number of looks; a network with two takes the crispness of each sample as its second argument."""
    looks = getattr(network, "looks", 1)
    assert isinstance(looks, int)
    return looks


def layers_of(network: nn.Module) -> list[nn.Module]:
    """The layers with multiply-accumulates for each picture, in order: convolutions and linear layers.

    A network can list in `aside` modules that do not run for every picture.
    """
    aside = getattr(network, "aside", ())
    kinds = (nn.Conv2d, nn.Linear, MixedConv)
    return [
        layer
        for name, layer in network.named_modules()
        if isinstance(layer, kinds) and name.split(".")[0] not in aside
    ]


def multiple_of(network: nn.Module) -> int:
    """Height and width of its pictures must be multiples of this."""
    multiple = network.multiple
    assert isinstance(multiple, int)
    return multiple


def rounds(network: nn.Module) -> bool:
    """Whether it rounds its features as int8 does: the last bit of a float sum then decides some of them."""
    return bool(getattr(network, "rounded", False))


def planes_of(network: nn.Module) -> int:
    """Planes per frame: 1 for luma, 3 for RGB."""
    return 3 if network.colour == "rgb" else 1
