"""CondNet, the shipped student: its weights depend on the damage, and it is trained with int8 rounding."""

import copy

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from distill.networks.cells import NOISE_FLOOR, RESIDUAL_UNIT, WhitenedConv, add_residual, to_cells
from distill.networks.mixed import MixedConv, exactly, saturate
from vcam.restore.fusion import AGE_UNIT, CONTEXT, LOG_UNIT, NOISE_UNIT

CONTEXT_PLANES = 2

HEAD_GAIN = 4.0  # of whitened patches: fine detail fills the range, strong edges saturate
STREAM_LIMIT = 4.0  # where the sum of the blocks saturates
GAUGE_CHANNELS = 24
GAUGE_HIDDEN = 32
NOTHING_LOGIT = 3.0  # by how much the logit of doing nothing starts below the experts'
GAUGE_FLOOR = 1e-3  # energy of a whitened response below which it counts as zero


class CondNet(nn.Module):
    """Restore an upscaled luma plane with weights that depend on how it was damaged.

    cell      side of the square cells that become channels, in pixels; H and W must be multiples of it
    channels  features a cell
    depth     residual blocks between head and tail, one 3x3 convolution each
    experts   sets of weights that are mixed, of each look
    fused     whether it has two context planes from temporal fusion for each cell: the number of fused frames
              and the noise of a single frame, in the units of vcam.restore.fusion
    looks     2: faithful and crisp, each with experts of its own; they share gauge, head, context embedding
              and the quantisation grid of their weights, as in the shipped files

    A gauge computes a share for each expert from local energies of the picture; the weights of all
    convolutions but the head are the experts' mean by these shares (Yang et al. 2019, arXiv:1904.04971).
    Shares may sum to less than 1; the rest is the share of doing nothing, so an undamaged picture gets almost
    no residual. Damage changes slowly: at run time the shares are measured now and then, and a frame costs as
    much as without experts.

    All activations saturate at a fixed value, so quantisation needs no calibration; in int8, saturation is
    free. It also helps training: a plain ReLU network gained 0.11 dB where this one gained 0.32, after the
    same 1,000 iterations (distill/LOG.md).
    """

    colour = "luma"
    frames = 1
    rounded = True
    aside = ("gauge",)
    beside = ("told",)

    def __init__(
        self,
        cell: int = 4,
        channels: int = 16,
        depth: int = 3,
        experts: int = 8,
        fused: bool = False,
        looks: int = 1,
    ) -> None:
        super().__init__()
        self.cell = self.multiple = cell
        self.looks = looks
        self.experts = experts * looks  # of all looks: first the faithful ones, then the crisp ones
        self.gauge = Gauge(cell * cell, experts)
        self.head = WhitenedConv(cell * cell, channels)
        self.context = CONTEXT_PLANES if fused else 0
        self.told = ToldConv(channels) if fused else None
        self.body = Body(MixedConv(channels, channels, self.experts) for _ in range(depth))
        self.tail = MixedConv(channels, cell * cell, self.experts, RESIDUAL_UNIT)

    def whiten(self, seen: Tensor) -> None:
        """Set the whitening of head and gauge from sample pictures (B, 1 + context, H, W) in 0..1."""
        if self.told is not None:
            self.told.take_in(told_cells(seen[:, 1:], self.cell))
        cells = to_cells(seen[:, :1], self.cell)
        self.head.whiten(cells)
        self.gauge.whiten(cells)

    def forward(self, seen: Tensor, crispness: Tensor | None = None) -> Tensor:
        """seen (B, 1 + context, H, W) in 0..1, at the output size; returns it restored, (B, 1, H, W).

        crispness  (B,) from 0, faithful, to 1, crisp, for a network with two looks; None: faithful
        """
        luma = seen[:, :1]
        cells = to_cells(luma, self.cell)  # (B, cell*cell, H/cell, W/cell)
        with exactly(cells):
            shares = self.shares_of_look(self.gauge(cells), crispness)
        if self.told is not None:
            cells = torch.cat([cells, told_cells(seen[:, 1:], self.cell)], 1)
        return add_residual(luma, self.residual_cells(cells, shares), self.cell)

    def shares_of_look(self, shares: Tensor, crispness: Tensor | None = None) -> Tensor:
        """The gauge's shares (B, experts of a look) for the experts of all looks, (B, experts).

        crispness  as in `forward`; None: 0 for those of a second look
        """
        if crispness is None or self.looks == 1:
            return F.pad(shares, (0, self.experts - shares.shape[1]))
        crisp = crispness[:, None] * shares
        return torch.cat([shares - crisp, crisp], 1)

    def residual_cells(self, cells: Tensor, shares: Tensor) -> Tensor:
        """The residual (B, cell*cell, h, w) of cells minus mid-grey, by shares (B, experts).

        cells   (B, cell*cell, h, w), followed by four context channels if `fused`
        """
        residual: Tensor = self.tail(self.features(cells, shares), shares)  # (B, cell*cell, h, w)
        return residual

    def features(self, cells: Tensor, shares: Tensor) -> Tensor:
        """The tail's input, (B, channels, h, w); cells and shares as in `residual_cells`."""
        luma, told = cells[:, : self.cell**2], cells[:, self.cell**2 :]
        with exactly(luma):  # whitening takes a cell's mean out, which is a hundred times its fine detail
            seen = self.head(luma) if self.told is None else self.head(luma) + self.told(told)
        features: Tensor = self.body(saturate(seen * HEAD_GAIN), shares)
        return features

    def mixed(self) -> list["MixedConv"]:
        """The convolutions with experts, in order."""
        return [module for module in self.modules() if isinstance(module, MixedConv)]

    @property
    def reach(self) -> int:
        """Radius of the receptive field in cells: one for each 3x3 convolution."""
        return 1 + len(self.mixed())


