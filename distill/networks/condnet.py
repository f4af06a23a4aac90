"""CondNet: the shipped student. Its weights are mixed for the damage at hand, its roundings are int8's."""

import copy

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from distill.networks.cells import RESIDUAL_UNIT, WhitenedConv, add_residual, to_cells

HEAD_GAIN = 4.0  # of whitened patches: fine detail fills the range, strong edges saturate
FEATURE_LEVELS = 127  # of a feature in 0..1: uint8 with its zero at 128
WEIGHT_LEVELS = 64  # of a weight in 0..its row's largest: 7 bits, see distill.quantise
STREAM_LIMIT = 4.0  # where the sum of the blocks saturates
LEAST_WEIGHT = 1e-3  # a row of smaller ones has a grid so fine that its bias would not fit into int32
GAUGE_CHANNELS = 24
GAUGE_HIDDEN = 32
GAUGE_FLOOR = 1e-3  # energy of a whitened response under which it counts as silence
EXPERT_SPREAD = 0.3  # how far the experts start from each other, in units of a convolution's usual start


class CondNet(nn.Module):
    """Restore an upscaled luma plane with weights that depend on how it was damaged.

    cell      side of the square cells that become channels, in pixels; H and W must be multiples of it
    channels  features a cell
    depth     residual blocks between head and tail, one 3x3 convolution each
    experts   sets of weights that are mixed

    A gauge reads the local energies of the picture and answers with a share for each expert; all convolutions
    but the head are the experts' mean by these shares (Yang et al. 2019, arXiv:1904.04971). A damage lasts:
    at run time the shares are measured now and then, and a frame costs as much as without experts.

    All activations saturate at a fixed value, so that quantisation needs no calibration, and saturation costs
    nothing in int8. It is also what makes the network learn: a plain one of ReLUs gained 0.11 dB where this
    one gains 0.32, after the same 1,000 iterations (distill/LOG.md).
    """

    colour = "luma"
    frames = 1

    def __init__(self, cell: int = 4, channels: int = 16, depth: int = 3, experts: int = 8) -> None:
        super().__init__()
        self.cell = self.multiple = cell
        self.experts = experts
        self.gauge = Gauge(cell * cell, experts)
        self.head = WhitenedConv(cell * cell, channels)
        self.body = Body(MixedConv(channels, channels, experts) for _ in range(depth))
        self.tail = MixedConv(channels, cell * cell, experts, RESIDUAL_UNIT)

    def whiten(self, seen: Tensor) -> None:
        """Set the whitening of head and gauge from sample pictures (B, 1, H, W) in 0..1."""
        cells = to_cells(seen, self.cell)
        self.head.whiten(cells)
        self.gauge.whiten(cells)

    def forward(self, seen: Tensor) -> Tensor:
        """seen (B, 1, H, W) in 0..1, already of the output size; returns it restored, same shape."""
        cells = to_cells(seen, self.cell)  # (B, cell*cell, H/cell, W/cell)
        return add_residual(seen, self.residual_cells(cells, self.gauge(cells)), self.cell)

    def residual_cells(self, cells: Tensor, shares: Tensor) -> Tensor:
        """The residual of cells less mid-grey (B, cell*cell, h, w) by shares (B, experts); same shape."""
        stream = saturate(self.head(cells) * HEAD_GAIN)  # (B, channels, h, w)
        residual: Tensor = self.tail(self.body(stream, shares), shares)  # (B, cell*cell, h, w)
        return residual

    def mixed(self) -> list["MixedConv"]:
        """The convolutions that experts mix, in order."""
        return [module for module in self.modules() if isinstance(module, MixedConv)]

    @property
    def reach(self) -> int:
        """Cells around one that its residual depends on: one for each 3x3 convolution."""
        return 1 + len(self.mixed())


class Body(nn.ModuleList):
    """Residual blocks, (B, channels, h, w) and shares (B, experts) to (B, channels, h, w)."""

    def forward(self, stream: Tensor, shares: Tensor) -> Tensor:
        for conv in self:
            stream = saturate(stream + saturate(conv(stream, shares)), STREAM_LIMIT)
        return stream


