"""The ONNX file of a recipe's network: float pictures in and out, at full resolution."""

from collections.abc import Mapping

import numpy as np
import torch
from onnxruntime import InferenceSession
from torch import Tensor, nn

from distill.export.trace import as_plain, finish, to_onnx
from distill.networks.contract import frames_of, inputs_of, planes_of, rounds
from vcam.errors import ModelError

PARITY_LIMIT = 2e-4  # of full scale: the largest difference from torch that fp32 rounding can cause
ROUNDED_LIMIT = 2e-3  # the same where features are rounded: half a code value
SIDE = 64  # of pictures for tracing and comparison


def export_picture(network: nn.Module, metadata: Mapping[str, str]) -> bytes:
    """Export a trained network and compare the file with torch.

    The file's input `seen` (1, frames*C + context, H, W) and output `restored` (1, C, H, W) are float32 in
    0..1; its metadata say `colour`, `frames` and `multiple` besides what is given. Raises ModelError if the
    outputs of ONNX Runtime and torch differ.
    """
    network = network.cpu().eval()
    frames = frames_of(network)
    seen = _example(network, SIDE, SIDE, seed=0)
    described = {"colour": str(network.colour), "frames": str(frames), "multiple": str(network.multiple)}
    axes = {2: "height", 3: "width"}
    model = to_onnx(as_plain(network), {"seen": seen}, "restored", {"seen": axes, "restored": axes})
    content = finish(model, dict(metadata) | described)
    _check_parity(network, content)
    return content


def _example(network: nn.Module, height: int, width: int, seed: int) -> Tensor:
    """A picture (1, inputs, H, W) for tracing or comparison; its context is zero."""
    seen = torch.rand(1, inputs_of(network), height, width, generator=torch.Generator().manual_seed(seed))
    seen[:, frames_of(network) * planes_of(network) :] = 0
    return seen


@torch.no_grad()
def _check_parity(network: nn.Module, content: bytes) -> None:
    """Compare file and torch on a picture of another size than the traced one."""
    size = (2 * SIDE, SIDE)
    seen = _example(network, *size, seed=1)
    session = InferenceSession(content, providers=["CPUExecutionProvider"])
    (restored,) = session.run(None, {"seen": seen.numpy()})
    difference = float(np.abs(restored - network(seen).numpy()).max())
    limit = ROUNDED_LIMIT if rounds(network) else PARITY_LIMIT
    if not difference <= limit:
        raise ModelError(
            f"the exported file differs from torch by {difference:.2g} of full scale, expected at most "
            f"{limit:g}; try another ONNX Runtime"
        )
