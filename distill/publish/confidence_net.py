"""The networks of a file "confidence": from figures of a picture and its residual to shares of the looks."""

import re
from collections import defaultdict

import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from distill.export.trace import finish, to_onnx
from vcam.errors import ModelError
from vcam.restore.confidence import FIGURES

MEMBERS = 4  # networks whose mean it is: one alone is off by 0.1 dB here and there
HIDDEN = (48, 24)
FARTHEST = 4.0  # standard deviations of a figure: beyond, it counts as this far
OVERSHOOT = 0.125  # of the sigmoid, so that the confidence reaches 0 and 1
TENSOR = re.compile(r"(|.*\.)(lean|mean|spread|members\..*)")  # in a file: the network's place, its own name


class ConfidenceNet(nn.Module):
    """From figures (N, FIGURES) to the confidence in each look, (N, looks) in 0..1."""

    mean: Tensor
    spread: Tensor
    lean: Tensor  # (looks,): by how much less is added of what is neither all nor nothing, 0..1

    def __init__(self, looks: int) -> None:
        super().__init__()
        self.register_buffer("lean", torch.zeros(looks))
        self.register_buffer("mean", torch.zeros(FIGURES))
        self.register_buffer("spread", torch.ones(FIGURES))
        self.members = nn.ModuleList(_member(looks) for _ in range(MEMBERS))

    @torch.no_grad()
    def take_in(self, figures: Tensor) -> None:
        """Set the normalisation from sample figures (N, FIGURES)."""
        self.mean.copy_(figures.mean(0))
        self.spread.copy_(figures.std(0) + 1e-3)

    def forward(self, figures: Tensor) -> Tensor:
        seen = ((figures - self.mean) / self.spread).clamp(-FARTHEST, FARTHEST)
        each = torch.stack([torch.sigmoid(member(seen)) for member in self.members], 1)
        if self.training:  # each sample is one member's: they must not lean on each other
            chosen = torch.arange(len(figures)) % MEMBERS
            mean = each[torch.arange(len(figures)), chosen]
        else:
            mean = each.mean(1)
        share = ((1 + 2 * OVERSHOOT) * mean - OVERSHOOT).clamp(0, 1)
        return share - self.lean * share * (1 - share)


class CarefulNet(nn.Module):
    """The square of the lower of two confidences in each look.

    Each has been fitted to scenes that the other has not seen. Where it is neither all nor nothing, half as
    much of a residual that helps still helps, and of one that harms it harms little.
    """

    def __init__(self, one: ConfidenceNet, other: ConfidenceNet) -> None:
        """The confidence of the model that its own has grown from, and the one fitted to its own."""
        super().__init__()
        self.one, self.other = one, other

    def forward(self, figures: Tensor) -> Tensor:
        return torch.minimum(self.one(figures), self.other(figures)).square()


def _member(looks: int) -> nn.Module:
    first, second = HIDDEN
    last = nn.Linear(second, looks)
    nn.init.ones_(last.bias)
    hidden = [nn.Linear(FIGURES, first), nn.ReLU(), nn.Dropout(0.1), nn.Linear(first, second), nn.ReLU()]
    return nn.Sequential(*hidden, last)


@torch.no_grad()
def export(net: nn.Module, metadata: dict[str, str]) -> bytes:
    """The file: input `figures` (1, FIGURES) float32, output `confidence` (1, looks)."""
    return finish(to_onnx(net, {"figures": torch.zeros(1, FIGURES)}, "confidence", {}), metadata)


def set_lean(net: nn.Module, lean: float) -> None:
    """Let a confidence, or both of a CarefulNet, lean so much in the faithful look, 0..1."""
    for part in net.modules():
        if isinstance(part, ConfidenceNet):
            part.lean[0] = lean


def read_confidence(content: bytes, looks: int) -> ConfidenceNet | CarefulNet:
    """What a file "confidence" with so many looks was exported from: one network, or a CarefulNet of two.

    Raises ModelError if it is of something else.
    """
    try:
        nets = [_refill(tensors, looks) for tensors in _read_networks(content)]
    except RuntimeError:
        nets = []
    if len(nets) == 1:
        return nets[0].eval()
    if len(nets) == 2:
        return CarefulNet(*nets).eval()
    raise ModelError(
        f"the file does not hold one or two networks' confidence in {looks} looks; "
        "fit it again: python -m distill confidence"
    )


def _refill(tensors: dict[str, Tensor], looks: int) -> ConfidenceNet:
    net = ConfidenceNet(looks)
    net.load_state_dict({"lean": torch.zeros(looks)} | tensors)  # files of before have none
    return net


def _read_networks(content: bytes) -> list[dict[str, Tensor]]:
    """The tensors by name of each network in a file, in their order."""
    graph = onnx.load_from_string(content).graph
    found = {each.name: torch.from_numpy(numpy_helper.to_array(each).copy()) for each in graph.initializer}
    for node in graph.node:  # of equal tensors one is in the file, and the others are its copies
        if node.op_type == "Identity" and node.input[0] in found:
            found[node.output[0]] = found[node.input[0]]
    networks: dict[str, dict[str, Tensor]] = defaultdict(dict)
    for name, value in found.items():
        if match := TENSOR.fullmatch(name):
            networks[match[1]][match[2]] = value
    return list(networks.values())
