"""The two ONNX files of a shipped student: fp32 and int8, behind the one contract of vcam.restore."""

import contextlib
import io
import logging
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import helper
from onnxruntime import InferenceSession
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)
from torch import Tensor, nn

from distill.data.pack import Clips
from distill.export.trace import finish, to_onnx
from distill.networks.cellnet import CellNet
from distill.quantise import snap_to_grid
from vcam.errors import ModelError
from vcam.frame import Plane
from vcam.restore import ZERO_RESIDUAL, from_cells, to_cells

CALIBRATION_PICTURES = 48
CALIBRATION_PERCENTILE = 99.99  # the very largest features are rare: making room for them cost 0.022 dB
PARITY_LIMIT = {"fp32": 0.35, "int8": 1.0}  # rounding to code values alone is 0.29


class _Shipped(nn.Module):
    """A folded student behind the contract of vcam.manifest.ModelSpec: uint8 cells in, uint8 residual out."""

    def __init__(self, core: nn.Module) -> None:
        super().__init__()
        self.core = core

    def forward(self, cells: Tensor) -> Tensor:
        centred = (cells.to(torch.float32) - ZERO_RESIDUAL) / 255  # (1, h, w, cell*cell)
        residual = self.core(centred.permute(0, 3, 1, 2)) * 255  # (1, cell*cell, h, w)
        code_values = torch.round(residual + ZERO_RESIDUAL).clamp(0, 255)
        return code_values.permute(0, 2, 3, 1).to(torch.uint8)


def export_fp32(student: CellNet, metadata: dict[str, str]) -> bytes:
    """The fp32 file, for GPUs. `metadata` is written into it."""
    cells = torch.zeros(1, 8, 8, student.cell**2, dtype=torch.uint8)
    model = to_onnx(_Shipped(student.folded()), cells, "cells", "residual", {1: "rows", 2: "columns"})
    return finish(model, metadata)


def export_int8(student: CellNet, calibration: Clips, metadata: dict[str, str]) -> bytes:
    """The int8 file, for CPUs: static QDQ, activations uint8, weights int8 per channel in 7 bits.

    calibration   (N, T, 2, 1, S, S) uint8 clips; the degraded side of their middle frames sets the ranges of
                  the activations

    Seven bits, because x86 without VNNI adds two 8-bit products in 16 bits and would overflow.
    """
    plain = student.folded()
    head = plain[0]
    assert isinstance(head, nn.Conv2d)
    snapped = snap_to_grid(head.weight.detach().flatten(1), student.head.second_moment())
    head.weight.data.copy_(snapped.view_as(head.weight))
    dummy = torch.zeros(1, student.cell**2, 8, 8)
    core = to_onnx(plain, dummy, "centred", "correction", {2: "rows", 3: "columns"})
    one_code_value = {
        "scale": np.array(1 / 255, np.float32),
        "zero_point": np.array(ZERO_RESIDUAL, np.uint8),
    }
    with tempfile.TemporaryDirectory() as folder, _quiet_quantiser():
        source, target = Path(folder, "core.onnx"), Path(folder, "int8.onnx")
        onnx.save(core, source)
        quantize_static(
            source,
            target,
            _Calibration(calibration, student.cell),
            quant_format=QuantFormat.QDQ,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            per_channel=True,
            reduce_range=True,
            calibrate_method=CalibrationMethod.Percentile,
            extra_options={
                "CalibPercentile": CALIBRATION_PERCENTILE,
                "TensorQuantOverrides": {"centred": [one_code_value], "correction": [one_code_value]},
            },
        )
        model = onnx.load(target)
    _graft_uint8_ends(model, student.cell)
    return finish(model, metadata)


class _Calibration(CalibrationDataReader):
    """Hands the quantiser one degraded picture after another."""

    def __init__(self, clips: Clips, cell: int) -> None:
        self._inputs = self._prepare(clips[:CALIBRATION_PICTURES], cell)

    @staticmethod
    def _prepare(clips: Clips, cell: int) -> Iterator[dict[str, np.ndarray]]:
        for seen in clips[:, clips.shape[1] // 2, 0, 0]:
            centred = (to_cells(seen, cell).astype(np.float32) - ZERO_RESIDUAL) / 255
            yield {"centred": np.ascontiguousarray(centred.transpose(0, 3, 1, 2))}

    def get_next(self) -> dict[str, np.ndarray] | None:
        return next(self._inputs, None)


def _graft_uint8_ends(model: onnx.ModelProto, cell: int) -> None:
    """Replace the first QuantizeLinear and the last DequantizeLinear by transposes of the uint8 contract.

    ONNX Runtime's own layout change cancels both: the shipped graph runs as convolutions alone.
    """
    graph = model.graph
    first = next(node for node in graph.node if node.input[0] == "centred")
    last = next(node for node in graph.node if node.output[0] == "correction")
    assert (first.op_type, last.op_type) == ("QuantizeLinear", "DequantizeLinear")
    graph.node.remove(first)
    graph.node.remove(last)
    graph.node.insert(0, helper.make_node("Transpose", ["cells"], [first.output[0]], perm=[0, 3, 1, 2]))
    graph.node.append(helper.make_node("Transpose", [last.input[0]], ["residual"], perm=[0, 2, 3, 1]))
    shape: list[str | int | None] = [1, "rows", "columns", cell**2]
    del graph.input[:], graph.output[:], graph.value_info[:]
    graph.input.append(helper.make_tensor_value_info("cells", onnx.TensorProto.UINT8, shape))
    graph.output.append(helper.make_tensor_value_info("residual", onnx.TensorProto.UINT8, shape))


@torch.no_grad()
def check_parity(student: CellNet, contents: dict[str, bytes], picture: Plane) -> dict[str, float]:
    """Compare each exported file, run by ONNX Runtime, with torch on one (S, S) picture.

    Returns the root mean square of the differences in code values, by precision. Raises ModelError if fp32
    differs by more than rounding, or int8 by more than its quantisation may cost.
    """
    seen = torch.from_numpy(picture).float()[None, None] / 255
    expected = (student(seen) - seen)[0, 0].numpy() * 255
    cells = to_cells(picture, student.cell)
    size = (picture.shape[1], picture.shape[0])
    found = {}
    for precision, content in contents.items():
        session = InferenceSession(content, providers=["CPUExecutionProvider"])
        residual = from_cells(session.run(None, {"cells": cells})[0], student.cell, size)
        difference = residual.astype(np.float32) - ZERO_RESIDUAL - expected.clip(-128, 127)
        found[precision] = float(np.sqrt(np.mean(difference**2)))
        if found[precision] > PARITY_LIMIT[precision]:
            raise ModelError(
                f"the {precision} file differs from torch by {found[precision]:.2f} code values rms, "
                f"expected at most {PARITY_LIMIT[precision]}; try another ONNX Runtime"
            )
    return found


@contextlib.contextmanager
def _quiet_quantiser() -> Iterator[None]:
    """Hold back what the quantiser prints, and its advice on graphs with batch normalisation."""
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.ERROR)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        root.setLevel(level)