class Gauge(nn.Module):
    """How a picture was damaged, as a share for each expert: cells (B, C, h, w) to (B, experts), sums of 1.

    It sees the mean logarithm of the energies of whitened 3x3 patches: a local spectrum, which blur,
    scaling, noise and quantisation each bend in their own way. A mean does not depend on the picture's size.
    """

    def __init__(self, inputs: int, experts: int) -> None:
        super().__init__()
        self.conv = WhitenedConv(inputs, GAUGE_CHANNELS)
        self.hidden = nn.Linear(GAUGE_CHANNELS, GAUGE_HIDDEN)
        self.shares = nn.Linear(GAUGE_HIDDEN, experts)

    def whiten(self, cells: Tensor) -> None:
        """Set the whitening from sample cells (B, C, h, w)."""
        self.conv.whiten(cells)

    def forward(self, cells: Tensor) -> Tensor:
        return self.judge(self.energies(cells))

    def energies(self, cells: Tensor) -> Tensor:
        """Mean log energy of each response: cells less mid-grey (B, C, h, w) to (B, GAUGE_CHANNELS)."""
        return log_energies(cells, self.conv.folded_weight(), self.conv.bias)

    def judge(self, energies: Tensor) -> Tensor:
        """Shares (B, experts) by energies (B, GAUGE_CHANNELS)."""
        return torch.softmax(self.shares(F.relu(self.hidden(energies))), dim=1)


def log_energies(cells: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """Mean logarithm of the squared responses of cells (B, C, h, w) to 3x3 filters (N, C, 3, 3), (B, N).

    Without padding: strips of three rows give what those rows of the whole picture give.
    """
    responses = F.conv2d(cells, weight, bias)  # (B, N, h-2, w-2)
    return torch.log(responses.square() + GAUGE_FLOOR).mean((2, 3))


class MixedConv(nn.Module):
    """A 3x3 convolution whose weights are the experts' mean, (B, inputs, h, w) to (B, outputs, h, w).

    unit  what a weight of 1 stands for
    """

    def __init__(self, inputs: int, outputs: int, experts: int, unit: float = 1.0) -> None:
        super().__init__()
        self.unit = unit
        starts = [nn.Conv2d(inputs, outputs, 3) for _ in range(experts)]
        assert starts[0].bias is not None
        weights = [start.weight.detach() for start in starts]
        spread = [weights[0], *(weights[0] + EXPERT_SPREAD * other for other in weights[1:])]
        self.weight = nn.Parameter(torch.stack(spread))  # (experts, outputs, inputs, 3, 3)
        self.bias = nn.Parameter(starts[0].bias.detach().repeat(experts, 1))  # (experts, outputs)

    @property
    def macs(self) -> int:
        """Multiply-accumulates for one place of its output."""
        return self.weight[0].numel()

    def weight_step(self) -> Tensor:
        """The distance of the grid that weights are rounded to, (outputs, 1, 1, 1): the experts share it."""
        largest = self.weight.detach().abs().amax((0, 2, 3, 4), keepdim=True)[0]
        return largest.clamp(min=LEAST_WEIGHT) / WEIGHT_LEVELS

    def grid_weight(self) -> Tensor:
        """The experts' weights as whole numbers of `weight_step`, (experts, outputs, inputs, 3, 3)."""
        return round_through(self.weight / self.weight_step())

    def forward(self, inputs: Tensor, shares: Tensor) -> Tensor:
        batch, channels, height, width = inputs.shape
        mixed = torch.einsum("bk,koiyx->boiyx", shares, self.grid_weight())
        weight = (round_through(mixed) * self.weight_step() * self.unit).flatten(0, 1)
        bias = (shares @ self.bias * self.unit).flatten()  # (B*outputs,)
        # one group a sample: each has weights of its own
        groups = inputs.reshape(1, batch * channels, height, width)
        return F.conv2d(groups, weight, bias, padding=1, groups=batch).view(batch, -1, height, width)


def saturate(features: Tensor, limit: float = 1.0) -> Tensor:
    """Clip to -limit..limit and round to the uint8 grid that the shipped network has."""
    step = limit / FEATURE_LEVELS
    return round_through(F.hardtanh(features, -limit, limit) / step) * step


def round_through(values: Tensor) -> Tensor:
    """Round; the gradient passes as if nothing had been (Bengio et al. 2013, arXiv:1308.3432)."""
    if not torch.is_grad_enabled():
        return values.round()
    return values + (values.round() - values).detach()


@torch.no_grad()
def join_looks(faithful: CondNet, crisp: CondNet) -> CondNet:
    """One network with the experts of both: shares are the faithful ones', then the crisp ones'.

    Raises ValueError unless both have the same gauge and head, as one has that was started from the other.
    """
    same = [*faithful.gauge.state_dict().items(), *faithful.head.state_dict().items()]
    other = [*crisp.gauge.state_dict().values(), *crisp.head.state_dict().values()]
    if not all(torch.equal(value, found) for (_, value), found in zip(same, other, strict=True)):
        raise ValueError("the two looks have another gauge or head: one must be started from the other")
    joined = copy.deepcopy(faithful)
    joined.experts = faithful.experts + crisp.experts
    for conv, addition in zip(joined.mixed(), crisp.mixed(), strict=True):
        conv.weight = nn.Parameter(torch.cat([conv.weight, addition.weight]))
        conv.bias = nn.Parameter(torch.cat([conv.bias, addition.bias]))
    return joined
