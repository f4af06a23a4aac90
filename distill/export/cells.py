"""The ONNX files of a shipped student: int8 and fp32 behind one contract, and its gauge."""

import numpy as np
import onnx
import torch
from torch import Tensor, nn

from distill.export.integer import integer_graph
from distill.export.trace import as_plain, finish, open_tensor, to_onnx
from distill.networks.condnet import CondNet, Gauge, told_cells
from vcam.errors import ModelError
from vcam.frame import Plane
from vcam.manifest import MIXTURE
from vcam.restore import CPU_PROVIDER, ZERO_RESIDUAL, Cells, to_cells, to_strips
from vcam.restore.engine import open_session
from vcam.restore.fusion import CONTEXT

# RMS in code values, 0.29 of it by rounding; for shares: float32 sums in another order
PARITY_LIMIT = {"fp32": 0.35, "int8": 0.45, "gauge": 1e-3}


class _Shipped(nn.Module):
    """The fp32 file's graph: from uint8 cells and the mixture to a uint8 residual."""

    def __init__(self, student: CondNet) -> None:
        super().__init__()
        plain = as_plain(student)
        assert isinstance(plain, CondNet)
        self.student = plain

    def forward(self, cells: Tensor, mixture: Tensor) -> Tensor:
        residual = self.student.residual_cells(_centred(cells), mixture) * 255  # (1, cell*cell, h, w)
        code_values = torch.round(residual + ZERO_RESIDUAL).clamp(0, 255)
        return code_values.permute(0, 2, 3, 1).to(torch.uint8)


class _ShippedGauge(nn.Module):
    """The gauge file's graph: from all strips of a picture, (N, 3, w, cell*cell) uint8, to one mixture."""

    def __init__(self, gauge: Gauge) -> None:
        super().__init__()
        plain = as_plain(gauge)
        assert isinstance(plain, Gauge)
        self.gauge = plain

    def forward(self, strips: Tensor) -> Tensor:
        energies = self.gauge.energies(_centred(strips))  # (N, GAUGE_CHANNELS)
        return self.gauge.judge(energies.mean(0, keepdim=True))  # (1, experts)


def _centred(cells: Tensor) -> Tensor:
    """uint8 cells (N, h, w, C) as input of the networks, (N, C, h, w) around 0."""
    return ((cells.to(torch.float32) - ZERO_RESIDUAL) / 255).permute(0, 3, 1, 2)


def channels_of(student: CondNet) -> int:
    """Number of channels of a cell in the camera: its luma, then fusion's age and noise."""
    return student.cell**2 + (CONTEXT if student.told is not None else 0)


@torch.no_grad()
def export_fp32(student: CondNet, metadata: dict[str, str]) -> bytes:
    """The fp32 file, for GPUs. `metadata` is written into it."""
    cells = torch.zeros(1, 8, 8, channels_of(student), dtype=torch.uint8)
    mixture = torch.full((1, student.experts), 1 / student.experts)
    axes = {1: "rows", 2: "columns"}
    inputs = {"cells": cells, MIXTURE: mixture}
    model = to_onnx(_Shipped(student), inputs, "residual", {"cells": axes, "residual": axes})
    _leave_open(model, student.experts)
    return finish(model, metadata)


def export_int8(student: CondNet, metadata: dict[str, str]) -> bytes:
    """The int8 file, for CPUs: activations uint8, weights int8 per channel in 7 bits.

    Seven bits, because x86 without VNNI adds two 8-bit products in 16 bits and would overflow. There is no
    calibration: a student is trained on the quantisation grids that it ships with.
    """
    return finish(integer_graph(student), metadata)


@torch.no_grad()
def export_gauge(student: CondNet, metadata: dict[str, str]) -> bytes:
    """The gauge's file, fp32: it runs twice a second."""
    strips = torch.zeros(2, 3, 8, student.cell**2, dtype=torch.uint8)
    axes = {0: "strips", 2: "columns"}
    model = to_onnx(_ShippedGauge(student.gauge), {"strips": strips}, "shares", {"strips": axes})
    return finish(model, metadata)


def _leave_open(model: onnx.ModelProto, experts: int) -> None:
    """Turn the input `mixture` into an initialiser whose values are not in the file."""
    graph = model.graph
    graph.input.remove(next(tensor for tensor in graph.input if tensor.name == MIXTURE))
    graph.initializer.append(open_tensor(MIXTURE, (1, experts)))


@torch.no_grad()
def check_parity(
    student: CondNet, contents: dict[str, bytes], picture: Plane, context: np.ndarray | None = None
) -> dict[str, float]:
    """Compare each exported file, run by ONNX Runtime, with torch on one (S, S) picture.

    context     (2, S, S) planes of age and noise, for a student with fusion's context

    Returns the RMS difference in code values by precision, and the largest difference of the gauge's shares.
    Raises ModelError if one is too large to be rounding.
    """
    luma = to_cells(picture, student.cell)
    shares = _ShippedGauge(student.gauge)(torch.from_numpy(to_strips(luma)))
    cells = luma if context is None else np.concatenate([luma, _told(context, student.cell)], axis=-1)
    mixture = student.shares_of_look(shares)
    expected = {
        "gauge": shares[0].numpy(),
        "residual": student.residual_cells(_centred(torch.from_numpy(cells)), mixture).numpy() * 255,
    }
    shown = (cells, mixture.numpy())
    found = {name: _differ(name, content, *shown, expected) for name, content in contents.items()}
    for name, difference in found.items():
        if difference > PARITY_LIMIT[name]:
            raise ModelError(
                f"the {name} file differs from torch by {difference:.2g}, "
                f"expected at most {PARITY_LIMIT[name]}; try another ONNX Runtime"
            )
    return found


def _told(context: np.ndarray, cell: int) -> Cells:
    """Context planes (2, S, S) as the camera encodes them, (1, h, w, 4) uint8."""
    planes = torch.from_numpy(np.ascontiguousarray(context))[None].float() / 255
    told = (told_cells(planes, cell) * 255).round() + ZERO_RESIDUAL
    return told.permute(0, 2, 3, 1).to(torch.uint8).numpy()


def _differ(
    name: str, content: bytes, cells: Cells, mixture: np.ndarray, expected: dict[str, np.ndarray]
) -> float:
    """Difference of a file from torch: RMS in code values, or the largest difference of a gauge's share."""
    if name == "gauge":
        session = open_session(content, name, 1, [CPU_PROVIDER])
        luma = cells[..., : expected["residual"].shape[1]]
        return float(np.abs(session.run(None, {"strips": to_strips(luma)})[0][0] - expected["gauge"]).max())
    session = open_session(content, name, 1, [CPU_PROVIDER], {MIXTURE: mixture})
    residual = session.run(None, {"cells": cells})[0].astype(np.float32) - ZERO_RESIDUAL
    difference = residual.transpose(0, 3, 1, 2) - expected["residual"].clip(-128, 127)
    return float(np.sqrt(np.mean(difference**2)))
