"""NAFNet on cells: a teacher for one frame or several, in luma or RGB."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from distill.networks.cells import QuietConv, WhitenedConv, to_cells
from distill.networks.condnet import CONTEXT_PLANES, ToldConv, told_cells
from distill.networks.contract import planes_of
from vcam.errors import ConfigError
from vcam.manifest import FUSED_CELL

CHANGE_SCALE = (
    0.25  # reduces the codec's flicker below cells.NOISE_FLOOR, so that whitening does not amplify it
)


class NafNet(nn.Module):
    """Restore an upscaled picture, or the middle one of several consecutive ones.

    channels  features a cell
    blocks    NAF blocks, all at the grid's resolution
    frames    consecutive input frames, odd; more than one includes future frames, so only for teachers
    cell      side of the square cells that become channels, in pixels
    colour    "luma" or "rgb"
    fused     whether it has the context planes of temporal fusion, as CondNet; only for one frame of luma

    The blocks are those of Chen et al. 2022, arXiv:2204.04676. A grid of cells with a whitened head replaces
    its encoder and decoder: the receptive field grows through the cells and through channel attention, which
    pools over the whole picture.
    """

    def __init__(
        self,
        channels: int = 64,
        blocks: int = 10,
        frames: int = 1,
        cell: int = 4,
        colour: str = "luma",
        fused: bool = False,
    ) -> None:
        super().__init__()
        if colour not in ("luma", "rgb"):
            raise ConfigError(f'colour = {colour!r}: expected "luma" or "rgb"')
        if frames % 2 == 0:
            raise ConfigError(f"frames = {frames}: expected an odd number, so that there is a middle one")
        self.cell = self.multiple = cell
        self.frames, self.colour = frames, colour
        inputs = planes_of(self) * cell * cell
        if fused and (frames, colour, cell) != (1, "luma", FUSED_CELL):
            raise ConfigError(f'fused needs frames = 1, colour = "luma" and cell = {FUSED_CELL}')
        self.context = CONTEXT_PLANES if fused else 0
        self.told = ToldConv(channels) if fused else None
        self.head = WhitenedConv(frames * inputs, channels)
        with torch.no_grad():
            self.head.weight[:, inputs:] = 0  # initially equal to the network of one frame
        self.body = nn.Sequential(*(NafBlock(channels) for _ in range(blocks)))
        self.tail = QuietConv(channels, inputs)

    def whiten(self, seen: Tensor) -> None:
        """Set the head's whitening from sample pictures (B, frames*C + context, H, W) in 0..1."""
        self.head.whiten(self._look(self._frames(seen)))

    def forward(self, seen: Tensor) -> Tensor:
        """seen (B, frames*C + context, H, W) in 0..1; returns the restored middle frame, (B, C, H, W)."""
        frames = self._frames(seen)
        features = self.head(self._look(frames))  # (B, channels, H/cell, W/cell)
        if self.told is not None:
            features = features + self.told(told_cells(seen[:, frames.shape[1] :], self.cell))
        features = self.body(features)
        _, frame, _ = self._part(frames)
        return frame + F.pixel_shuffle(self.tail(features), self.cell)  # (B, C, H, W)

    def _frames(self, seen: Tensor) -> Tensor:
        """The frames of an input, without the context."""
        return seen[:, : self.frames * planes_of(self)]

    def _look(self, seen: Tensor) -> Tensor:
        """Cells of the middle frame, then of the others' differences from it, (B, frames*C*cell*cell, h, w).

        Seven frames are nearly equal and would hide the detail of the middle one; so would their unscaled
        differences. After 500 iterations these gained 0.065 and 0.086 dB, against 0.228 for one frame.
        """
        before, frame, after = self._part(seen)
        cells = [to_cells(frame, self.cell)]
        if self.frames > 1:
            same = frame.repeat(1, self.frames // 2, 1, 1)  # (B, frames//2*C, H, W)
            cells += [F.pixel_unshuffle((side - same) * CHANGE_SCALE, self.cell) for side in (before, after)]
        return torch.cat(cells, dim=1)

    def _part(self, seen: Tensor) -> tuple[Tensor, ...]:
        """Split into the frames before the middle one, the middle one, and those after it."""
        first = self.frames // 2 * planes_of(self)
        after = first + planes_of(self)
        # slices, because an exported tensor_split fixes height and width to those of the traced picture
        return seen[:, :first], seen[:, first:after], seen[:, after:]


class NafBlock(nn.Module):
    """Gated depthwise convolution with channel attention, then a gated MLP; (B, C, h, w) to the same.

    Both branches are initialised to zero: an untrained block is the identity.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.spatial_norm = LayerNorm2d(channels)
        self.expand = nn.Conv2d(channels, 2 * channels, 1)
        self.depthwise = nn.Conv2d(2 * channels, 2 * channels, 3, padding=1, groups=2 * channels)
        self.attention = nn.Conv2d(channels, channels, 1)
        self.project = nn.Conv2d(channels, channels, 1)
        self.channel_norm = LayerNorm2d(channels)
        self.widen = nn.Conv2d(channels, 2 * channels, 1)
        self.narrow = nn.Conv2d(channels, channels, 1)
        self.spatial_scale = nn.Parameter(torch.zeros(1, channels, 1, 1))
        self.channel_scale = nn.Parameter(torch.zeros(1, channels, 1, 1))

    def forward(self, features: Tensor) -> Tensor:
        mixed = _gate(self.depthwise(self.expand(self.spatial_norm(features))))  # (B, C, h, w)
        mixed = mixed * self.attention(mixed.mean((2, 3), keepdim=True))
        features = features + self.project(mixed) * self.spatial_scale
        mixed = _gate(self.widen(self.channel_norm(features)))  # (B, C, h, w)
        return features + self.narrow(mixed) * self.channel_scale


class LayerNorm2d(nn.LayerNorm):
    """Layer normalisation over the channels of each position, (B, C, h, w)."""

    def __init__(self, channels: int) -> None:
        super().__init__(channels, eps=1e-6)

    def forward(self, features: Tensor) -> Tensor:
        last = features.permute(0, 2, 3, 1)  # (B, h, w, C)
        return F.layer_norm(last, self.normalized_shape, self.weight, self.bias, self.eps).permute(0, 3, 1, 2)


def _gate(features: Tensor) -> Tensor:
    """Product of the two halves of the channels: (B, 2C, h, w) to (B, C, h, w)."""
    left, right = features.chunk(2, dim=1)
    return left * right
