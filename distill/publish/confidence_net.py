"""The networks of a file "confidence": from figures of a picture and its residual to shares of the looks."""

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

    def __init__(self, one: nn.Module, other: nn.Module) -> None:
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


def read_confidence(content: bytes, looks: int) -> ConfidenceNet:
    """The network of a file "confidence" with so many looks. Raises ModelError if it is another one."""
    net = ConfidenceNet(looks)
    tensors = onnx.load_from_string(content).graph.initializer
    found = {each.name: torch.from_numpy(numpy_helper.to_array(each).copy()) for each in tensors}
    try:
        net.load_state_dict({"lean": torch.zeros(looks)} | found)  # files of before have none
    except RuntimeError as error:
        reason = " ".join(str(error).split())
        raise ModelError(
            f"the file is not one network's confidence in {looks} looks: {reason}; "
            "fit it again: python -m distill confidence"
        ) from None
    return net.eval()