class ToldConv(nn.Conv2d):
    """Embeds the context of fusion, (B, 4, h, w) to (B, channels, h, w); initialised to zero."""

    moment: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__(CONTEXT, channels, 3, padding=1, bias=False)
        nn.init.zeros_(self.weight)
        self.register_buffer("moment", torch.eye(CONTEXT * 9))

    @torch.no_grad()
    def take_in(self, told: Tensor) -> None:
        """Store the second moment of sample inputs (B, 4, h, w), which quantisation uses."""
        patches = F.unfold(told, 3).transpose(1, 2).flatten(0, 1)  # (N, 36)
        self.moment.copy_(patches.T @ patches / len(patches) + NOISE_FLOOR * torch.eye(CONTEXT * 9))


@torch.no_grad()
def told_cells(context: Tensor, cell: int) -> Tensor:
    """Age and noise planes (B, 2, H, W) in the camera's encoding, (B, 4, H/cell, W/cell), minus mid-grey.

    The same values as vcam.restore.fusion.tell returns; the planes are in its units divided by 255.
    """
    planes = F.avg_pool2d(context * 255, cell)  # (B, 2, h, w)
    age, noise = 1 + planes[:, :1] / AGE_UNIT, planes[:, 1:] / NOISE_UNIT
    left = noise / age.sqrt()
    told = [(age - 1) * AGE_UNIT, noise * NOISE_UNIT, left * NOISE_UNIT, torch.log2(1 + left) * LOG_UNIT]
    return torch.cat(told, 1).round().clamp(0, 127) / 255


class Body(nn.ModuleList):
    """Residual blocks: from (B, channels, h, w) and shares (B, experts) to (B, channels, h, w)."""

    def forward(self, stream: Tensor, shares: Tensor) -> Tensor:
        for conv in self:
            stream = saturate(stream + saturate(conv(stream, shares)), STREAM_LIMIT)
        return stream


class Gauge(nn.Module):
    """Estimates the damage of a picture as a share for each expert: cells (B, C, h, w) to (B, experts).

    The shares sum to 1 or less. The rest is the share of an implicit expert with all weights zero.

    Its features are the mean log energies of whitened 3x3 patches: a local spectrum, which blur, scaling,
    noise and quantisation change in different ways. Being means, they do not depend on the picture's size.
    """

    def __init__(self, inputs: int, experts: int) -> None:
        super().__init__()
        self.conv = WhitenedConv(inputs, GAUGE_CHANNELS, padding=0)  # strips give the same as whole rows
        self.hidden = nn.Linear(GAUGE_CHANNELS, GAUGE_HIDDEN)
        self.shares = nn.Linear(GAUGE_HIDDEN, experts + 1)
        with torch.no_grad():
            self.shares.bias[-1] -= NOTHING_LOGIT

    def whiten(self, cells: Tensor) -> None:
        """Set the whitening from sample cells (B, C, h, w)."""
        self.conv.whiten(cells)

    def forward(self, cells: Tensor) -> Tensor:
        return self.judge(self.energies(cells))

    def energies(self, cells: Tensor) -> Tensor:
        """Mean log of the squared responses to cells minus mid-grey (B, C, h, w): (B, GAUGE_CHANNELS)."""
        responses = self.conv(cells)  # (B, GAUGE_CHANNELS, h-2, w-2)
        return torch.log(responses.square() + GAUGE_FLOOR).mean((2, 3))

    def judge(self, energies: Tensor) -> Tensor:
        """Shares (B, experts) from energies (B, GAUGE_CHANNELS)."""
        return torch.softmax(self.shares(F.relu(self.hidden(energies))), dim=1)[:, :-1]


@torch.no_grad()
def join_looks(faithful: CondNet, crisp: CondNet) -> CondNet:
    """Join two networks into one with the experts of both: first the faithful ones, then the crisp ones.

    Raises ValueError unless both have the same gauge and head, which is so if one was started from the other.
    """
    same = [*faithful.gauge.state_dict().items(), *faithful.head.state_dict().items()]
    other = [*crisp.gauge.state_dict().values(), *crisp.head.state_dict().values()]
    if faithful.told is not None and crisp.told is not None:
        same += faithful.told.state_dict().items()
        other += crisp.told.state_dict().values()
    if not all(torch.equal(value, found) for (_, value), found in zip(same, other, strict=True)):
        raise ValueError("the two looks differ in gauge or head: one must be started from the other")
    joined = copy.deepcopy(faithful)
    joined.looks, joined.experts = 2, faithful.experts + crisp.experts
    for conv, addition in zip(joined.mixed(), crisp.mixed(), strict=True):
        conv.weight = nn.Parameter(torch.cat([conv.weight, addition.weight]))
        conv.bias = nn.Parameter(torch.cat([conv.bias, addition.bias]))
    return joined
